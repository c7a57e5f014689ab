//! Real programs: each mistake of a start breaks exactly what it should, in the
//! report too.

use std::process::Command;

use rstest::rstest;
use serde_json::Value;

use crate::c_programs;
use crate::cli_common::{Lab, executable};

/// Everything that is expected of a start, an expectation a line.
const START: &str = "\
version: 1
cases: [{name: a, mistake: MISTAKE}]
sandbox: {users: {svc: 1000}}
files:
  - {path: /run/log.1, content: \"\"}
  - {path: /run/log, symlink: log.1}
steps:
  - launch: {id: start, command: [\"${scenario.dir}/start\", \"${mistake}\"], expect: {exit: 0}}
  - adopt: {id: daemon, from: {name: start}, expect: {uid: 1000}}
  - check: {file: /run/d.pid, expect: {content: \"${daemon.pid}\\n\"}}
  - events:
      launch: start
      within: 1s
      expect:
        - order: [{call: setsid}, {call: open, path: \"/run/*d.pid\", result: ok}]
        - order: [{call: setgroups}, {call: setgid}, {call: setuid}]
        - order: [{call: listen}, {call: kill, signal: USR1}]
        - order: [{last: {call: [write, rename], path: /run/d.pid}}, {kind: exit, role: launcher}]
        - never: {call: open, through-link: true}
        - never: {call: write, path: /run/d.pid}
        - never: {call: kill, signal: USR1, target: {not: start}}
        - {count: {call: kill, signal: USR1, target: start}, exactly: 1}
";

/// The line of the first expectation.
const FIRST: u64 = 15;

fn lab(scenario: &str) -> Lab {
    let lab = Lab::new(&[("start.yaml", scenario)]);
    c_programs::compile("events/start.c", &lab.path("start"), &[]);
    lab
}

/// What the report says of the one case.
fn finished(lab: &Lab) -> Value {
    let text = lab.read("run.jsonl");
    let mut events = text.lines().map(|line| {
        let event: Value = serde_json::from_str(line).expect("each line is JSON");
        event
    });
    events
        .rfind(|event| event["event"] == "case-finished")
        .expect("a case has finished")
}

/// The lines that failed, and the calls that each is about.
fn failures(finished: &Value) -> Vec<(u64, Vec<String>)> {
    let failures = finished["failures"].as_array().cloned().unwrap_or_default();
    failures
        .iter()
        .map(|failure| {
            let events = failure["events"].as_array().expect("it is about events");
            let what = |event: &Value| match event["what"]["call"]["call"]["shown"].as_str() {
                Some(call) => call.to_owned(),
                None => format!("{}", event["what"]),
            };
            let line = failure["line"].as_u64().expect("it has a line");
            (line, events.iter().map(what).collect())
        })
        .collect()
}

#[rstest]
#[case::none("none", None, &[])]
#[case::pid_file_first("pid-file-first", Some(0), &["setsid", "/run/.d.pid"])]
#[case::gid_first("gid-first", Some(1), &["setgroups", "setresgid"])]
#[case::signal_first("signal-first", Some(2), &["listen", "kill"])]
#[case::early_exit("early-exit", Some(3), &["rename", "exited"])]
#[case::through_link("through-link", Some(4), &["/run/log\""])]
#[case::partial("partial", Some(5), &["write", "write"])]
#[case::stranger("stranger", Some(6), &["kill(1, SIGUSR1)"])]
#[case::twice("twice", Some(7), &["kill", "kill"])]
fn a_mistake_breaks_what_it_should(
    #[case] mistake: &str,
    #[case] broken: Option<u64>,
    #[case] calls: &[&str],
) {
    let lab = lab(&START.replace("MISTAKE", mistake));
    let output = lab
        .daemonlab(&[
            "run",
            "start.yaml",
            "--require",
            "all",
            "--report-json",
            "run.jsonl",
        ])
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let finished = finished(&lab);
    let verdict = match broken {
        None => "passed",
        Some(_) => "failed",
    };
    assert_eq!(finished["verdict"], verdict, "{told}");
    let found = failures(&finished);
    let lines: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(
        lines,
        Vec::from_iter(broken.map(|nth| FIRST + nth)),
        "{told}"
    );
    for (_, events) in found {
        assert_eq!(events.len(), calls.len(), "{events:#?}");
        for (event, call) in events.iter().zip(calls) {
            assert!(event.contains(call), "{events:#?}");
        }
    }
}

/// Of a program that does more than is kept, nothing is claimed but what was heard.
#[test]
fn what_was_lost_is_no_proof() {
    let lab = lab("\
version: 1
steps:
  - launch: {id: start, command: [\"${scenario.dir}/start\", busy], within: 50s, expect: {exit: 0}}
  - events:
      launch: start
      within: 0s
      expect:
        - never: {call: setsid}
        - {count: {call: umask}, at-least: 9000}
");
    let output = lab
        .daemonlab(&["run", "start.yaml", "--report-json", "run.jsonl"])
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let finished = finished(&lab);
    let failures = finished["failures"].as_array().expect("it has failed");
    assert_eq!(failures.len(), 1, "{told}");
    assert_eq!(failures[0]["line"], 8, "{told}");
    assert!(
        told.contains("events were lost, so this cannot be judged"),
        "{told}"
    );
}

/// Where nothing can be traced the case is skipped, and a failure if it must not be.
#[rstest]
#[case::skipped(&[], 5, "start.yaml: requires `ptrace`: ", "0 passed, 0 failed, 1 skipped")]
#[case::required(&["--require", "ptrace"], 5, "it requires `ptrace`, which is missing here: ", "0 passed, 1 failed, 0 skipped")]
fn without_a_tracer_nothing_passes(
    #[case] more: &[&str],
    #[case] status: i32,
    #[case] reason: &str,
    #[case] end: &str,
) {
    // No user besides root, so that nothing else is missing.
    let lab = lab("\
version: 1
steps:
  - launch: {id: start, command: [/bin/true], expect: {exit: 0}}
  - events: {launch: start, expect: [{never: {call: setsid}}]}
");
    c_programs::compile("doctor/filtered.c", &lab.path("filtered"), &[]);
    let output = Command::new(lab.path("filtered"))
        .arg(format!("{}:{}", nix::libc::SYS_ptrace, nix::libc::EPERM))
        .arg("--")
        .arg(executable())
        .args(["run", "start.yaml"])
        .args(more)
        .current_dir(lab.path("."))
        .env_remove("DAEMONLAB_REQUIRE")
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(status), "{told}");
    assert!(told.contains(reason) && told.contains(end), "{told}");
}
