//! Values that stand in many places.

use serde_json::{Map, Value, json};

pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

/// A map of these keys, each with the schema of its value.
pub(super) fn object(keys: &[&str], required: &[&str], schema: impl Fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| ((*key).to_owned(), schema(key)))
        .collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

/// The same, with exactly one of `choices` besides.
pub(super) fn object_with_one(
    keys: &[&str],
    required: &[&str],
    choices: &[&str],
    schema: impl Fn(&str) -> Value,
) -> Value {
    let mut object = object(keys, required, schema);
    let choices: Vec<Value> = choices
        .iter()
        .map(|key| json!({"required": [key]}))
        .collect();
    object["oneOf"] = json!(choices);
    object
}

/// Any value may be a variable, which is text to whoever does not fill it in.
pub(super) fn or_variable(schema: Value) -> Value {
    any_of(vec![schema, reference("variable")])
}

pub(super) fn any_of(schemas: Vec<Value>) -> Value {
    json!({"anyOf": schemas})
}

pub(super) fn list(items: Value) -> Value {
    or_variable(json!({"type": "array", "items": items}))
}

/// Text, or another scalar as it is written.
pub(super) fn text() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

pub(super) fn some_int(least: i64, most: i64) -> Value {
    or_variable(json!({"type": "integer", "minimum": least, "maximum": most}))
}

pub(super) fn boolean() -> Value {
    or_variable(json!({"type": "boolean"}))
}

/// `true`, where the key alone says it all.
pub(super) fn set() -> Value {
    or_variable(json!({"const": true}))
}

pub(super) fn time() -> Value {
    or_variable(json!({"type": "string", "pattern": "^[0-9].*[A-Za-zµ]$"}))
}

pub(super) fn octal() -> Value {
    or_variable(json!({"type": "string", "pattern": "^[0-7]{3,4}$"}))
}

pub(super) fn path() -> Value {
    or_variable(json!({"type": "string", "pattern": "^/"}))
}

pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    let words: Vec<&str> = words.into_iter().collect();
    or_variable(json!({"enum": words}))
}

/// A user or group, by name or number.
pub(super) fn named_id() -> Value {
    json!({"type": ["string", "integer"]})
}

pub(super) fn environment() -> Value {
    json!({
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    })
}
