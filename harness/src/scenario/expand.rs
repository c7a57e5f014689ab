//! `cases` and `matrix`: the rows of variables that a scenario is tried with.

use std::collections::BTreeMap;

use super::diagnostic::Diagnostic;
use super::node::{Entry, Node, Yaml};
use super::reader::{Fields, Reader};
use super::source::{At, Span};

/// Variables that no file can set.
pub(super) const RESERVED: [&str; 2] = ["target", "scenario"];

/// More cases than anybody reads is a slip.
const MAX_CASES: usize = 500;

/// The variables of one case.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// Its name and where it stands, if the scenario has cases.
    pub(super) name: Option<At<String>>,
    /// Its variables.
    pub(super) values: Vec<Entry>,
}

/// The rows of a scenario; one without a name if it has neither key.
pub(super) fn rows(reader: &Reader, top: &Fields<'_>) -> Vec<Row> {
    let cases = top.entry("cases").map(|entry| cases(reader, entry));
    let matrix = top.entry("matrix").map(|entry| matrix(reader, entry));
    let count = |rows: &Option<Vec<Row>>| rows.as_ref().map_or(1, Vec::len);
    let all = count(&cases).saturating_mul(count(&matrix));
    if all > MAX_CASES {
        let entry = top.entry("matrix").or(top.entry("cases"));
        reader.push(Diagnostic::new(
            entry.map_or(Span::default(), |entry| entry.key.span),
            format!("a scenario has at most {MAX_CASES} cases"),
            format!("this makes {all}"),
        ));
        return Vec::new();
    }
    let rows = match (cases, matrix) {
        (None, None) => return vec![Row::default()],
        (Some(cases), None) => cases,
        (None, Some(matrix)) => matrix,
        (Some(cases), Some(matrix)) => product(reader, &cases, &matrix),
    };
    unique(reader, rows)
}

fn cases(reader: &Reader, entry: &Entry) -> Vec<Row> {
    let Some(list) = reader.list(&entry.value, "`cases`") else {
        return Vec::new();
    };
    if list.is_empty() {
        let empty = Diagnostic::new(entry.value.span, "`cases` is empty", "nothing in it");
        reader.push(empty.help("add a row such as `{name: first, x: 1}`, or leave `cases` out"));
    }
    let owner = At::new("cases".to_owned(), entry.key.span);
    list.iter()
        .filter_map(|node| case(reader, node, &owner))
        .collect()
}

fn case(reader: &Reader, node: &Node, owner: &At<String>) -> Option<Row> {
    let row = At::new("a case".to_owned(), head(node.span));
    if !matches!(node.yaml, Yaml::Map(_)) {
        reader.unexpected(node, "a case", "a map of its name and its variables");
        return None;
    }
    let fields = reader.open_fields(node, &row)?;
    let name = fields.require(reader, "name")?;
    let text = reader.text(name, "the name of a case")?;
    case_name(reader, &text, name.span)?;
    let values: Vec<Entry> = node.entries().to_vec();
    for entry in &values {
        variable_name(reader, entry, &owner.value);
    }
    Some(Row {
        name: Some(At::new(text, name.span)),
        values,
    })
}

/// A case's name is part of a test's id.
fn case_name(reader: &Reader, name: &str, span: Span) -> Option<()> {
    let well_formed = |c: char| c.is_alphanumeric() || "-_.+=,/".contains(c);
    if name.is_empty() || !name.chars().all(well_formed) {
        reader.push(
            Diagnostic::new(span, format!("`{name}` is no name for a case"), "this one")
                .help("it becomes part of the test's id: use letters, digits, `-`, `_` and `.`"),
        );
        return None;
    }
    Some(())
}

/// Names that mean something else.
pub(super) fn variable_name(reader: &Reader, entry: &Entry, owner: &str) -> Option<()> {
    if RESERVED.contains(&entry.key.value.as_str()) {
        reader.push(
            Diagnostic::new(
                entry.key.span,
                format!("`{}` is set by daemonlab", entry.key.value),
                format!("`{owner}` cannot set it"),
            )
            .help("choose another name"),
        );
        return None;
    }
    reader.name(&entry.key.value, entry.key.span, "a variable")
}

