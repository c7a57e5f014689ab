//! One case, from its steps to its verdict.

use std::time::Duration;

use rstest::rstest;

use super::fake::{Beat, Script};
use super::ran::{ADOPT, after_launch, good, run, run_with, setting};
use crate::case::outcome::{FailureKind, Verdict};
use crate::case::setting::Setting;
use crate::case::stop::Stop;
use crate::world::event::End;
use crate::world::facts::SocketFacts;

#[test]
fn a_good_daemon_passes() {
    let steps = after_launch(ADOPT)
        + "  - check: {process: daemon, expect: {umask: \"0007\", parent: init}}\n"
        + "  - signal: {process: daemon, signal: TERM, expect: {gone: true, exit: 0}}\n"
        + "  - check: {sandbox: {}, expect: {count: 0}}\n";
    let ran = run(good(), &steps);
    assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
    assert!(ran.evidence.is_none(), "nobody asked for it");
    assert_eq!(
        ran.log,
        [
            "make a.yaml",
            "launch /opt/server -d",
            "signal 7 SIGTERM",
            "finish"
        ]
    );
    assert_eq!(
        ran.steps,
        [
            "launch `demo`",
            "adopt `daemon` from PID file `/run/x.pid`",
            "check process `daemon`",
            "send SIGTERM to `daemon`",
            "check sandbox",
        ]
    );
}

#[test]
fn a_wait_ends_with_what_was_seen_last() {
    let mut script = good();
    script.beats.push((400, Beat::File("/run/x.pid", "8\n")));
    let steps = after_launch(
        "  - check: {file: /run/x.pid, within: 1s, expect: {content: \"${demo.pid}\\n\"}}\n",
    );
    let ran = run(script, &steps);
    let [failure] = ran.failures() else {
        panic!("{:?}", ran.verdict);
    };
    assert_eq!(failure.kind, FailureKind::Expectation);
    assert_eq!((failure.line, failure.column), (4, 61));
    assert_eq!(failure.title, "file `/run/x.pid`: content");
    assert_eq!(failure.actual.as_deref(), Some("\"8\\n\""));
    let text = ran.text();
    assert!(text.contains("a.yaml:4:61"), "{text}");
    assert!(
        text.contains("waited 1s for it; this is what was seen last"),
        "{text}"
    );
    let evidence = ran.evidence.expect("it failed");
    assert_eq!(evidence.launches[0].id, "demo");
    assert_eq!(evidence.processes[0].pid, 7);
    assert!(!evidence.events.is_empty());
    assert_eq!(ran.log.last().map(String::as_str), Some("finish"));
}

#[test]
fn a_failed_step_is_the_last_one() {
    let steps = after_launch("  - check: {file: /no, within: 0s, expect: {exists: true}}\n")
        + "  - signal: {process: demo, signal: TERM}\n";
    let ran = run(good(), &steps);
    assert_eq!(ran.failures().len(), 1);
    assert_eq!(ran.log, ["make a.yaml", "launch /opt/server -d", "finish"]);
}

#[test]
fn an_end_that_is_known_is_not_waited_for() {
    let script = Script {
        on_signal: Some(End::Signal(2)),
        ..good()
    };
    let steps = after_launch(ADOPT)
        + "  - signal: {process: daemon, signal: INT, within: 1h, expect: {exit: 0}}\n";
    let ran = run(script, &steps);
    assert_eq!(ran.failures()[0].kind, FailureKind::Expectation);
    assert!(!ran.text().contains("was over"), "{}", ran.text());
}

#[test]
fn every_field_that_differs_is_told() {
    let steps = after_launch(ADOPT)
        + "  - check: {process: daemon, within: 0s, expect: {umask: \"0022\", session-leader: true, pid: daemon}}\n";
    let ran = run(good(), &steps);
    let titles: Vec<&str> = ran.failures().iter().map(|f| f.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "process `daemon`: umask",
            "process `daemon`: session-leader"
        ]
    );
}

#[rstest]
#[case::still_runs(Script { beats: Vec::new(), ..good() }, "expected to end within 2s, still runs")]
#[case::other_status(
    Script { beats: vec![(1, Beat::LauncherEnds("demo", End::Exit(3)))], ..good() },
    "got 3"
)]
#[case::killed(
    Script { beats: vec![(1, Beat::LauncherEnds("demo", End::Signal(10)))], ..good() },
    "got nothing"
)]
fn a_launcher_that_ends_otherwise_fails(#[case] script: Script, #[case] says: &str) {
    let ran = run(script, &after_launch(""));
    assert!(ran.text().contains(says), "{}", ran.text());
}

