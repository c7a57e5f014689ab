//! What is said on stderr.

use std::fmt::Display;
use std::path::Path;

use super::retry::write_all;
use crate::sys::System;

/// Writes `program: text` and a newline to stderr.
pub(super) fn say<S: System>(sys: &S, text: impl Display) {
    let args = sys.args();
    let program = args
        .first()
        .and_then(|name| Path::new(name).file_name())
        .map_or("daemon".into(), |name| name.to_string_lossy());
    // Where stderr does not take it there is nowhere left to say so; the exit
    // status still tells.
    let _ = write_all(sys, 2, format!("{program}: {text}\n").as_bytes());
}
