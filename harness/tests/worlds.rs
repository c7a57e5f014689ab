//! The same scenarios in both worlds.

mod cli_common;

use std::collections::BTreeMap;
use std::path::Path;

use cli_common::Lab;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, ends_with};
use serde_json::Value;

/// What the simulated world cannot run of the packs, and why.
const NOT_SIMULATED: &[(&str, &str)] = &[
    ("hygiene/limits.yaml", "it has no resource limits"),
    ("hygiene/no_room.yaml", "no program `bash`"),
    ("hygiene/streams.yaml", "no program `bash`"),
    ("lifecycle/hundred_restarts.yaml", "no program `bash`"),
    ("lifecycle/in_flight.yaml", "no program `bash`"),
    ("privileges/inheritable.yaml", "no program `setpriv`"),
    ("systemd/notify.yaml", "no program `perl`"),
    ("systemd/notify_foreground.yaml", "no program `perl`"),
    ("systemd/notify_not_ready.yaml", "no program `perl`"),
    ("upgrade/never_refused.yaml", "no program `bash`"),
];

/// What became of a case: how it ended, and the reason of a skip.
type Verdict = (String, String);

/// The verdicts of a run, by the id of the case and by the world.
fn verdicts(args: &[&str]) -> BTreeMap<(String, String), Verdict> {
    let lab = Lab::new(&[]);
    let mut all = vec!["run", "--report-json", "run.jsonl"];
    all.extend(args);
    let run = lab.daemonlab(&all).output().expect("it can be started");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
    let text = lab.read("run.jsonl");
    let events = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("each line is JSON"));
    let finished = events.filter(|event| event["event"] == "case-finished");
    finished
        .map(|event| {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            let world = event["world"].as_str().unwrap_or("real").to_owned();
            let id = text("id");
            let id = id.strip_suffix(" [sim]").unwrap_or(&id).to_owned();
            ((id, world), (text("verdict"), text("reason")))
        })
        .collect()
}

fn packs() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    root.to_string_lossy().into_owned()
}

#[test]
fn a_case_that_runs_in_both_worlds_ends_alike() {
    let verdicts = verdicts(&["--world", "both", &packs()]);
    let mut both = 0;
    let mut skipped = Vec::new();
    for ((id, world), (status, reason)) in &verdicts {
        if world != "sim" {
            continue;
        }
        let (real, _) = &verdicts[&(id.clone(), "real".to_owned())];
        match status.as_str() {
            "skipped" => skipped.push((id, reason)),
            _ if real == "skipped" => assert!(
                id.contains("default_timeouts"),
                "{id} does not run in the real world"
            ),
            status => {
                both += 1;
                assert_eq!(status, real, "{id}");
            }
        }
    }
    assert!(both > 150, "{both}");
    for (id, reason) in &skipped {
        let known = NOT_SIMULATED
            .iter()
            .any(|(file, why)| id.contains(file) && reason.contains(why));
        assert!(known, "{id}: {reason}");
    }
    for (file, _) in NOT_SIMULATED {
        let there = skipped.iter().any(|(id, _)| id.contains(file));
        assert!(there, "{file} runs in the simulated world now");
    }
}

