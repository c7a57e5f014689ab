//! From a file to a scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::build::{self, Sections};
use super::diagnostic::{Diagnostic, Diagnostics};
use super::expand::{self, Row};
use super::model::Scenario;
use super::node::{Entry, Node, Yaml};
use super::reader::{Fields, Reader};
use super::scalars::ANY;
use super::source::{At, Source, Span};
use super::variables::Variables;
use super::yaml;

/// The version of the format that is read.
const VERSION: i64 = 1;

/// The keys of a scenario.
const KEYS: [&str; 13] = [
    "version",
    "name",
    "description",
    "tags",
    "timeout",
    "time",
    "requires",
    "let",
    "sandbox",
    "files",
    "cases",
    "matrix",
    "steps",
];

/// The JSON Schema (draft 7) of the format, for editors. It is made of the
/// tables that files are read with. What it lets through may still be wrong:
/// it knows nothing of the order of steps, and takes any text with a variable
/// for any value.
pub fn schema() -> serde_json::Value {
    build::schema(&KEYS, VERSION)
}

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
    parse(id, &text, dir)
}

/// Reads the text of a scenario file that lies in the folder `dir`.
///
/// # Errors
/// Every mistake in it.
pub fn parse(id: &str, text: &str, dir: &Path) -> Result<Scenario, Diagnostics> {
    let source = Arc::new(Source {
        name: id.to_owned(),
        text: text.trim_start_matches('\u{feff}').to_owned(),
    });
    let reader = Reader::default();
    let scenario = match yaml::parse(&source.text) {
        Ok(node) => scenario(&reader, &source, dir, &node),
        Err(mistakes) => {
            mistakes
                .into_iter()
                .for_each(|mistake| reader.push(mistake));
            None
        }
    };
    let mistakes = reader.finish();
    match scenario {
        Some(scenario) if mistakes.is_empty() => Ok(scenario),
        _ => Err(Diagnostics {
            source,
            mistakes,
            unreadable: None,
        }),
    }
}

fn scenario(reader: &Reader, source: &Arc<Source>, dir: &Path, node: &Node) -> Option<Scenario> {
    // What belongs to the whole file is reported at its first character.
    let start = Span {
        start: node.span.start,
        end: (node.span.start + 1).min(source.text.len()),
    };
    let owner = At::new("a scenario".to_owned(), start);
    if node.yaml == Yaml::Null {
        let empty = Diagnostic::new(start, "the file is empty", "nothing in it");
        reader.push(empty.help("begin with `version: 1` and `steps:`"));
        return None;
    }
    if !matches!(node.yaml, Yaml::Map(_)) {
        let title = "a scenario is a map of `version`, `steps` and more";
        reader.push(Diagnostic::new(
            start,
            title,
            format!("this is {}", node.kind()),
        ));
        return None;
    }
    version(reader, node, start)?;
    let top = reader.fields(node, &owner, &KEYS)?;
    let text = |key: &str| {
        top.get(key)
            .and_then(|node| reader.some_text(node, &format!("`{key}`")))
    };
    let (name, description) = (text("name"), text("description"));
    if top.entry("steps").is_none() {
        let missing = Diagnostic::new(start, "a scenario needs `steps`", "it has none");
        reader.push(missing.help("add `steps:` and a `launch`"));
    }
    let rows = expand::rows(reader, &top);
    let sections = Sections {
        tags: top.entry("tags"),
        timeout: top.entry("timeout"),
        time: top.entry("time"),
        requires: top.entry("requires"),
        sandbox: top.entry("sandbox"),
        files: top.entry("files"),
        steps: top.entry("steps")?,
    };
    let ids = build::declared(&sections.steps.value);
    let constants = constants(reader, &top);
    let mut used = BTreeSet::new();
    let mut cases = Vec::new();
    for row in &rows {
        let variables = variables(reader, source, dir, &ids, constants, row);
        let (case, these) = build::case(reader, source, dir, &ids, &sections, row, variables);
        used.extend(these);
        cases.push(case);
    }
    unused(reader, constants, &rows, &used);
    Some(Scenario {
        source: Arc::clone(source),
        name,
        description,
        cases,
    })
}

/// The version comes first: of another one, nothing else is known.
fn version(reader: &Reader, node: &Node, start: Span) -> Option<()> {
    let Some(entry) = node.get("version") else {
        let missing = Diagnostic::new(start, "a scenario needs `version`", "it has none");
        reader.push(missing.help(format!("begin with `version: {VERSION}`")));
        return Some(());
    };
    let version = reader.int(&entry.value, "`version`", ANY)?;
    if version != VERSION {
        reader.push(
            Diagnostic::new(
                entry.value.span,
                format!("this is version {version} of the format"),
                format!("version {VERSION} is the one that is read"),
            )
            .help("use a newer daemonlab, or rewrite the file"),
        );
        return None;
    }
    Some(())
}

/// `let`.
fn constants<'n>(reader: &Reader, top: &Fields<'n>) -> &'n [Entry] {
    let Some(entry) = top.entry("let") else {
        return &[];
    };
    if reader.open_fields(&entry.value, &entry.key).is_none() {
        return &[];
    }
    for constant in entry.value.entries() {
        expand::variable_name(reader, constant, "let");
    }
    entry.value.entries()
}

/// The variables of a case: `let`, then what its row says over it.
fn variables<'a>(
    reader: &'a Reader,
    source: &'a Source,
    dir: &Path,
    ids: &'a BTreeMap<String, Span>,
    constants: &[Entry],
    row: &Row,
) -> Variables<'a> {
    let mut variables = Variables::new(source, reader, ids);
    let dir = Yaml::Text(dir.to_string_lossy().into_owned());
    variables.set("scenario.dir", Node::new(dir, Span::default()));
    for entry in constants.iter().chain(&row.values) {
        variables.set(entry.key.value.as_str(), entry.value.clone());
    }
    variables
}

/// A variable that nothing uses is a slip, or a test of nothing.
fn unused(reader: &Reader, constants: &[Entry], rows: &[Row], used: &BTreeSet<String>) {
    let of_rows = rows.iter().flat_map(|row| &row.values);
    let mut seen = BTreeSet::new();
    for entry in constants.iter().chain(of_rows) {
        let name = entry.key.value.as_str();
        let reported = expand::RESERVED.contains(&name);
        if name != "name" && !reported && !used.contains(name) && seen.insert(name) {
            reader.push(
                Diagnostic::new(
                    entry.key.span,
                    format!("`{name}` is never used"),
                    "unused variable",
                )
                .help(format!("use it as `${{{name}}}`, or take it out")),
            );
        }
    }
}
