//! What is done.

use serde_json::{Map, Value, json};

use crate::world::facts::schema::Subject;
use crate::world::limits::Resource;

use super::super::{check, events, fault, launch, steps};
use super::before;
use super::expect::of_name;
use super::unknown;
use super::value::{
    any_of, boolean, environment, list, object, object_with_one, octal, one_of, or_variable, path,
    reference, set, some_int, text, time,
};

/// A map with one key, the step's.
pub(super) fn step() -> Value {
    let mut step = object(&steps::STEPS, &[], |key| {
        or_variable(match key {
            "launch" => launch(&[], &["id", "command"]),
            "again" => launch(&["launch"], &["id", "launch"]),
            "await" => simple(&steps::AWAIT, &["launch", "expect"], Some(Subject::Launch)),
            "adopt" => simple(&steps::ADOPT, &["id", "from"], Some(Subject::Process)),
            "check" => check(),
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
            "write" => before::file(),
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
        ("expect", Some(subject)) => reference(&of_name(subject)),
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
pub(super) fn claim() -> Value {
    let event = || reference(&of_name(Subject::Event));
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

fn launch(more: &[&str], required: &[&str]) -> Value {
    let keys = [more, &launch::STEP[..], &launch::BODY].concat();
    object(&keys, required, |key| match key {
        "id" | "launch" | "user" => text(),
        "background" | "terminal" => boolean(),
        "within" => time(),
        "expect" => reference(&of_name(Subject::Launch)),
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
fn check() -> Value {
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
                "properties": {"expect": reference(&of_name(subject(target)))},
            })
        })
        .collect();
    check["oneOf"] = json!(targets);
    check
}

pub(super) fn fault() -> Value {
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
