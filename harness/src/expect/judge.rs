//! Holding facts against an expectation.

use std::cmp::Ordering;

use crate::scenario::Scope;
use crate::scenario::matcher::{Expect, Field, Matcher, Operand, Order, Test};
use crate::scenario::template::Unresolved;
use crate::value::Value;
use crate::world::facts::schema::{Kind, Subject};
use crate::world::limits::UNLIMITED;

use super::resolve::{resolve, resolve_all};
use super::verdict::{Failure, Verdict};
use super::{describe, diff, like};

/// Holds facts against what is expected of them. `subject` is what they are
/// about, for titles: ``process `daemon` ``. Every field that is not as
/// expected is told, not only the first.
pub fn judge(subject: &str, expect: &Expect, facts: &Value, scope: &Scope) -> Verdict {
    let mut judge = Judge {
        subject,
        kind: expect.subject,
        scope,
        failures: Vec::new(),
    };
    judge.record(&expect.fields, facts, "");
    judge.explain(facts);
    if judge.failures.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Failed(judge.failures)
    }
}

/// Whether every field is as expected.
///
/// # Errors
/// If a variable has no value yet.
pub(super) fn fits(fields: &[Field], facts: &Value, scope: &Scope) -> Result<bool, Unresolved> {
    for field in fields {
        if !passes(&field.matcher.test, entry(facts, &field.name.value), scope)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The names of the fields that are not as expected.
///
/// # Errors
/// If a variable has no value yet.
pub(super) fn misfits(
    fields: &[Field],
    facts: &Value,
    scope: &Scope,
) -> Result<Vec<String>, Unresolved> {
    let mut names = Vec::new();
    for field in fields {
        if !passes(&field.matcher.test, entry(facts, &field.name.value), scope)? {
            names.push(field.name.value.clone());
        }
    }
    Ok(names)
}

struct Judge<'a> {
    subject: &'a str,
    kind: Subject,
    scope: &'a Scope,
    failures: Vec<Failure>,
}

impl Judge<'_> {
    fn record(&mut self, fields: &[Field], facts: &Value, path: &str) {
        for field in fields {
            let name = &field.name.value;
            let path = match path {
                "" => name.clone(),
                outer => format!("{outer}.{name}"),
            };
            self.matcher(&field.matcher, entry(facts, name), &path);
        }
    }

    fn matcher(&mut self, matcher: &Matcher, actual: &Value, path: &str) {
        match &matcher.test {
            Test::Record(fields) => self.record(fields, actual, path),
            Test::Every(parts) => {
                for part in parts {
                    self.matcher(part, actual, path);
                }
            }
            _ => match passes(&matcher.test, actual, self.scope) {
                Ok(true) => {}
                Ok(false) => self.fail(matcher, actual, path),
                Err(unresolved) => {
                    let title = format!("{}: {path}", self.subject);
                    self.failures.push(Failure::new(
                        unresolved.span,
                        title,
                        unresolved.to_string(),
                    ));
                }
            },
        }
    }

    fn fail(&mut self, matcher: &Matcher, actual: &Value, path: &str) {
        let expected = match &matcher.test {
            Test::Equals(operand) => match resolve(operand, self.scope) {
                Ok(value) => self.named(&value, path),
                Err(_) => describe::matcher(matcher, self.scope),
            },
            _ => describe::matcher(matcher, self.scope),
        };
        let shown = self.named(actual, path);
        let mut failure = Failure::new(
            matcher.span,
            format!("{}: {path}", self.subject),
            format!("expected {expected}, got {shown}"),
        );
        failure.diff = diff::of(&matcher.test, actual, self.scope);
        failure
            .notes
            .extend(diff::elements(&matcher.test, actual, self.scope));
        failure.path = path.to_owned();
        failure.expected = expected;
        failure.actual = actual.clone();
        self.failures.push(failure);
    }

    /// The value as messages show it; PIDs with the names that the scenario
    /// gave them.
    fn named(&self, actual: &Value, path: &str) -> String {
        let shown = describe::value(actual);
        let pids: Vec<i64> = match actual {
            _ if !self.kind.kind_of(path).is_some_and(Kind::holds_pids) => Vec::new(),
            Value::Int(pid) => vec![*pid],
            Value::List(values) => values
                .iter()
                .filter_map(|value| match value {
                    Value::Int(pid) => Some(*pid),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let names: Vec<String> = pids
            .into_iter()
            .flat_map(|pid| self.scope.names_of(pid))
            .map(|name| format!("`{name}`"))
            .collect();
        match names.as_slice() {
            [] => shown,
            names => format!("{shown} ({})", names.join(", ")),
        }
    }

    /// Says of failures that follow from the subject's absence, or from its end,
    /// that they do.
    fn explain(&mut self, facts: &Value) {
        let no = |name| *entry(facts, name) == Value::Bool(false);
        let subject = self.subject;
        if no("exists") {
            self.note(&format!("there is no {subject}"), |failure| {
                failure.path != "exists"
            });
        } else if no("alive") {
            let note = format!("{subject} has ended: a zombie has that no more");
            self.note(&note, |failure| failure.actual == Value::Absent);
        }
    }

    fn note(&mut self, note: &str, which: impl Fn(&Failure) -> bool) {
        for failure in self.failures.iter_mut().filter(|failure| which(failure)) {
            failure.notes.push(note.to_owned());
        }
    }
}

/// An entry of a map; absent if there is none, or no map.
fn entry<'v>(value: &'v Value, name: &str) -> &'v Value {
    match value {
        Value::Map(entries) => entries.get(name).unwrap_or(&Value::Absent),
        _ => &Value::Absent,
    }
}

/// Whether a value passes a test. Where there is no value, only a test for
/// that passes: what is not there is neither `not` 0 nor without an error.
fn passes(test: &Test, actual: &Value, scope: &Scope) -> Result<bool, Unresolved> {
    if *actual == Value::Absent && !speaks_of_absence(test) {
        return Ok(false);
    }
    Ok(match test {
        Test::Equals(operand) => *actual == resolve(operand, scope)?,
        Test::Set(operands) => match actual {
            Value::List(found) => same_elements(found, &resolve_all(operands, scope)?),
            _ => false,
        },
        Test::Not(inner) => !passes(&inner.test, actual, scope)?,
        Test::Every(parts) => {
            for part in parts {
                if !passes(&part.test, actual, scope)? {
                    return Ok(false);
                }
            }
            true
        }
        Test::Record(fields) => {
            for field in fields {
                let found = entry(actual, &field.name.value);
                if !passes(&field.matcher.test, found, scope)? {
                    return Ok(false);
                }
            }
            true
        }
        Test::Contains(operands) => resolve_all(operands, scope)?
            .iter()
            .all(|wanted| has(actual, wanted) == Some(true)),
        Test::Lacks(operands) => resolve_all(operands, scope)?
            .iter()
            .all(|unwanted| has(actual, unwanted) == Some(false)),
        Test::Matches(pattern) => {
            let pattern = scope.text_with(pattern, |text| regex::escape(&text))?;
            match (regex::Regex::new(&pattern), actual) {
                (Ok(regex), Value::Text(text)) => regex.is_match(text),
                _ => false,
            }
        }
        Test::StartsWith(operand) => with_texts(actual, &resolve(operand, scope)?, |text, part| {
            text.starts_with(part)
        }),
        Test::EndsWith(operand) => with_texts(actual, &resolve(operand, scope)?, |text, part| {
            text.ends_with(part)
        }),
        Test::Like(operand) => with_texts(actual, &resolve(operand, scope)?, like::like),
        Test::OneOf(operands) => resolve_all(operands, scope)?.contains(actual),
        Test::Order(order, operand) => match compare(actual, &resolve(operand, scope)?) {
            Some(found) => match order {
                Order::Lt => found.is_lt(),
                Order::Le => found.is_le(),
                Order::Gt => found.is_gt(),
                Order::Ge => found.is_ge(),
            },
            None => false,
        },
        Test::Empty(expected) => length(actual).is_some_and(|n| (n == 0) == *expected),
        Test::Exists(expected) => (*actual != Value::Absent) == *expected,
        Test::Count(inner) => match count(actual) {
            Some(n) => passes(&inner.test, &Value::Int(n as i64), scope)?,
            None => false,
        },
        Test::All(inner) => match elements(actual) {
            Some(found) => {
                for element in found {
                    if !passes(&inner.test, element, scope)? {
                        return Ok(false);
                    }
                }
                true
            }
            None => false,
        },
        Test::Any(inner) => {
            for element in elements(actual).unwrap_or_default() {
                if passes(&inner.test, element, scope)? {
                    return Ok(true);
                }
            }
            false
        }
    })
}

/// Whether a test says something about there being no value.
fn speaks_of_absence(test: &Test) -> bool {
    let absent = |operand: &Operand| *operand == Operand::Literal(Value::Absent);
    match test {
        Test::Exists(_) | Test::Record(_) | Test::Every(_) => true,
        Test::Equals(operand) => absent(operand),
        Test::OneOf(operands) => operands.iter().any(absent),
        Test::Not(inner) => speaks_of_absence(&inner.test),
        _ => false,
    }
}

fn same_elements(found: &[Value], expected: &[Value]) -> bool {
    let times = |list: &[Value], value: &Value| list.iter().filter(|v| *v == value).count();
    found.len() == expected.len() && found.iter().all(|v| times(found, v) == times(expected, v))
}

/// Whether text or a list has this in it; `None` for anything else.
fn has(actual: &Value, wanted: &Value) -> Option<bool> {
    match (actual, wanted) {
        (Value::Text(text), Value::Text(part)) => Some(text.contains(part.as_str())),
        (Value::List(values), wanted) => Some(values.contains(wanted)),
        _ => None,
    }
}

fn with_texts(actual: &Value, expected: &Value, test: impl Fn(&str, &str) -> bool) -> bool {
    match (actual, expected) {
        (Value::Text(actual), Value::Text(expected)) => test(actual, expected),
        _ => false,
    }
}

fn compare(actual: &Value, expected: &Value) -> Option<Ordering> {
    match (actual, expected) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Int(_), Value::Text(any)) if any == UNLIMITED => Some(Ordering::Less),
        (Value::Text(any), Value::Int(_)) if any == UNLIMITED => Some(Ordering::Greater),
        (Value::Text(a), Value::Text(b)) if a == b && a == UNLIMITED => Some(Ordering::Equal),
        _ => None,
    }
}

fn elements(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::List(values) => Some(values.iter().collect()),
        Value::Map(entries) => Some(entries.values().collect()),
        _ => None,
    }
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Text(text) => Some(text.len()),
        _ => elements(value).map(|found| found.len()),
    }
}

/// The number of elements; of a text, of its lines.
fn count(value: &Value) -> Option<usize> {
    match value {
        Value::Text(text) => Some(text.lines().count()),
        _ => length(value),
    }
}
