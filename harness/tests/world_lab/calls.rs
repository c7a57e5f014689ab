//! What the tests of faults and holds share.

use std::time::Duration;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::{Event, What};
use daemonlab_harness::world::facts::LaunchFacts;
use daemonlab_harness::world::real::RealWorld;
use daemonlab_harness::world::spec::{
    Condition, Counting, FaultAction, FaultSpec, LaunchSpec, Role,
};

use super::{LONG, launch};

pub fn fault(label: &str, role: Role, call: &str, action: FaultAction) -> FaultSpec {
    FaultSpec {
        label: label.to_owned(),
        role,
        calls: vec![call.to_owned()],
        condition: Condition::default(),
        counting: Counting::Tree,
        first: 1,
        last: None,
        action,
    }
}

pub fn perl(id: &str, text: &str, faults: Vec<FaultSpec>) -> LaunchSpec {
    let mut spec = launch(id, &["perl", "-e", text]);
    spec.faults = faults;
    spec
}

/// What happened to calls: `label role call done`.
pub fn done(events: &[Event]) -> Vec<String> {
    let told = |what: &What| match what {
        What::Fault {
            label,
            role,
            call,
            done,
            ..
        } => Some(format!("{label} {role:?} {call} {done}")),
        _ => None,
    };
    events
        .iter()
        .filter_map(|event| told(&event.what))
        .collect()
}

/// Runs a launch to the launcher's end, and gives what happened to calls.
pub fn run_told(world: &mut RealWorld, spec: &LaunchSpec) -> (LaunchFacts, Vec<String>) {
    world.launch(spec).unwrap_or_else(|error| panic!("{error}"));
    let mut events = Vec::new();
    loop {
        let facts = world.launch_facts(&spec.id).unwrap();
        let at_most = if facts.end.is_some() {
            Duration::ZERO
        } else {
            LONG
        };
        let more = world.wait(at_most).unwrap();
        assert!(facts.end.is_some() || !more.is_empty(), "{facts:?}");
        events.extend(more);
        if facts.end.is_some() {
            return (facts, done(&events));
        }
    }
}