#[test]
fn output_after_the_end_still_counts() {
    let mut script = good();
    script.beats.push((15, Beat::Writes("demo", "not ")));
    script.beats.push((25, Beat::Writes("demo", "ready")));
    let steps = "  - launch: {id: demo, command: [x], expect: {stderr: {contains: not ready}}}\n";
    let ran = run(script, steps);
    assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
}

#[test]
fn the_cases_time_ends_a_wait() {
    let file = format!(
        "version: 1\ntimeout: 500ms\nsteps:\n{}",
        after_launch("  - check: {file: /no, within: 1h, expect: {exists: true}}\n")
    );
    let ran = run_with(good(), &file, &setting(), &Stop::default());
    assert_eq!(ran.failures()[0].kind, FailureKind::Timeout);
    let text = ran.text();
    assert!(
        text.contains("the case's time, 500ms, was over while it waited"),
        "{text}"
    );
    assert!(text.contains("got false"), "the last value: {text}");
}

#[test]
fn the_command_lines_time_overrules_the_files() {
    let file = format!(
        "version: 1\ntimeout: 1ms\nsteps:\n{}",
        after_launch("  - pause: {for: 300ms, reason: it is a test}\n")
    );
    let longer = Setting {
        timeout_for_all: Some(Duration::from_secs(1)),
        ..setting()
    };
    let ran = run_with(good(), &file, &longer, &Stop::default());
    assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
    let ran = run_with(good(), &file, &setting(), &Stop::default());
    assert_eq!(ran.failures()[0].kind, FailureKind::Timeout);
}

#[test]
fn what_the_world_cannot_do_fails_at_its_step() {
    let script = Script {
        missing_program: true,
        ..good()
    };
    let ran = run(script, &after_launch(""));
    let failure = &ran.failures()[0];
    assert_eq!((failure.kind, failure.line), (FailureKind::Step, 3));
    let text = ran.text();
    for part in [
        "launch `demo`",
        "ENOENT",
        "the script says so",
        "change the script",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[rstest]
#[case::no_world(Script { no_world: true, ..good() }, "make a world", &["make a.yaml"])]
#[case::endless(
    Script { endless: true, ..good() },
    "could not be ended",
    &["make a.yaml", "launch /opt/server -d", "finish"]
)]
fn a_world_that_does_not_work_is_no_verdict(
    #[case] script: Script,
    #[case] says: &str,
    #[case] log: &[&str],
) {
    let ran = run(script, &after_launch(""));
    let Verdict::Internal { message } = &ran.verdict else {
        panic!("{:?}", ran.verdict);
    };
    assert!(message.contains(says), "{message}");
    assert_eq!(ran.log, log);
}

#[test]
fn connections_are_tried_again() {
    let mut script = good();
    script.beats.push((
        300,
        Beat::Listens(SocketFacts {
            protocol: "tcp".to_owned(),
            address: "127.0.0.1:80".to_owned(),
            processes: vec![7],
        }),
    ));
    let steps = after_launch(
        "  - connect: {to: \"127.0.0.1:80\", send: \"pid ${demo.pid}\", expect: {text: PID 2}}\n",
    );
    let ran = run(script, &steps);
    assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
}

#[test]
fn evidence_reads_the_logs_that_are_known() {
    let mut script = good();
    script
        .beats
        .push((6, Beat::File("/run/x.log", "from the daemon\n")));
    script
        .beats
        .push((6, Beat::File("/run/y.log", "from the conf\n")));
    let steps = after_launch(
        "  - write: {path: /etc/c.yaml, content: \"error_log: /run/y.log\\n\"}\n  \
           - check: {file: /no, within: 0s, expect: {exists: true}}\n",
    );
    let ran = run(script, &steps);
    let evidence = ran.evidence.expect("it failed");
    let logs: Vec<&str> = evidence
        .logs
        .iter()
        .map(|log| log.content.as_str())
        .collect();
    assert_eq!(logs, ["from the daemon\n", "from the conf\n"]);
}

#[test]
fn a_stopped_case_says_what_it_was_doing() {
    let stop = Stop::default();
    stop.set();
    let file = format!(
        "version: 1\nsteps:\n{}",
        after_launch("  - check: {file: /no, within: 1h, expect: {exists: true}}\n")
    );
    let ran = run_with(good(), &file, &setting(), &stop);
    let Verdict::CutShort { doing } = &ran.verdict else {
        panic!("{:?}", ran.verdict);
    };
    assert_eq!(doing, "was at step 1 of 2: launch `demo`");
    assert_eq!(ran.log.last().map(String::as_str), Some("finish"));
}
