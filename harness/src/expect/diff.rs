//! Differences, where a value does not fit into a line.

use similar::TextDiff;

use crate::scenario::Scope;
use crate::scenario::matcher::{Operand, Test};
use crate::value::Value;

use super::describe;
use super::resolve::{resolve, resolve_all};

/// The difference of two texts, if either has several lines.
pub(super) fn of(test: &Test, actual: &Value, scope: &Scope) -> Option<String> {
    let (Test::Equals(operand) | Test::Like(operand)) = test else {
        return None;
    };
    let (Ok(Value::Text(expected)), Value::Text(actual)) = (resolve(operand, scope), actual) else {
        return None;
    };
    if expected.lines().count() < 2 && actual.lines().count() < 2 {
        return None;
    }
    let diff = TextDiff::from_lines(expected.as_str(), actual.as_str());
    let shown = diff
        .unified_diff()
        .context_radius(2)
        .header("expected", "actual")
        .to_string();
    Some(harmless(&shown))
}

/// What a program wrote may hold control characters, which a terminal or a CI
/// would obey; they are written out.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.extend(c.escape_debug()),
            c => out.push(c),
        }
    }
    out
}

/// For lists: what is missing and what is too much.
pub(super) fn elements(test: &Test, actual: &Value, scope: &Scope) -> Vec<String> {
    let found = match actual {
        Value::List(found) => found,
        _ => return Vec::new(),
    };
    let (expected, whole) = match test {
        Test::Set(operands) => (resolve_all(operands, scope), true),
        Test::Equals(operand @ (Operand::List(_) | Operand::Literal(_))) => {
            match resolve(operand, scope) {
                Ok(Value::List(expected)) => (Ok(expected), true),
                _ => return Vec::new(),
            }
        }
        Test::Contains(operands) => (resolve_all(operands, scope), false),
        _ => return Vec::new(),
    };
    let Ok(expected) = expected else {
        return Vec::new();
    };
    let without = |list: &[Value], other: &[Value]| -> Vec<Value> {
        list.iter()
            .filter(|v| !other.contains(v))
            .cloned()
            .collect()
    };
    let mut notes = Vec::new();
    let missing = without(&expected, found);
    if !missing.is_empty() {
        notes.push(format!(
            "missing: {}",
            describe::value(&Value::List(missing))
        ));
    }
    let extra = without(found, &expected);
    if whole && !extra.is_empty() {
        notes.push(format!(
            "not expected: {}",
            describe::value(&Value::List(extra))
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        let test = Test::Equals(Operand::Literal("a\nb\n".into()));
        let shown = of(&test, &"a\n\u{1b}[2Jb\r\n".into(), &Scope::new()).unwrap();
        assert!(shown.contains("+\\u{1b}[2Jb\\r\n"), "{shown}");
    }
}
