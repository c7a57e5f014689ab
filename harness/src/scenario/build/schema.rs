//! The JSON Schema of the format, made of the tables that files are read with:
//! a key that the reader knows and this does not is a panic, which a test sees.

use serde_json::{Map, Value, json};

use crate::scenario::model::Capability;
use crate::world::facts::schema::{Field, Kind, Subject};
use crate::world::limits::{Resource, UNLIMITED};

use super::{case, check, events, fault, files, launch, limits, matcher, sandbox, steps};

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
    all.insert("sandbox".into(), a_sandbox());
    all.insert("file".into(), or_variable(file()));
    all.insert("fault".into(), or_variable(a_fault()));
    let bound = |_: &str| operand(Kind::Limit);
    let limit = any_of(vec![bound(""), object(&limits::LIMIT, &[], bound)]);
    all.insert("limit".into(), limit);
    all.insert("step".into(), or_variable(step()));
    all.insert("claim".into(), or_variable(a_claim()));
    for subject in Subject::ALL {
        let fields = record(subject.fields(), &mut all);
        let mut expect = fields;
        expect["minProperties"] = json!(1);
        all.insert(expect_name(subject), or_variable(expect));
    }
    all
}

fn expect_name(subject: Subject) -> String {
    format!("expect of {subject}").replace(' ', "-")
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

/// A map of these keys, each with the schema of its value.
fn object(keys: &[&str], required: &[&str], schema: impl Fn(&str) -> Value) -> Value {
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
fn object_with_one(
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
fn or_variable(schema: Value) -> Value {
    any_of(vec![schema, reference("variable")])
}

fn any_of(schemas: Vec<Value>) -> Value {
    json!({"anyOf": schemas})
}

fn list(items: Value) -> Value {
    or_variable(json!({"type": "array", "items": items}))
}

/// Text, or another scalar as it is written.
fn text() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

fn some_int(least: i64, most: i64) -> Value {
    or_variable(json!({"type": "integer", "minimum": least, "maximum": most}))
}

fn boolean() -> Value {
    or_variable(json!({"type": "boolean"}))
}

/// `true`, where the key alone says it all.
fn set() -> Value {
    or_variable(json!({"const": true}))
}

fn time() -> Value {
    or_variable(json!({"type": "string", "pattern": "^[0-9].*[A-Za-zµ]$"}))
}

fn octal() -> Value {
    or_variable(json!({"type": "string", "pattern": "^[0-7]{3,4}$"}))
}

fn path() -> Value {
    or_variable(json!({"type": "string", "pattern": "^/"}))
}

fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    let words: Vec<&str> = words.into_iter().collect();
    or_variable(json!({"enum": words}))
}

/// A user or group, by name or number.
fn named_id() -> Value {
    json!({"type": ["string", "integer"]})
}

fn environment() -> Value {
    json!({
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    })
}

fn a_sandbox() -> Value {
    let of_names = |keys: &[&str], id: &str| {
        let id_alone = some_int(1, 65533);
        let named = object(keys, &[id], |key| match key {
            "uid" => some_int(1, 65533),
            "gid" => named_id(),
            "groups" => list(named_id()),
            _ => unknown(key),
        });
        json!({"type": "object", "additionalProperties": any_of(vec![id_alone, named])})
    };
    object(&sandbox::KEYS, &[], |key| match key {
        "users" => or_variable(of_names(&sandbox::USER, "uid")),
        "groups" => or_variable(of_names(&sandbox::GROUP, "gid")),
        "umask" => octal(),
        "env" => or_variable(environment()),
        _ => unknown(key),
    })
}

fn file() -> Value {
    object_with_one(&files::KEYS, &["path"], &files::CONTENTS, |key| match key {
        "path" => path(),
        "content" | "symlink" => text(),
        "directory" | "fifo" => set(),
        "mode" => octal(),
        "owner" | "group" => named_id(),
        _ => unknown(key),
    })
}

fn a_fault() -> Value {
    let required = ["role", "call"];
    object_with_one(&fault::KEYS, &required, &fault::ACTIONS, |key| match key {
        "label" | "call" | "errno" | "signal" => text(),
        "path" => or_variable(json!({"type": "string", "pattern": "^[/*]"})),
        "args" => or_variable(json!({
            "type": "object",
            "patternProperties": {"^[0-5]$": {"type": ["integer", "string"]}},
            "additionalProperties": false,
        })),
        "per" => one_of(fault::PER.map(|(name, _)| name)),
        "short" => some_int(0, 1_000_000),
        "role" => one_of(fault::ROLES.map(|(name, _)| name)),
        "nth" => json!({"type": ["integer", "string"]}),
        "delay" => time(),
        "kill" | "watch" => set(),
        "hold-until" => or_variable(object_with_one(
            &fault::HOLD,
            &[],
            &fault::HOLD_FOR,
            |key| match key {
                "label" => text(),
                "matched" => some_int(1, 1_000_000),
                "over" => set(),
                "ended" => one_of(fault::ROLES.map(|(name, _)| name)),
                _ => unknown(key),
            },
        )),
        _ => unknown(key),
    })
}

/// A map with one key, the step's.
fn step() -> Value {
    let mut step = object(&steps::STEPS, &[], |key| {
        or_variable(match key {
            "launch" => a_launch(&[], &["id", "command"]),
            "again" => a_launch(&["launch"], &["id", "launch"]),
            "await" => simple(&steps::AWAIT, &["launch", "expect"], Some(Subject::Launch)),
            "adopt" => simple(&steps::ADOPT, &["id", "from"], Some(Subject::Process)),
            "check" => a_check(),
            "events" => object(&events::KEYS, &["launch", "expect"], |key| match key {
                "launch" => text(),
                "within" => time(),
                "expect" => or_variable(json!({
                    "type": "array",
                    "minItems": 1,
                    "items": reference("claim"),
                })),
                _ => unknown(key),
            }),
            "signal" => simple(&steps::SIGNAL, &["process", "signal"], Some(Subject::End)),
            "hang-up" => simple(&steps::HANG_UP, &["launch"], None),
            "write" => file(),
            "connect" => simple(
                &steps::CONNECT,
                &["to", "expect"],
                Some(Subject::Connection),
            ),
            "pause" => simple(&steps::PAUSE, &["for", "reason"], None),
            _ => unknown(key),
        })
    });
    step["minProperties"] = json!(1);
    step["maxProperties"] = json!(1);
    step
}

/// A step whose keys mean the same wherever they stand.
fn simple(keys: &[&str], required: &[&str], subject: Option<Subject>) -> Value {
    object(keys, required, |key| match (key, subject) {
        ("expect", Some(subject)) => reference(&expect_name(subject)),
        ("id" | "launch" | "process" | "signal" | "to" | "send" | "reason", _) => text(),
        ("within" | "for", _) => time(),
        ("enough", _) => some_int(1, 1 << 20),
        ("from", _) => or_variable(object_with_one(
            &steps::FROM,
            &[],
            &steps::FROM,
            |key| match key {
                "pid-file" => path(),
                _ => text(),
            },
        )),
        _ => unknown(key),
    })
}

/// What is expected of events.
fn a_claim() -> Value {
    let event = || reference(&expect_name(Subject::Event));
    let one_of_several = object_with_one(&events::WHICH, &[], &events::WHICH, |_| event());
    let item = any_of(vec![event(), one_of_several]);
    let order = or_variable(json!({"type": "array", "minItems": 2, "items": item}));
    let mut claim = object_with_one(&events::CLAIM, &[], &events::CLAIMS, |key| match key {
        "order" => order.clone(),
        "never" | "count" => event(),
        "exactly" | "at-least" | "at-most" => some_int(0, events::MOST),
        _ => unknown(key),
    });
    let counts: Map<String, Value> = events::BOUNDS
        .iter()
        .map(|bound| ((*bound).to_owned(), json!(["count"])))
        .collect();
    claim["dependencies"] = json!(counts);
    claim
}

fn a_launch(more: &[&str], required: &[&str]) -> Value {
    let keys = [more, &launch::STEP[..], &launch::BODY].concat();
    object(&keys, required, |key| match key {
        "id" | "launch" | "user" => text(),
        "background" | "terminal" => boolean(),
        "within" => time(),
        "expect" => reference(&expect_name(Subject::Launch)),
        "command" => or_variable(json!({"type": "array", "minItems": 1, "items": text()})),
        "env" => or_variable(environment()),
        "cwd" => path(),
        "umask" => octal(),
        "stray-fds" => list(some_int(3, 1023)),
        "blocked" | "ignored" => list(text()),
        "limits" => or_variable(object(&Resource::ALL.map(Resource::name), &[], |_| {
            reference("limit")
        })),
        "faults" => list(reference("fault")),
        _ => unknown(key),
    })
}

/// A check: what is expected follows from what is looked at.
fn a_check() -> Value {
    let subject = |target: &str| match target {
        "process" => Subject::Process,
        "file" => Subject::File,
        "launch" => Subject::Launch,
        "socket" => Subject::Socket,
        "sandbox" => Subject::Sandbox,
        "fault" => Subject::Fault,
        _ => unknown(target),
    };
    let mut check = object(&check::KEYS, &["expect"], |key| match key {
        "process" | "launch" | "socket" | "fault" | "of" => text(),
        "file" => path(),
        "sandbox" => or_variable(object(&check::SANDBOX, &[], |key| match key {
            "except" => list(text()),
            _ => unknown(key),
        })),
        "within" => time(),
        "expect" => json!(true),
        _ => unknown(key),
    });
    let targets: Vec<Value> = check::TARGETS
        .iter()
        .map(|target| {
            json!({
                "required": [target],
                "properties": {"expect": reference(&expect_name(subject(target)))},
            })
        })
        .collect();
    check["oneOf"] = json!(targets);
    check
}

/// Fields, each with what may be expected of it.
fn record(fields: &[Field], all: &mut Map<String, Value>) -> Value {
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
    let fitting = matcher::OPERATORS.iter().filter(|(_, fits)| fits(kind));
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
fn operand(kind: Kind) -> Value {
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
        Kind::Pid | Kind::Uid | Kind::Gid | Kind::Signal => named_id(),
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
