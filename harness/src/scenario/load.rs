//! From a file to a scenario.

use std::path::Path;
use std::sync::Arc;

use super::diagnostic::Diagnostics;
use super::model::Scenario;
use super::source::Source;

/// Reads a scenario file. `id` is what messages and test ids call it:
/// `scenarios/detach/session.yaml`.
///
/// # Errors
/// Every mistake in it, or why it cannot be read.
pub fn load(path: &Path, id: &str) -> Result<Scenario, Diagnostics> {
    let unreadable = |why: String| Diagnostics {
        source: Arc::new(Source {
            name: id.to_owned(),
            text: String::new(),
        }),
        mistakes: Vec::new(),
        unreadable: Some(why),
    };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let path = std::path::absolute(path).map_err(|error| unreadable(error.to_string()))?;
    let dir = path.parent().unwrap_or(Path::new("/"));
    parse(id, text, dir)
}

/// Reads the text of a scenario file that lies in the folder `dir`.
///
/// # Errors
/// Every mistake in it.
pub fn parse(id: &str, text: String, _dir: &Path) -> Result<Scenario, Diagnostics> {
    Err(Diagnostics {
        source: Arc::new(Source {
            name: id.to_owned(),
            text,
        }),
        mistakes: Vec::new(),
        unreadable: Some("the reader of scenario files is being built".to_owned()),
    })
}
