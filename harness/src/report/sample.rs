//! A run with every verdict, for the reporters' tests.

use std::path::PathBuf;
use std::time::Duration;

use crate::case::outcome::{Evidence, Failure, FailureKind, LaunchEvidence, LogEvidence, Verdict};
use crate::case::planned::CaseName;
use crate::run::event::{CaseReport, Earlier, RunEvent, Summary};
use crate::world::event::End;
use crate::world::facts::{Captured, LaunchFacts};

/// What failed, in colours.
pub fn failures() -> Vec<Failure> {
    vec![Failure {
        kind: FailureKind::Expectation,
        title: "process `daemon`: umask".to_owned(),
        line: 11,
        column: 22,
        expected: Some("\"0007\"".to_owned()),
        actual: Some("\"0022\"".to_owned()),
        text: "\x1b[31merror\x1b[0m: process `daemon`: umask\n  --> a.yaml:11:22\n".to_owned(),
        events: Vec::new(),
    }]
}

/// What was seen then.
pub fn seen() -> Evidence {
    Evidence {
        launches: vec![LaunchEvidence {
            id: "demo".to_owned(),
            facts: LaunchFacts {
                pid: 3,
                end: Some(End::Exit(1)),
                duration: Duration::from_millis(204),
                stderr: Captured {
                    head: "no <such> user\n".to_owned(),
                    ..Captured::default()
                },
                ..LaunchFacts::default()
            },
        }],
        logs: vec![LogEvidence {
            path: "/run/labd.log".into(),
            content: "started\n".to_owned(),
        }],
        ..Evidence::default()
    }
}

/// A case that passed at its second try.
pub fn flaky() -> RunEvent {
    RunEvent::CaseFinished(Box::new(CaseReport {
        case: CaseName {
            id: "a.yaml::flaky".to_owned(),
            world: crate::world::WorldKind::Real,
            file: "a.yaml".into(),
            line: 9,
        },
        verdict: Verdict::Passed,
        duration: Duration::from_millis(250),
        earlier: vec![Earlier {
            failures: failures(),
            duration: Duration::from_millis(300),
        }],
        evidence: None,
        explored: None,
    }))
}

/// Every verdict, in the order of their declaration, each in a case of its own.
pub fn verdicts() -> Vec<(&'static str, Verdict)> {
    let text = str::to_owned;
    vec![
        ("passed", Verdict::Passed),
        (
            "failed",
            Verdict::Failed {
                failures: failures(),
            },
        ),
        (
            "deviates",
            Verdict::FailedAsDeclared {
                reason: text("it writes 0660"),
                failures: failures(),
            },
        ),
        (
            "unexpected",
            Verdict::PassedUnexpectedly {
                reason: text("it writes 0660"),
                declared: text("peer.yaml:3"),
            },
        ),
        (
            "skipped",
            Verdict::Skipped {
                reason: text("requires subuid: no range"),
            },
        ),
        (
            "missing",
            Verdict::Missing {
                reason: text("requires subuid: no range\n  = help: add one"),
            },
        ),
        (
            "internal",
            Verdict::Internal {
                message: text("cannot make a sandbox"),
            },
        ),
        (
            "cut-short",
            Verdict::CutShort {
                doing: text("waited for the umask"),
            },
        ),
        ("not-run", Verdict::NotRun),
    ]
}

/// The whole run.
pub fn run() -> Vec<RunEvent> {
    let cases = verdicts();
    let mut events = vec![RunEvent::RunStarted {
        target: "/opt/labd".into(),
        cases: cases.len(),
        files: 1,
        filtered_out: 2,
        jobs: 2,
    }];
    let mut summary = Summary {
        duration: Duration::from_millis(1500),
        ..Summary::default()
    };
    for (line, (name, verdict)) in (1..).zip(cases) {
        let case = CaseName {
            id: format!("a.yaml::{name}"),
            world: crate::world::WorldKind::Real,
            file: PathBuf::from("a.yaml"),
            line,
        };
        summary.count(&verdict);
        events.push(RunEvent::CaseStarted { case: case.clone() });
        events.push(RunEvent::StepStarted {
            id: case.id.clone(),
            step: 1,
            steps: 2,
            what: "launch `demo`".to_owned(),
        });
        events.push(RunEvent::Exploring {
            id: case.id.clone(),
            schedules: 12,
            most: 200,
        });
        let evidence = matches!(verdict, Verdict::Failed { .. }).then(seen);
        events.push(RunEvent::CaseFinished(Box::new(CaseReport {
            case,
            verdict,
            duration: Duration::from_millis(250),
            earlier: Vec::new(),
            evidence,
            explored: None,
        })));
    }
    events.push(RunEvent::Interrupted {
        signal: "SIGINT".to_owned(),
    });
    events.push(RunEvent::RunFinished { summary });
    events
}
