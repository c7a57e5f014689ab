//! Events made by hand, and expectations read from text.

use std::path::Path;
use std::time::Duration;

use daemonlab_harness::expect::{Heard, Outlook, judge_events};
use daemonlab_harness::scenario::claims::Claim;
use daemonlab_harness::scenario::model::{Action, Case};
use daemonlab_harness::scenario::{Scope, parse};
use daemonlab_harness::world::event::{Actor, CallEvent, CallResult, End, Event, What};
use daemonlab_harness::world::spec::Role;

/// A task of the launch `start`: `0` launches, `0.1` is between, `0.1.1` stays.
pub fn actor(task: &str) -> Actor {
    let (role, pid) = match task.matches('.').count() {
        0 => (Role::Launcher, 2),
        1 => (Role::Intermediate, 3),
        _ => (Role::Daemon, 4),
    };
    Actor {
        task: task.to_owned(),
        pid,
        tid: pid,
        role,
        launch: "start".to_owned(),
    }
}

/// A call in the middle of nowhere, which is over at once.
pub fn plain(name: &str) -> CallEvent {
    CallEvent {
        index: 1,
        name: name.to_owned(),
        shown: format!("{name}()"),
        in_table: true,
        paths: Vec::new(),
        object: None,
        through_link: false,
        target: None,
        signal: None,
        began: Duration::ZERO,
        result: CallResult::Returned(0),
        answer: "ok".to_owned(),
        injected: false,
    }
}

/// A call from `began` to `over`, in milliseconds.
pub fn call(task: &str, (began, over): (u64, u64), mut call: CallEvent) -> Event {
    call.began = Duration::from_millis(began);
    Event {
        at: Duration::from_millis(over),
        what: What::Call {
            by: actor(task),
            call: Box::new(call),
        },
    }
}

/// A process ends.
pub fn exit(task: &str, at: u64, end: End) -> Event {
    Event {
        at: Duration::from_millis(at),
        what: What::Exited {
            by: actor(task),
            end,
        },
    }
}

/// The steps of a scenario whose last one expects this of `start`.
fn scenario(expect: &str) -> String {
    format!(
        "version: 1\nsteps:\n  - launch: {{id: start, command: [x], background: true}}\n  \
         - adopt: {{id: daemon, from: {{child-of: start}}}}\n  \
         - events: {{launch: start, within: 0s, expect: [{expect}]}}\n"
    )
}

/// A case that expects this, and what it expects.
pub fn claim(expect: &str) -> (Case, Claim) {
    let text = scenario(expect);
    let read = parse("x.yaml", &text, Path::new("/")).unwrap_or_else(|error| panic!("{error}"));
    let case = read.cases[0].clone();
    match &case.steps.last().expect("there are steps").action {
        Action::Events(events) => (case.clone(), events.claims[0].clone()),
        other => panic!("{other:?}"),
    }
}

/// What is known when the events are looked at.
pub fn scope() -> Scope {
    let mut scope = Scope::new();
    scope.set("start.pid", 2);
    scope.set("daemon.pid", 4);
    scope
}

/// How it stands with an expectation, of which so many events were lost.
pub fn outlook(expect: &str, events: &[Event], lost: u64) -> Outlook {
    let (_, claim) = claim(expect);
    let heard = Heard::new("start", events, lost);
    judge_events(&claim, &heard, &scope()).unwrap_or_else(|error| panic!("{error}"))
}

/// The same in a word, and why.
pub fn word(outlook: &Outlook) -> (&'static str, String) {
    match outlook {
        Outlook::Holds => ("holds", String::new()),
        Outlook::NotYet(failure) => ("not yet", failure.label.clone()),
        Outlook::Broken(failure) => ("broken", failure.label.clone()),
    }
}