fn matrix(reader: &Reader, entry: &Entry) -> Vec<Row> {
    let owner = At::new("matrix".to_owned(), entry.key.span);
    let Some(_) = reader.open_fields(&entry.value, &owner) else {
        return Vec::new();
    };
    if entry.value.entries().is_empty() {
        let empty = Diagnostic::new(entry.value.span, "`matrix` is empty", "nothing in it");
        reader.push(empty.help("add a variable such as `umask: [\"0022\", \"0077\"]`"));
    }
    let mut rows = vec![Row::default()];
    for axis in entry.value.entries() {
        let values = axis_values(reader, axis);
        variable_name(reader, axis, &owner.value);
        if rows.len().saturating_mul(values.len()) > MAX_CASES {
            reader.push(Diagnostic::new(
                axis.key.span,
                format!("a scenario has at most {MAX_CASES} cases"),
                "up to here it has more",
            ));
            return Vec::new();
        }
        rows = rows
            .iter()
            .flat_map(|row| values.iter().map(|value| with(row, axis, value)))
            .collect();
    }
    rows
}

fn axis_values(reader: &Reader, axis: &Entry) -> Vec<Node> {
    let what = format!("`{}`", axis.key.value);
    let Some(values) = reader.list(&axis.value, &what) else {
        return Vec::new();
    };
    if values.is_empty() {
        reader.wrong(&axis.value, format!("{what} is empty"), "nothing in it");
    }
    let mut kept = Vec::new();
    for value in values {
        match value.written() {
            Some(_) => kept.push(value.clone()),
            None => reader.push(
                reader
                    .mistake(
                        value,
                        format!("a value of {what} is text, a number, true or false"),
                        format!("this is {}", value.kind()),
                    )
                    .help("use `cases`, where a row has a name of its own"),
            ),
        }
    }
    kept
}

/// A row with one more variable, whose value becomes part of the name.
fn with(row: &Row, axis: &Entry, value: &Node) -> Row {
    let written = value.written().unwrap_or_default();
    let clean = |c: char| {
        if c.is_alphanumeric() || "-_.+".contains(c) {
            c
        } else {
            '-'
        }
    };
    let written: String = written.chars().map(clean).collect();
    let part = format!("{}={written}", axis.key.value);
    let name = match &row.name {
        Some(name) => format!("{},{part}", name.value),
        None => part,
    };
    let mut values = row.values.clone();
    values.push(Entry {
        key: axis.key.clone(),
        value: value.clone(),
    });
    Row {
        name: Some(At::new(name, value.span)),
        values,
    }
}

/// Every case with every row of the matrix.
fn product(reader: &Reader, cases: &[Row], matrix: &[Row]) -> Vec<Row> {
    let axes = matrix
        .first()
        .map(|row| row.values.as_slice())
        .unwrap_or_default();
    for case in cases {
        for entry in &case.values {
            if let Some(axis) = axes.iter().find(|axis| axis.key.value == entry.key.value) {
                reader.push(
                    Diagnostic::new(
                        entry.key.span,
                        format!("`{}` is set by `matrix` as well", entry.key.value),
                        "by this case",
                    )
                    .related(axis.key.span, "by the matrix"),
                );
            }
        }
    }
    let join = |case: &Row, row: &Row| {
        let name = match (&case.name, &row.name) {
            (Some(case), Some(row)) => {
                Some(At::new(format!("{},{}", case.value, row.value), case.span))
            }
            (Some(name), None) | (None, Some(name)) => Some(name.clone()),
            (None, None) => None,
        };
        Row {
            name,
            values: [case.values.clone(), row.values.clone()].concat(),
        }
    };
    cases
        .iter()
        .flat_map(|case| matrix.iter().map(move |row| join(case, row)))
        .collect()
}

fn unique(reader: &Reader, rows: Vec<Row>) -> Vec<Row> {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let mut kept = Vec::new();
    for row in rows {
        let Some(name) = row.name.clone() else {
            kept.push(row);
            continue;
        };
        match seen.get(&name.value) {
            Some(first) => reader.push(
                Diagnostic::new(
                    name.span,
                    format!("there are two cases `{}`", name.value),
                    "the second one",
                )
                .related(*first, "the first one"),
            ),
            None => {
                seen.insert(name.value, name.span);
                kept.push(row);
            }
        }
    }
    kept
}

/// The first character of a place that may go over many lines.
fn head(span: Span) -> Span {
    Span {
        start: span.start,
        end: (span.start + 1).min(span.end),
    }
}
