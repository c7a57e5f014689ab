//! The JSON Schema of the format, made of the tables that files are read with:
//! a key that the reader knows and this does not is a panic, which a test sees.
//!
//! - [`value`]: the values that stand in many places;
//! - [`before`]: what is there before the first step;
//! - [`step`]: what is done;
//! - [`expect`]: what is expected, by the schema of facts.

mod before;
mod expect;
mod step;
mod value;

use serde_json::{Map, Value, json};

use crate::scenario::model::Capability;
use crate::world::facts::schema::{Kind, Subject};

use super::{case, limits};
use value::{any_of, list, object, one_of, or_variable, reference, text, time};

/// A schema of the file whose keys are `keys`.
pub(in crate::scenario) fn schema(keys: &[&str], version: i64) -> Value {
    let file = object(keys, &["version", "steps"], |key| match key {
        "version" => json!({"const": version}),
        "name" | "description" => text(),
        "tags" => list(text()),
        "timeout" => time(),
        "time" => json!({"oneOf": [one_of(["virtual"]), object(&case::TIME, &case::TIME, |_| {
            object(&case::VIRTUAL, &case::VIRTUAL, |_| time())
        })]}),
        "requires" => list(one_of(Capability::ALL.map(Capability::name))),
        "let" => json!({"type": "object"}),
        "sandbox" => reference("sandbox"),
        "files" => list(reference("file")),
        "cases" => json!({
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["name"]},
        }),
        "matrix" => json!({
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "array", "minItems": 1},
        }),
        "steps" => json!({"type": "array", "minItems": 1, "items": reference("step")}),
        _ => unknown(key),
    });
    let mut all = Map::new();
    all.insert(
        "$schema".into(),
        json!("http://json-schema.org/draft-07/schema#"),
    );
    all.insert("title".into(), json!("a scenario of daemonlab"));
    let Value::Object(file) = file else {
        unreachable!("an object's schema is an object");
    };
    all.extend(file);
    all.insert("definitions".into(), Value::Object(definitions()));
    Value::Object(all)
}

fn unknown(key: &str) -> ! {
    panic!("the schema knows no `{key}`: say in it what that is")
}

fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    all.insert(
        "variable".into(),
        json!({"type": "string", "pattern": "\\$\\{"}),
    );
    all.insert("sandbox".into(), before::sandbox());
    all.insert("file".into(), or_variable(before::file()));
    all.insert("fault".into(), or_variable(step::fault()));
    let bound = |_: &str| expect::operand(Kind::Limit);
    let limit = any_of(vec![bound(""), object(&limits::LIMIT, &[], bound)]);
    all.insert("limit".into(), limit);
    all.insert("step".into(), or_variable(step::step()));
    all.insert("claim".into(), or_variable(step::claim()));
    for subject in Subject::ALL {
        let fields = expect::record(subject.fields(), &mut all);
        let mut expect = fields;
        expect["minProperties"] = json!(1);
        all.insert(expect::of_name(subject), or_variable(expect));
    }
    all
}
