//! Whole starts of a small daemon: under full tracing and without, each in a
//! sandbox of its own from a warm host, and under strace without a sandbox.

use std::time::Duration;

use daemonlab_harness::trace::{Limits, Over, record};
use daemonlab_harness::world::World;
use daemonlab_harness::world::event::End;
use daemonlab_harness::world::real::Host;
use daemonlab_harness::world::spec::Trace;

use super::programs::{Programs, until_empty};
use super::rounds::{Subject, interleaved, timed};
use super::table::Table;

pub const PEER: &str = "a start, strace -f";
const UNTRACED: &str = "a start in a sandbox, not traced";
const TRACED: &str = "a start in a sandbox, every visible call";

pub fn measure(programs: &Programs, rounds: usize, table: &mut Table) {
    // Both have a supervisor of their own: neither finds the other's caches.
    let mut hosts = [(); 2].map(|()| Host::start().unwrap_or_else(|error| panic!("{error}")));
    let [plain, traced] = &mut hosts;
    let file = programs.path("start.pid").to_string_lossy().into_owned();
    let subjects: Vec<Subject<'_>> = vec![
        (
            PEER,
            Box::new(|| timed(|| drop(programs.strace(&[], "start", &file)))),
        ),
        (
            "a start, strace -f --seccomp-bpf of four calls",
            Box::new(|| {
                let four = ["--seccomp-bpf", "-e", "trace=setsid,rename,kill,wait4"];
                timed(|| drop(programs.strace(&four, "start", &file)))
            }),
        ),
        (UNTRACED, Box::new(|| timed(|| untraced(programs, plain)))),
        (TRACED, Box::new(|| timed(|| start(programs, traced)))),
    ];
    let times = interleaved(rounds, subjects);
    table.add(&times, &[(TRACED, PEER, 0.5)]);
    let of = |name: &str| {
        let times = times.iter().find(|times| times.name == name);
        times.expect("it was measured").median().as_secs_f64()
    };
    let ratio = of(TRACED) / of(UNTRACED);
    let met = if ratio <= 2.0 { "met" } else { "MISSED" };
    table.note(
        "tracing a start, beside not tracing it".to_owned(),
        format!("{ratio:.2}"),
        format!("times as long; at most 2: {met}"),
    );
    table.note(
        "traced starts a second".to_owned(),
        format!("{:.0}", 1.0 / of(TRACED)),
        format!("strace -f: {:.0}", 1.0 / of(PEER)),
    );
}

fn untraced(programs: &Programs, host: &mut Host) {
    let mut world = programs.world(host);
    let spec = programs.launch("start", "/run/start.pid", Trace::Off);
    world
        .launch(&spec)
        .unwrap_or_else(|error| panic!("{error}"));
    until_empty(&mut world);
    let end = world.launch_facts("a").expect("it is there").end;
    assert_eq!(end, Some(End::Exit(0)));
    Box::new(world).finish().expect("it ends");
}

fn start(programs: &Programs, host: &mut Host) {
    let world = Box::new(programs.world(host));
    let spec = programs.launch("start", "/run/start.pid", Trace::Visible);
    let limits = Limits {
        settle: Duration::from_secs(10),
        most: Duration::from_secs(30),
    };
    let finished = record(world, &spec, limits, || false, |_| {});
    let finished = finished.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (finished.over, finished.launcher, finished.processes),
        (Over::AllEnded, Some(End::Exit(0)), 3)
    );
}
