//! Holding a manual's tables of fields against lines of JSON: every field that
//! is written is a row of a table, with its type, and every row is a field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What cannot be told from the lines alone.
pub struct Shape {
    /// Records whose keys are data: any text.
    pub maps: &'static [&'static str],
    /// Records that the manual describes in words.
    pub open: &'static [&'static str],
}

type Types = BTreeMap<(String, String), BTreeSet<&'static str>>;

/// Panics with what the manual lacks, and with what it has that is never
/// written.
pub fn check(lines: &[u8], shape: &Shape, manual: &str) {
    let (written, documented) = (written(lines, shape), documented(manual));
    let missing: Vec<_> = written.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&written).collect();
    assert!(missing.is_empty(), "not in the manual: {missing:#?}");
    assert!(
        gone.is_empty(),
        "in the manual, but never written: {gone:#?}"
    );
}

/// Notes the type of a value at a path of an event, and of all below it.
fn collect(shape: &Shape, event: &str, path: &str, value: &Value, types: &mut Types) {
    let mut note = |kind| {
        let key = (event.to_owned(), path.to_owned());
        types.entry(key).or_default().insert(kind);
    };
    match value {
        Value::Null => note("null"),
        Value::Bool(_) => note("truth"),
        Value::Number(_) => note("number"),
        Value::String(_) => note("text"),
        Value::Array(list) => {
            if list.is_empty() {
                note("list");
            }
            for item in list {
                collect(shape, event, &format!("{path}[]"), item, types);
            }
        }
        Value::Object(_) if shape.open.contains(&path) => note("record"),
        Value::Object(fields) => {
            let of_data = shape.maps.iter().any(|map| path.ends_with(map));
            if fields.is_empty() {
                note("record");
            }
            for (name, value) in fields {
                let name = if of_data { "*" } else { name };
                let below = match path {
                    "" => name.to_owned(),
                    path => format!("{path}.{name}"),
                };
                collect(shape, event, &below, value, types);
            }
        }
    }
}

/// What the code writes: a row `EVENT FIELD TYPE` each.
fn written(lines: &[u8], shape: &Shape) -> BTreeSet<String> {
    let text = std::str::from_utf8(lines).expect("JSON is UTF-8");
    let mut types = Types::new();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).expect("each line is JSON");
        let event = value["event"].as_str().expect("each has a name").to_owned();
        collect(shape, &event, "", &value, &mut types);
    }
    // An empty list is a list of what others hold, an empty record likewise.
    let known: Vec<(String, String)> = types.keys().cloned().collect();
    let below = |event: &str, path: &str| {
        known.iter().any(|(of, other)| {
            of == event
                && (other == &format!("{path}[]")
                    || other.starts_with(&format!("{path}[]."))
                    || other.starts_with(&format!("{path}.")))
        })
    };
    types
        .iter()
        .filter(|((event, path), _)| !below(event, path))
        .filter(|((_, path), _)| !["event", "format"].contains(&path.as_str()))
        .map(|((event, path), kinds)| {
            let kinds: Vec<&str> = kinds.iter().copied().collect();
            format!("{event} {path} {}", kinds.join(" or "))
        })
        .collect()
}

/// What the manual says: below a heading that names the event, rows of
/// a field, its type, and what it is.
fn documented(manual: &str) -> BTreeSet<String> {
    let mut event = "";
    let mut rows = BTreeSet::new();
    for line in manual.lines() {
        if let Some(heading) = line.strip_prefix("## `") {
            event = heading.trim_end_matches('`');
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", field, kind, what, ""] = cells[..]
            && let Some(field) = field.strip_prefix('`')
        {
            assert!(!what.is_empty(), "{field} of {event} is explained");
            rows.insert(format!("{event} {} {kind}", field.trim_end_matches('`')));
        }
    }
    rows
}
