//! One case, from its steps to its verdict.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;

use super::fake::{Beat, FakeMaker, Log, Script};
use crate::run::case;
use crate::run::event::RunEvent;
use crate::run::outcome::{Evidence, Failure, FailureKind, Verdict, plain};
use crate::run::plan::{Fate, Gather, Planned, Setting, TIMEOUT, Target};
use crate::run::stop::Stop;
use crate::scenario;
use crate::world::event::End;
use crate::world::facts::{ProcessFacts, SocketFacts};

/// A launcher that exits 0 after 10 ms, when its daemon is there; the PID file
/// follows at 30 ms.
fn good() -> Script {
    Script {
        beats: vec![
            (5, Beat::Process(Box::new(daemon()))),
            (10, Beat::LauncherEnds("demo", End::Exit(0))),
            (30, Beat::File("/run/x.pid", "7\n")),
        ],
        on_signal: Some(End::Exit(0)),
        ..Script::default()
    }
}

fn daemon() -> ProcessFacts {
    ProcessFacts {
        pid: 7,
        parent: 1,
        session: 6,
        group: 6,
        name: "server".to_owned(),
        command: vec!["server".to_owned()],
        state: 'S',
        umask: 0o007,
        descriptors: [(2, "/run/x.log".to_owned())].into(),
        ..ProcessFacts::default()
    }
}

/// The steps of a case, below a launch that is waited for.
fn after_launch(steps: &str) -> String {
    format!(
        "  - launch: {{id: demo, command: [\"${{target}}\", -d], within: 2s, expect: {{exit: 0}}}}\n{steps}"
    )
}

struct Ran {
    verdict: Verdict,
    evidence: Option<Evidence>,
    log: Vec<String>,
    steps: Vec<String>,
}

impl Ran {
    fn failures(&self) -> &[Failure] {
        match &self.verdict {
            Verdict::Failed { failures } => failures,
            other => panic!("it did not fail: {other:?}"),
        }
    }

    fn text(&self) -> String {
        plain(self.failures())
    }
}

fn setting() -> Setting {
    Setting {
        target: Target {
            path: "/opt/server".into(),
            binds: Vec::new(),
        },
        timeout: TIMEOUT,
        timeout_for_all: None,
        gather: Gather::OnFailure,
    }
}

fn run(script: Script, steps: &str) -> Ran {
    run_with(
        script,
        &format!("version: 1\nsteps:\n{steps}"),
        &setting(),
        &Stop::default(),
    )
}

fn run_with(script: Script, file: &str, setting: &Setting, stop: &Stop) -> Ran {
    let scenario = scenario::parse("a.yaml", file, Path::new("/scenarios"))
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let planned = Planned {
        case: scenario.cases[0].clone(),
        fate: Fate::Run,
        deviation: None,
    };
    let log = Log::default();
    let mut maker = FakeMaker {
        script,
        log: Arc::clone(&log),
    };
    let mut steps = Vec::new();
    let (verdict, evidence) = case::run(&planned, setting, &mut maker, stop, &mut |event| {
        if let RunEvent::StepStarted { what, .. } = event {
            steps.push(what);
        }
    });
    let log = log.lock().expect("nobody panicked with it").clone();
    Ran {
        verdict,
        evidence,
        log,
        steps,
    }
}

const ADOPT: &str = "  - adopt: {id: daemon, from: {pid-file: /run/x.pid}, within: 1s}\n";

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

const FAULTS: &str = "  - launch:
      id: demo
      command: [x]
      faults:
        - {label: held, role: daemon, call: kill, nth: 2, delay: 1s}
        - {label: seen, role: daemon, call: kill, watch: true}
      expect: {exit: 0}
";

