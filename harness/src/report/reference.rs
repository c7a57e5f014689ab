//! The JSON report's reference in the manual, held against the code: every
//! field that a run can write is a row of a table there, with its type, and
//! every row is a field.

use std::time::Duration;

use super::Reporter;
use super::json::Json;
use super::manual::{Shape, check};
use super::sample;
use crate::case::outcome::{Evidence, Verdict};
use crate::explore::regression::{Explored, Limit};
use crate::run::event::RunEvent;
use crate::world::WorldKind;
use crate::world::event::{End, Event, What};
use crate::world::facts::{Captured, LaunchFacts, ProcessFacts};
use crate::world::limits::{self, Bound, Resource};

const MANUAL: &str = include_str!("../../../docs/src/json-report.md");

const SHAPE: Shape = Shape {
    maps: &[
        "descriptors",
        "environment",
        "limits",
        "matched",
        "matched_at",
    ],
    // Events of a world are those of a trace, whose manual has their fields.
    open: &[
        "evidence.events[].what",
        "failures[].events[].what",
        "earlier[].failures[].events[].what",
    ],
};

/// A run in which every field is there.
fn everything() -> Vec<RunEvent> {
    let mut run = sample::run();
    let end = run.len() - 1;
    run.insert(end, sample::flaky());
    for event in &mut run {
        if let RunEvent::CaseStarted { case } = event {
            case.world = WorldKind::Sim;
        }
        let RunEvent::CaseFinished(report) = event else {
            continue;
        };
        for failure in report
            .earlier
            .iter_mut()
            .flat_map(|try_| &mut try_.failures)
        {
            failure.events = vec![happened()];
        }
        if let Verdict::Failed { failures } = &mut report.verdict {
            failures[0].events = vec![happened()];
            report.case.world = WorldKind::Sim;
            report.explored = Some(Explored {
                schedules: 2,
                preemptions: 1,
                complete: false,
                used_up: Some(Limit::Schedules),
                rounds: Some(3),
                cut: 1,
                drawn: 1,
            });
            report.evidence = Some(full(report.evidence.take().unwrap_or_default()));
        }
    }
    run
}

fn happened() -> Event {
    Event {
        at: Duration::from_millis(1),
        what: What::Ended {
            pid: 3,
            end: End::Exit(1),
        },
    }
}

fn full(mut seen: Evidence) -> Evidence {
    let launch = &mut seen.launches[0].facts;
    launch.stdout = Captured {
        head: "a".to_owned(),
        tail: "b".to_owned(),
        omitted: 1,
    };
    launch.matched = [("held".to_owned(), 1)].into();
    launch.matched_at = [("held".to_owned(), vec![Duration::from_millis(1)])].into();
    let mut killed = seen.launches[0].clone();
    killed.facts = LaunchFacts {
        end: Some(End::Signal(9)),
        ..LaunchFacts::default()
    };
    seen.launches.push(killed);
    seen.processes = vec![
        ProcessFacts {
            command: vec!["labd".to_owned()],
            executable: Some("/labd".to_owned()),
            terminal: Some("/dev/tty".to_owned()),
            cwd: Some("/".to_owned()),
            root: Some("/".to_owned()),
            descriptors: [(0, "/dev/null".to_owned())].into(),
            uid: [Some(0); 4],
            gid: [Some(0); 4],
            groups: vec![Some(1), None],
            environment: [("PATH".to_owned(), "/bin".to_owned())].into(),
            limits: [
                (Resource::Core, (Bound::At(1), Bound::Unlimited)),
                (Resource::Stack, (Bound::Unlimited, Bound::At(1))),
            ]
            .map(|(resource, (soft, hard))| (resource, limits::Limit { soft, hard }))
            .into(),
            ..ProcessFacts::default()
        },
        ProcessFacts::default(),
    ];
    seen.events = vec![happened()];
    seen.gaps = vec!["sockets".to_owned()];
    seen
}

#[test]
fn the_manual_has_every_field_and_no_other() {
    let mut bytes = Vec::new();
    let mut json = Json::new(&mut bytes);
    for event in everything() {
        json.event(&event).expect("a vector takes everything");
    }
    check(&bytes, &SHAPE, MANUAL);
}

#[test]
fn the_manual_says_the_formats_number() {
    let says = format!("\"format\": {}", super::json::FORMAT);
    assert!(MANUAL.contains(&says), "{says}");
}