const STARTS: &str = "version: 1
steps:
  - launch: {id: start, command: [\"${target}\", -d], within: 5s, expect: {exit: 0}}
";

fn run(text: &str, args: &[&str]) -> assert_cmd::assert::Assert {
    let lab = Lab::new(&[("a.yaml", text)]);
    let mut all = vec!["run", "a.yaml"];
    all.extend(args);
    lab.daemonlab(&all).assert()
}

#[test]
fn a_target_that_is_not_registered_is_skipped_unless_that_is_forbidden() {
    let other = ["--world", "sim", "--target", "/bin/sh"];
    // Nothing has run, which is no success.
    run(STARTS, &other)
        .code(5)
        .stdout(contains("sh` is registered there"))
        .stdout(contains("0 passed, 0 failed, 1 skipped"));
    let other = ["--world", "sim", "--target", "/bin/sh", "--require", "sim"];
    run(STARTS, &other)
        .code(5)
        .stdout(contains("the simulated world cannot run it"))
        .stdout(contains("0 passed, 1 failed, 0 skipped"));
}

#[test]
fn an_expectation_that_does_not_hold_fails_there_too_and_says_how_to_run_it_again() {
    run(&STARTS.replace("exit: 0", "exit: 7"), &["--world", "sim"])
        .code(1)
        .stdout(contains("expected 7, got 0"))
        .stdout(contains("a.yaml [sim]"))
        .stdout(contains("run a.yaml --world sim --exact 'a.yaml'"));
}

#[test]
fn a_fault_that_never_fires_fails_there_too() {
    let text = STARTS.replace(
        "within: 5s",
        "faults: [{role: daemon, call: kill, nth: 1, errno: EPERM}], within: 5s",
    );
    run(&text, &["--world", "sim"])
        .code(1)
        .stdout(contains("it never fired"));
}

#[test]
fn what_the_simulated_kernel_does_not_have_is_named() {
    let fifo = STARTS.replace("steps:", "files: [{path: /run/fifo, fifo: true}]\nsteps:");
    run(&fifo, &["--world", "sim"])
        .code(5)
        .stdout(contains("it has no FIFOs"));
    let call = STARTS.replace(
        "within: 5s",
        "faults: [{role: daemon, call: nanosleep, nth: 1, errno: EINTR}], within: 5s",
    );
    run(&call, &["--world", "sim"])
        .code(5)
        .stdout(contains("it has no call `nanosleep`"));
    let limited = STARTS.replace("within: 5s", "limits: {nofile: 64}, within: 5s");
    let adopt = "  - adopt: {id: d, from: {pid-file: /run/lab.pid}";
    let limits = "limits: {nofile: {ge: 64}}";
    for looks in [
        limited,
        format!("{STARTS}{adopt}, expect: {{{limits}}}}}\n"),
        format!("{STARTS}{adopt}}}\n  - check: {{process: d, expect: {{{limits}}}}}\n"),
    ] {
        run(&looks, &["--world", "sim"])
            .code(5)
            .stdout(contains("it has no resource limits"));
    }
    for (event, why) in [
        (
            "{call: mount}",
            "it has no call `mount`, which an expectation",
        ),
        ("{kind: signal}", "no delivered signal is told"),
    ] {
        let events =
            format!("{STARTS}  - events: {{launch: start, expect: [{{never: {event}}}]}}\n");
        run(&events, &["--world", "sim"])
            .code(5)
            .stdout(contains(why));
    }
}

#[test]
fn events_are_told_in_both_worlds() {
    let with = |expect: &str| {
        format!("{STARTS}  - events: {{launch: start, within: 0s, expect: [{expect}]}}\n")
    };
    let holds = with(
        "{order: [{call: setsid}, {call: rename, to: /tmp/pingora.pid}, {kind: exit, role: launcher}]}, \
         {count: {kind: fork}, exactly: 2}, {never: {call: kill, signal: KILL}}",
    );
    run(&holds, &["--world", "both"])
        .code(0)
        .stdout(ends_with("\n2 passed, 0 failed, 0 skipped\n"));
    let broken = with("{order: [{call: rename, to: /tmp/pingora.pid}, {call: setsid}]}");
    run(&broken, &["--world", "both"])
        .code(1)
        .stdout(
            contains("expected after {call: rename, to: /tmp/pingora.pid}, came before").count(4),
        )
        .stdout(ends_with("\n0 passed, 2 failed, 0 skipped\n"));
}

#[test]
fn a_case_is_listed_once_for_each_world() {
    let lab = Lab::new(&[("a.yaml", STARTS)]);
    // Filters go by the id, which is the same in both.
    for args in [&["a.yaml"][..], &["--exact", "a.yaml", "a.yaml"]] {
        let mut all = vec!["list", "--world", "both"];
        all.extend(args);
        lab.daemonlab(&all)
            .assert()
            .success()
            .stdout("a.yaml\na.yaml [sim]\n");
    }
}

#[test]
fn hours_of_virtual_time_cost_nothing() {
    let text = "version: 1
requires: [virtual-time]
timeout: 100h
steps:
  - pause: {for: 90h, reason: it costs nothing}
  - check: {sandbox: {}, within: 0s, expect: {count: 0}}
";
    run(text, &["--world", "sim"])
        .success()
        .stdout(contains("1 passed"));
    // The real world would have to wait, so that it is carried out there in any case.
    for args in [
        &[][..],
        &["--require", "virtual-time"],
        &["--world", "real"],
    ] {
        run(text, args)
            .success()
            .stdout(contains("a.yaml [sim]"))
            .stdout(contains("1 passed"));
    }
}

/// Who does not wait for readiness cannot count on an answer: the usual
/// schedule hides it.
const RACE: &str = "version: 1
steps:
  - launch: {id: start, command: [\"${target}\", -d], within: 5s, expect: {exit: 0}}
  - check: {socket: \"127.0.0.1:8080\", within: 0s, expect: {listening: true}}
";

#[test]
fn a_race_that_the_usual_schedule_hides_is_explored_shrunk_and_shown() {
    run(RACE, &["--world", "sim"]).success();
    run(RACE, &["--world", "sim", "--explore"])
        .code(1)
        .stdout(contains("expected true, got false"))
        .stdout(contains("shrunk from"))
        // One preemption is all that it takes.
        .stdout(contains("choices to 1,").or(contains("choice to 1,")))
        .stdout(contains("exit_group(0)"))
        .stdout(contains("--world sim --explore=1 --exact 'a.yaml'"));
}

#[test]
fn what_is_explored_the_same_way_twice_is_told_the_same_way() {
    let tell = || {
        let output = run(RACE, &["--world", "sim", "--explore"])
            .get_output()
            .clone();
        let text = String::from_utf8(output.stdout).expect("it is text");
        let from = text.find("= schedule").expect("it has one");
        let to = text.find("rerun:").expect("it has one");
        text[from..to].to_owned()
    };
    assert_eq!(tell(), tell());
}

#[test]
fn a_start_that_waits_for_readiness_holds_on_every_schedule() {
    let text = "version: 1
files:
  - {path: /run/lab.yaml, content: \"version: 1\\ndaemon_wait_for_ready: true\\n\"}
steps:
  - launch: {id: start, command: [\"${target}\", -d, -c, /run/lab.yaml], within: 5s, expect: {exit: 0}}
  - check: {socket: \"127.0.0.1:8080\", within: 0s, expect: {listening: true}}
";
    run(text, &["--world", "sim", "--explore"])
        .success()
        .stdout(contains("schedules with at most 1 preemption\n").and(contains(": all ")));
}

#[test]
fn both_worlds_are_explored_by_the_same_words() {
    let args = ["--world", "both", "--explore=1", "--explore-runs", "3"];
    let text = "version: 1
steps:
  - launch: {id: start, command: [\"${target}\", -t], expect: {exit: 0}}
";
    run(text, &args)
        .success()
        .stdout(contains("a.yaml: all 1 schedule with at most 1 preemption"))
        .stdout(contains(
            "a.yaml [sim]: all 1 schedule with at most 1 preemption",
        ));
}
