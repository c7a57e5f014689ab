//! The programs, compiled once each, and their runs under the tracer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::{Event, What};
use daemonlab_harness::world::facts::LaunchFacts;
use daemonlab_harness::world::real::{Host, RealWorld};
use daemonlab_harness::world::spec::{LaunchSpec, SandboxSpec, Trace};
use tempfile::TempDir;

use crate::world_lab::{LONG, host, launch, world_of};

/// How a program is linked.
#[derive(Clone, Copy, Debug)]
pub enum Linked {
    Dynamic,
    Static,
}

static PROGRAMS: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for name in ["daemon", "preempt", "storm", "threads", "ways"] {
        for linked in [Linked::Dynamic, Linked::Static] {
            compile(folder.path(), name, linked);
        }
    }
    folder
});

fn file(name: &str, linked: Linked) -> String {
    format!("{name}-{linked:?}").to_lowercase()
}

fn compile(folder: &Path, name: &str, linked: Linked) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tracer/programs");
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-w", "-pthread", "-o"])
        .arg(folder.join(file(name, linked)))
        .arg(sources.join(format!("{name}.c")));
    if let Linked::Static = linked {
        cc.arg("-static");
    }
    // The compiler that links Rust programs as well.
    let output = cc.output().expect("there is a C compiler");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The path of a program.
pub fn program(name: &str, linked: Linked) -> PathBuf {
    PROGRAMS.path().join(file(name, linked))
}

/// A world with the programs in it.
pub fn lab(host: &mut Host) -> RealWorld {
    let spec = SandboxSpec {
        binds: vec![PROGRAMS.path().to_owned()],
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
