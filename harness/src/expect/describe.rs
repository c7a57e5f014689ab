//! Expectations and values in words.

use crate::scenario::Scope;
use crate::scenario::matcher::{Matcher, Operand, Order, Test};
use crate::value::Value;

/// How many characters of a value a message shows.
const SHOWN: usize = 160;

/// What a matcher expects, as it fits after "expected".
pub(super) fn matcher(matcher: &Matcher, scope: &Scope) -> String {
    let list = |operands: &[Operand]| {
        let items: Vec<String> = operands.iter().map(|o| operand(o, scope)).collect();
        items.join(", ")
    };
    match &matcher.test {
        Test::Equals(value) => operand(value, scope),
        Test::Set(values) if values.len() < 2 => format!("[{}]", list(values)),
        Test::Set(values) => format!("[{}] in any order", list(values)),
        Test::Not(inner) => format!("not {}", self::matcher(inner, scope)),
        Test::Every(inner) => {
            let items: Vec<String> = inner.iter().map(|m| self::matcher(m, scope)).collect();
            items.join(" and ")
        }
        Test::Record(fields) => {
            let items: Vec<String> = fields
                .iter()
                .map(|field| {
                    let expected = self::matcher(&field.matcher, scope);
                    format!("{}: {expected}", field.name.value)
                })
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Test::Contains(values) => format!("something that contains {}", list(values)),
        Test::Lacks(values) => format!("something without {}", list(values)),
        Test::Matches(pattern) => format!("text that matches /{pattern}/"),
        Test::StartsWith(value) => format!("text that starts with {}", operand(value, scope)),
        Test::EndsWith(value) => format!("text that ends with {}", operand(value, scope)),
        Test::Like(value) => format!("text like {}", operand(value, scope)),
        Test::OneOf(values) => format!("one of {}", list(values)),
        Test::Order(order, value) => {
            let order = match order {
                Order::Lt => "less than",
                Order::Le => "at most",
                Order::Gt => "more than",
                Order::Ge => "at least",
            };
            format!("{order} {}", operand(value, scope))
        }
        Test::Empty(true) => "nothing in it".to_owned(),
        Test::Empty(false) => "something in it".to_owned(),
        Test::Exists(true) => "a value".to_owned(),
        Test::Exists(false) => "nothing".to_owned(),
        Test::Count(inner) => format!("a count of {}", self::matcher(inner, scope)),
        Test::All(inner) => format!("each element to be {}", self::matcher(inner, scope)),
        Test::Any(inner) => format!("an element that is {}", self::matcher(inner, scope)),
    }
}

/// An expected value; a variable without a value as it is written.
fn operand(operand: &Operand, scope: &Scope) -> String {
    match super::resolve::resolve(operand, scope) {
        Ok(found) => value(&found),
        Err(_) => match operand {
            Operand::Template(template) => template.to_string(),
            other => format!("{other:?}"),
        },
    }
}

/// A value as messages show it: cut to a line's length.
pub fn value(value: &Value) -> String {
    let full = match value {
        Value::Time(time) => format!("{time:.3?}"),
        other => other.to_string(),
    };
    let count = full.chars().count();
    if count <= SHOWN {
        return full;
    }
    let head: String = full.chars().take(SHOWN).collect();
    format!("{head}… ({count} characters)")
}
