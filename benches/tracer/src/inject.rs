//! What a call costs that fails by a fault, and is not carried out.

use std::time::Duration;

use daemonlab_harness::world::World;
use daemonlab_harness::world::real::Host;
use daemonlab_harness::world::spec::{Condition, Counting, FaultAction, FaultSpec, Role, Trace};

use super::programs::{Programs, until_empty};
use super::rounds::{Subject, interleaved};
use super::table::Table;

/// How many calls a round makes.
const CALLS: u64 = 5000;

const EPERM: i32 = 1;

const PEER: &str = "1000 injected calls, strace -f -e inject";

pub fn measure(programs: &Programs, rounds: usize, table: &mut Table) {
    let mut host = Host::start().unwrap_or_else(|error| panic!("{error}"));
    let count = CALLS.to_string();
    let inject = ["-e", "trace=umask", "-e", "inject=umask:error=EPERM"];
    let filtered = [&["--seccomp-bpf"], &inject[..]].concat();
    let subjects: Vec<Subject<'_>> = vec![
        (
            PEER,
            Box::new(|| thousand(&programs.strace(&inject, "calls", &count))),
        ),
        (
            "1000 injected calls, strace -f --seccomp-bpf -e inject",
            Box::new(|| thousand(&programs.strace(&filtered, "calls", &count))),
        ),
        (
            "1000 injected calls",
            Box::new(|| thousand(&injected(programs, &mut host, &count))),
        ),
    ];
    let times = interleaved(rounds, subjects);
    table.add(&times, &[("1000 injected calls", PEER, 0.5)]);
}

/// The program says how many nanoseconds a call took.
fn thousand(printed: &str) -> Duration {
    let each: u64 = printed.trim().parse().expect("it is a number");
    Duration::from_nanos(each * 1000)
}

fn injected(programs: &Programs, host: &mut Host, count: &str) -> String {
    let mut world = programs.world(host);
    let mut spec = programs.launch("calls", count, Trace::Off);
    spec.faults = vec![FaultSpec {
        label: "umask".to_owned(),
        role: Role::Any,
        calls: vec!["umask".to_owned()],
        condition: Condition::default(),
        counting: Counting::Tree,
        first: 1,
        last: None,
        action: FaultAction::Fail(EPERM),
    }];
    world
        .launch(&spec)
        .unwrap_or_else(|error| panic!("{error}"));
    until_empty(&mut world);
    let facts = world.launch_facts("a").expect("it is there");
    assert_eq!(u64::from(facts.matched["umask"]), CALLS);
    Box::new(world).finish().expect("it ends");
    facts.stdout.text()
}
