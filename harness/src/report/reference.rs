//! The JSON report's reference in the manual, held against the code: every
//! field that a run can write is a row of a table there, with its type, and
//! every row is a field.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::Reporter;
use super::json::Json;
use super::sample;
use crate::run::event::RunEvent;
use crate::run::explore::{Explored, Limit};
use crate::run::outcome::{Evidence, Verdict};
use crate::world::WorldKind;
use crate::world::event::{End, Event, What};
use crate::world::facts::{Captured, LaunchFacts, ProcessFacts};

const MANUAL: &str = include_str!("../../../docs/src/json-report.md");

/// Records whose keys are data: any text.
const MAPS: [&str; 4] = ["descriptors", "environment", "matched", "matched_at"];

/// Events of a world are many, and more come with what is watched: their kinds
/// are listed in words.
const OPEN: [&str; 3] = [
    "evidence.events[].what",
    "failures[].events[].what",
    "earlier[].failures[].events[].what",
];

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
            ..ProcessFacts::default()
        },
        ProcessFacts::default(),
    ];
    seen.events = vec![happened()];
    seen.gaps = vec!["sockets".to_owned()];
    seen
}

type Types = BTreeMap<(String, String), BTreeSet<&'static str>>;

/// Notes the type of a value at a path of an event, and of all below it.
fn collect(event: &str, path: &str, value: &Value, types: &mut Types) {
    let mut note = |kind| {
        let key = (event.to_owned(), path.to_owned());
        types.entry(key).or_default().insert(kind);
    };
    match value {
        Value::Null => note("null"),
        Value::Bool(_) => note("truth"),
        Value::Number(_) => note("number"),
        Value::String(_) => note("text"),
        Value::Array(list) => {
            if list.is_empty() {
                note("list");
            }
            for item in list {
                collect(event, &format!("{path}[]"), item, types);
            }
        }
        Value::Object(_) if OPEN.contains(&path) => note("record"),
        Value::Object(fields) => {
            let of_data = MAPS.iter().any(|map| path.ends_with(map));
            if fields.is_empty() {
                note("record");
            }
            for (name, value) in fields {
                let name = if of_data { "*" } else { name };
                let below = match path {
                    "" => name.to_owned(),
                    path => format!("{path}.{name}"),
                };
                collect(event, &below, value, types);
            }
        }
    }
}

/// What the code writes: a row `EVENT FIELD TYPE` each.
fn written() -> BTreeSet<String> {
    let mut bytes = Vec::new();
    let mut json = Json::new(&mut bytes);
    for event in everything() {
        json.event(&event).expect("a vector takes everything");
    }
    let text = String::from_utf8(bytes).expect("JSON is UTF-8");
    let mut types = Types::new();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).expect("each line is JSON");
        let event = value["event"].as_str().expect("each has a name").to_owned();
        collect(&event, "", &value, &mut types);
    }
    // An empty list is a list of what others hold, an empty record likewise.
    let known: Vec<(String, String)> = types.keys().cloned().collect();
    let below = |event: &str, path: &str| {
        known.iter().any(|(of, other)| {
            of == event
                && (other == &format!("{path}[]")
                    || other.starts_with(&format!("{path}[]."))
                    || other.starts_with(&format!("{path}.")))
        })
    };
    types
        .iter()
        .filter(|((event, path), _)| !below(event, path))
        .filter(|((_, path), _)| !["event", "format"].contains(&path.as_str()))
        .map(|((event, path), kinds)| {
            let kinds: Vec<&str> = kinds.iter().copied().collect();
            format!("{event} {path} {}", kinds.join(" or "))
        })
        .collect()
}

/// What the manual says: below a heading that names the event, rows of
/// a field, its type, and what it is.
fn documented() -> BTreeSet<String> {
    let mut event = "";
    let mut rows = BTreeSet::new();
    for line in MANUAL.lines() {
        if let Some(heading) = line.strip_prefix("## `") {
            event = heading.trim_end_matches('`');
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", field, kind, what, ""] = cells[..]
            && let Some(field) = field.strip_prefix('`')
        {
            assert!(!what.is_empty(), "{field} of {event} is explained");
            rows.insert(format!("{event} {} {kind}", field.trim_end_matches('`')));
        }
    }
    rows
}

#[test]
fn the_manual_has_every_field_and_no_other() {
    let (written, documented) = (written(), documented());
    let missing: Vec<_> = written.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&written).collect();
    assert!(missing.is_empty(), "not in the manual: {missing:#?}");
    assert!(
        gone.is_empty(),
        "in the manual, but never written: {gone:#?}"
    );
}

#[test]
fn the_manual_says_the_formats_number() {
    let says = format!("\"format\": {}", super::json::FORMAT);
    assert!(MANUAL.contains(&says), "{says}");
}