#[rstest]
#[case::never(0, &["fault `held` of launch `demo`", "fault `seen` of launch `demo`"])]
#[case::one_call_too_few(1, &["fault `held` of launch `demo`"])]
#[case::fired(2, &[])]
fn a_fault_that_never_fired_fails(#[case] calls: usize, #[case] titles: &[&str]) {
    let mut script = good();
    for _ in 0..calls {
        script.beats.push((6, Beat::Matches("demo", "held")));
        script.beats.push((6, Beat::Matches("demo", "seen")));
    }
    let ran = run(script, FAULTS);
    if titles.is_empty() {
        assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
        return;
    }
    let found: Vec<&str> = ran.failures().iter().map(|f| f.title.as_str()).collect();
    assert_eq!(found, titles);
    assert_eq!(ran.failures()[0].kind, FailureKind::Fault);
    assert_eq!(ran.failures()[0].line, 7);
}

#[test]
fn a_watch_that_is_checked_may_see_nothing() {
    let steps = FAULTS.replace("nth: 2, delay: 1s", "watch: true")
        + "  - check: {fault: held, expect: {matched: 0}}\n"
        + "  - check: {fault: seen, expect: {matched: 0}}\n";
    let ran = run(good(), &steps);
    assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
}

#[test]
fn a_failure_names_the_faults_that_have_not_fired() {
    let steps = FAULTS.replace("exit: 0", "exit: 1");
    let ran = run(good(), &steps);
    assert_eq!(ran.failures()[0].kind, FailureKind::Expectation);
    let text = ran.text();
    assert!(
        text.contains("fault `held` of launch `demo` has not fired"),
        "{text}"
    );
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

#[rstest]
#[case::name("{name: server}")]
#[case::session("{session-of: first}")]
#[case::socket("{socket: \"127.0.0.1:80\"}")]
fn a_process_is_found_by(#[case] from: &str) {
    let mut script = good();
    let first = ProcessFacts {
        pid: 6,
        name: "first".to_owned(),
        ..daemon()
    };
    script.beats.push((1, Beat::Process(Box::new(first))));
    script.beats.push((
        9,
        Beat::Listens(SocketFacts {
            protocol: "tcp".to_owned(),
            address: "127.0.0.1:80".to_owned(),
            processes: vec![7],
        }),
    ));
    let steps = after_launch("  - adopt: {id: first, from: {name: first}}\n")
        + &format!("  - adopt: {{id: daemon, from: {from}, expect: {{pid: 7, alive: true}}}}\n");
    let ran = run(script, &steps);
    assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
}

#[test]
fn a_session_outlives_its_leader() {
    let mut script = good();
    let leader = ProcessFacts {
        pid: 6,
        name: "leader".to_owned(),
        ..daemon()
    };
    script.beats.push((1, Beat::Process(Box::new(leader))));
    script.beats.push((200, Beat::Ends(6, End::Exit(0))));
    let steps = after_launch("  - adopt: {id: leader, from: {name: leader}}\n")
        + "  - check: {process: leader, expect: {exists: false}}\n"
        + "  - adopt: {id: daemon, from: {session-of: leader}, expect: {pid: 7}}\n";
    let ran = run(script, &steps);
    assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
}

#[test]
fn two_that_answer_are_one_too_many() {
    let mut script = good();
    let twin = ProcessFacts { pid: 8, ..daemon() };
    script.beats.push((1, Beat::Process(Box::new(twin))));
    let steps = after_launch("  - adopt: {id: daemon, from: {name: server}, within: 100ms}\n");
    let ran = run(script, &steps);
    let text = ran.text();
    assert!(
        text.contains("found more than one: [\"7 server\", \"8 server\"]"),
        "{text}"
    );
}

#[test]
fn a_zombie_is_nobodys_daemon() {
    let mut script = good();
    let zombie = ProcessFacts {
        state: 'Z',
        ..daemon()
    };
    script.beats.push((6, Beat::Process(Box::new(zombie))));
    let ran = run(script, &after_launch(ADOPT));
    assert!(
        ran.text().contains("found nobody: \"7\\n\""),
        "{}",
        ran.text()
    );
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
