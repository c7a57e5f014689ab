//! The programs, compiled once each, and their runs under the tracer.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::{Event, What};
use daemonlab_harness::world::facts::LaunchFacts;
use daemonlab_harness::world::real::{Host, RealWorld};
use daemonlab_harness::world::spec::{LaunchSpec, SandboxSpec, Trace};

use crate::lasting_programs::compiled;
use crate::world_lab::{LONG, host, launch, world_of};

/// How a program is linked.
#[derive(Clone, Copy, Debug)]
pub enum Linked {
    Dynamic,
    Static,
    /// For 32 bits, with nothing.
    #[cfg(target_arch = "x86_64")]
    Narrow,
}

static PROGRAMS: LazyLock<()> = LazyLock::new(|| {
    for name in [
        "daemon", "preempt", "storm", "threads", "time", "timers", "ways",
    ] {
        let source = format!("tracer/programs/{name}.c");
        compiled(&source, &file(name, Linked::Dynamic), &[]);
        compiled(&source, &file(name, Linked::Static), &["-static"]);
    }
    #[cfg(target_arch = "x86_64")]
    compiled(
        "tracer/programs/narrow.c",
        &file("narrow", Linked::Narrow),
        &["-m32", "-nostdlib", "-static", "-fno-pic", "-no-pie"],
    );
});

fn file(name: &str, linked: Linked) -> String {
    format!("traced-{name}-{linked:?}").to_lowercase()
}

/// The folder of the programs.
pub fn folder() -> &'static Path {
    LazyLock::force(&PROGRAMS);
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// The path of a program.
pub fn program(name: &str, linked: Linked) -> PathBuf {
    folder().join(file(name, linked))
}

/// A world with the programs in it.
pub fn lab(host: &mut Host) -> RealWorld {
    let spec = SandboxSpec {
        binds: vec![folder().to_owned()],
        ..SandboxSpec::default()
    };
    world_of(host, &spec)
}

/// A launch with every visible call traced.
pub fn traced(name: &str, linked: Linked, arguments: &[&str]) -> LaunchSpec {
    let path = program(name, linked);
    let mut command = vec![path.to_str().expect("it is text")];
    command.extend(arguments);
    let mut spec = launch("a", &command);
    spec.trace = Trace::Visible;
    spec
}

/// Runs a launch in a world of its own until all its processes have ended.
pub fn trace(spec: &LaunchSpec) -> (LaunchFacts, Vec<Event>) {
    let mut host = host();
    let mut world = lab(&mut host);
    world.launch(spec).unwrap_or_else(|error| panic!("{error}"));
    gather(&mut world, &spec.id)
}

/// Waits until nobody is left, and gives what happened.
pub fn gather(world: &mut RealWorld, id: &str) -> (LaunchFacts, Vec<Event>) {
    let mut events = Vec::new();
    loop {
        let left = world.processes().unwrap();
        let at_most = match left.is_empty() {
            true => Duration::ZERO,
            false => LONG,
        };
        let more = world.wait(at_most).unwrap();
        assert!(left.is_empty() || !more.is_empty(), "{left:#?} {events:#?}");
        events.extend(more);
        if left.is_empty() {
            return (world.launch_facts(id).unwrap(), events);
        }
    }
}

/// The visible calls of a task: `shown = answer`.
pub fn calls_of(events: &[Event], task: &str) -> Vec<String> {
    let told = |event: &Event| match &event.what {
        What::Call { by, call } if by.task == task => Some(match call.answer.as_str() {
            "" => call.shown.clone(),
            answer => format!("{} = {answer}", call.shown),
        }),
        _ => None,
    };
    events.iter().filter_map(told).collect()
}

/// Where the first event is of which this holds.
pub fn place(events: &[Event], what: impl Fn(&What) -> bool) -> usize {
    let found = events.iter().position(|event| what(&event.what));
    found.unwrap_or_else(|| panic!("{events:#?}"))
}
