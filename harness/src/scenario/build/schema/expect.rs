//! What is expected, by the schema of facts.

use serde_json::{Map, Value, json};

use crate::world::facts::schema::{Field, Kind, Subject};
use crate::world::limits::UNLIMITED;

use super::super::operator::OPERATORS;
use super::unknown;
use super::value::{any_of, boolean, named_id, octal, or_variable, reference, text, time};

/// The name of the definition of what may be expected of a subject.
pub(super) fn of_name(subject: Subject) -> String {
    format!("expect of {subject}").replace(' ', "-")
}

/// Fields, each with what may be expected of it.
pub(super) fn record(fields: &[Field], all: &mut Map<String, Value>) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let mut schema = expected(field.kind, all);
            schema = json!({"description": field.doc, "allOf": [schema]});
            (field.name.to_owned(), schema)
        })
        .collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

/// What may be expected of a value of this kind: a reference, the definition
/// of which is made with the first.
fn expected(kind: Kind, all: &mut Map<String, Value>) -> Value {
    let name = format!("matcher-{}", name(kind));
    if !all.contains_key(&name) {
        // Before its content: a matcher holds itself, as in `not`.
        all.insert(name.clone(), Value::Null);
        let definition = any_of(forms(kind, all));
        all.insert(name.clone(), definition);
    }
    reference(&name)
}

fn forms(kind: Kind, all: &mut Map<String, Value>) -> Vec<Value> {
    let mut forms = vec![json!({"type": "null"}), reference("variable")];
    match kind {
        Kind::Record(fields) => forms.push(record(fields, all)),
        Kind::Each(fields) => {
            forms.push(record(fields, all));
            forms.push(expected(fields[0].kind, all));
        }
        Kind::Map(inner) => {
            let inner = expected(*inner, all);
            forms.push(operators(kind, all));
            forms.push(json!({"type": "object", "additionalProperties": inner}));
        }
        Kind::Set(inner) => {
            forms.push(operators(kind, all));
            forms.push(operand(kind));
            forms.push(operand(*inner));
        }
        // No time span is exactly another.
        Kind::Time => forms.push(operators(kind, all)),
        _ => {
            forms.push(operators(kind, all));
            forms.push(operand(kind));
        }
    }
    forms
}

fn operators(kind: Kind, all: &mut Map<String, Value>) -> Value {
    let inner = match kind {
        Kind::List(inner) | Kind::Set(inner) | Kind::Map(inner) => *inner,
        other => other,
    };
    let several = |kind| json!({"type": "array", "minItems": 1, "items": operand(kind)});
    let fitting = OPERATORS.iter().filter(|(_, fits)| fits(kind));
    let properties: Map<String, Value> = fitting
        .map(|(name, _)| {
            let schema = match *name {
                "equals" | "not" => expected(kind, all),
                "exists" | "empty" => boolean(),
                "one-of" => or_variable(several(kind)),
                "contains" | "lacks" => or_variable(any_of(vec![operand(inner), several(inner)])),
                "matches" | "starts-with" | "ends-with" | "like" => text(),
                "lt" | "le" | "gt" | "ge" => operand(kind),
                "count" => expected(Kind::Int, all),
                "all" | "any" => expected(inner, all),
                name => unknown(name),
            };
            ((*name).to_owned(), schema)
        })
        .collect();
    json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": false,
        "properties": properties,
    })
}

/// An expected value.
pub(super) fn operand(kind: Kind) -> Value {
    let value = match kind {
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Int => json!({"type": "integer"}),
        Kind::Text => text(),
        Kind::Word(words) => json!({"enum": words}),
        Kind::Octal => return octal(),
        Kind::Time => return time(),
        Kind::Limit => any_of(vec![
            json!({"type": "integer", "minimum": 0}),
            json!({"const": UNLIMITED}),
        ]),
        Kind::Pid | Kind::Addressee | Kind::Uid | Kind::Gid | Kind::Signal => named_id(),
        Kind::Capability | Kind::Outcome => json!({"type": "string"}),
        Kind::Call => {
            let several = json!({"type": "array", "minItems": 1, "items": {"type": "string"}});
            any_of(vec![json!({"type": "string"}), several])
        }
        Kind::Paths => json!({"type": "string", "pattern": "^[/*]"}),
        Kind::List(inner) | Kind::Set(inner) => {
            json!({"type": "array", "items": or_null(operand(*inner))})
        }
        // They are not compared as a whole.
        Kind::Map(_) | Kind::Record(_) | Kind::Each(_) => json!(false),
    };
    or_variable(value)
}

fn or_null(schema: Value) -> Value {
    any_of(vec![schema, json!({"type": "null"})])
}

/// A name for the definition of a kind; two kinds have two.
fn name(kind: Kind) -> String {
    let fields = |fields: &[Field]| {
        let names: Vec<String> = fields
            .iter()
            .map(|field| format!("{}-{}", field.name, name(field.kind)))
            .collect();
        names.join("-")
    };
    match kind {
        Kind::Bool => "bool".to_owned(),
        Kind::Int => "int".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Word(words) => words.join("-"),
        Kind::Octal => "octal".to_owned(),
        Kind::Time => "time".to_owned(),
        Kind::Pid => "pid".to_owned(),
        Kind::Addressee => "addressee".to_owned(),
        Kind::Uid => "uid".to_owned(),
        Kind::Gid => "gid".to_owned(),
        Kind::Signal => "signal".to_owned(),
        Kind::Capability => "capability".to_owned(),
        Kind::Limit => "limit".to_owned(),
        Kind::Call => "call".to_owned(),
        Kind::Outcome => "outcome".to_owned(),
        Kind::Paths => "paths".to_owned(),
        Kind::List(inner) => format!("list-of-{}", name(*inner)),
        Kind::Set(inner) => format!("set-of-{}", name(*inner)),
        Kind::Map(inner) => format!("map-of-{}", name(*inner)),
        Kind::Record(inner) => format!("record-{}", fields(inner)),
        Kind::Each(inner) => format!("each-{}", fields(inner)),
    }
}
