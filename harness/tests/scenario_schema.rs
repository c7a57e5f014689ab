//! The JSON Schema of scenario files: it is current, and it takes what the
//! reader takes.

mod cli_common;

use std::fs;
use std::path::{Path, PathBuf};

use boon::{Compiler, SchemaIndex, Schemas};
use cli_common::Lab;
use rstest::rstest;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn compiled() -> (Schemas, SchemaIndex) {
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler
        .add_resource("scenario.json", daemonlab_harness::scenario::schema())
        .expect("it is a resource");
    let index = compiler
        .compile("scenario.json", &mut schemas)
        .unwrap_or_else(|error| panic!("{error:#}"));
    (schemas, index)
}

#[test]
fn what_is_checked_in_is_current_and_what_the_command_prints() {
    let current = format!("{:#}\n", daemonlab_harness::scenario::schema());
    let written = fs::read_to_string(root().join("schema/scenario.v1.json")).expect("it is there");
    assert!(
        written == current,
        "renew it with: cargo run -- schema > schema/scenario.v1.json"
    );
    Lab::new(&[])
        .daemonlab(&["schema"])
        .assert()
        .code(0)
        .stdout(current);
}

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_scenario_is_valid_by_it() {
    let (schemas, index) = compiled();
    let mut files = Vec::new();
    scenarios(&root().join("scenarios"), &mut files);
    scenarios(&root().join("harness/templates"), &mut files);
    files.push(root().join("harness/tests/scenario_everything.yaml"));
    assert!(files.len() > 10, "{files:?}");
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("it can be read");
        // A profile, not a scenario.
        if text.contains("\ndeviations:") {
            continue;
        }
        let value: Value = serde_saphyr::from_str(&text).expect("it is YAML");
        if let Err(error) = schemas.validate(&value, index) {
            wrong.push(format!("{}: {error:#}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[rstest]
#[case::unknown_key(json!({"version": 1, "step": []}))]
#[case::no_steps(json!({"version": 1}))]
#[case::other_version(json!({"version": 2, "steps": [{"hang-up": {"launch": "a"}}]}))]
#[case::two_steps_in_one(json!({"version": 1, "steps": [{"hang-up": {"launch": "a"}, "pause": {"for": "1s", "reason": "x"}}]}))]
#[case::unknown_field(json!({"version": 1, "steps": [{"check": {"process": "a", "expect": {"umaks": "0022"}}}]}))]
#[case::field_of_another_subject(json!({"version": 1, "steps": [{"check": {"file": "/a", "expect": {"umask": "0022"}}}]}))]
#[case::operator_that_does_not_fit(json!({"version": 1, "steps": [{"check": {"process": "a", "expect": {"alive": {"lt": true}}}}]}))]
#[case::two_actions(json!({"version": 1, "steps": [{"launch": {"id": "a", "command": ["a"], "expect": {"exit": 0},
    "faults": [{"role": "any", "call": "setsid", "errno": "EPERM", "kill": true}]}}]}))]
#[case::mode_as_a_number(json!({"version": 1, "steps": [{"write": {"path": "/a", "content": "", "mode": 644}}]}))]
#[case::time_without_unit(json!({"version": 1, "timeout": 3, "steps": [{"hang-up": {"launch": "a"}}]}))]
fn what_the_reader_refuses_it_refuses(#[case] scenario: Value) {
    let (schemas, index) = compiled();
    assert!(schemas.validate(&scenario, index).is_err());
    let text = scenario.to_string();
    let read = daemonlab_harness::scenario::parse("a.yaml", &text, Path::new("/"));
    assert!(read.is_err(), "the reader takes it: {text}");
}
