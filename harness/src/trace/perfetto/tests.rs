//! The events of a trace, read back.

use super::super::sample;
use super::*;

fn traced() -> Value {
    let mut bytes = Vec::new();
    let mut trace = Perfetto::new(&mut bytes);
    trace
        .begun(&sample::begun())
        .expect("a vector takes everything");
    for happening in sample::happenings() {
        trace
            .happened(&happening)
            .expect("a vector takes everything");
    }
    trace
        .finished(&sample::finished())
        .expect("a vector takes everything");
    serde_json::from_slice(&bytes).expect("it is JSON")
}

/// From where to where each arrow goes, and when, in microseconds.
fn arrows(trace: &Value) -> Vec<(String, i64, i64, f64, f64)> {
    let events = trace["traceEvents"].as_array().expect("it is a list");
    let ends = |phase: &'static str| events.iter().filter(move |event| event["ph"] == phase);
    let mut all: Vec<_> = ends("s")
        .map(|from| {
            let to = ends("f")
                .find(|to| to["id"] == from["id"])
                .expect("it ends");
            let tid = |event: &Value| event["tid"].as_i64().expect("a number");
            let ts = |event: &Value| event["ts"].as_f64().expect("a number");
            let name = from["name"].as_str().expect("text").to_owned();
            (name, tid(from), tid(to), ts(from), ts(to))
        })
        .collect();
    all.sort_by(|a, b| a.3.total_cmp(&b.3));
    all
}

#[test]
fn arrows_go_from_makers_and_senders() {
    let expected = [
        ("makes a process", 2, 3, 3000.0, 3000.001),
        ("makes a thread", 3, 4, 4000.0, 4000.001),
        // From the thread that has sent it, and not from a call that sent it
        // to somebody else, or failed, before.
        ("SIGUSR1", 4, 2, 7000.0, 8000.001),
    ];
    let expected = expected.map(|(name, a, b, c, d)| (name.to_owned(), a, b, c, d));
    assert_eq!(arrows(&traced()), expected);
}

#[test]
fn a_call_is_a_slice_with_its_arguments() {
    let trace = traced();
    let events = trace["traceEvents"].as_array().expect("it is a list");
    let write = events.iter().find(|event| event["name"] == "write");
    assert_eq!(
        *write.expect("it is there"),
        json!({
            "ph": "B", "ts": 4000.0, "pid": 3, "tid": 3, "name": "write", "cat": "call",
            "args": {
                "call": "write(3, \"3\\n\")", "result": "2", "object": "/run/a.pid",
                "paths": ["/run/a.pid"],
            },
        })
    );
    let called = events.iter().find(|event| event["name"] == "process_name");
    assert_eq!(
        called.expect("it is there")["args"]["name"],
        "launcher a (0)"
    );
}
