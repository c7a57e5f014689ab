//! What the tests of the sandbox share.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod calls;
pub mod machine;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::{End, Event, What};
use daemonlab_harness::world::facts::{LaunchFacts, ProcessFacts};
use daemonlab_harness::world::real::{Host, RealWorld};
use daemonlab_harness::world::spec::{
    FileContent, FileSpec, LaunchSpec, Order, SandboxSpec, Stdio, Trace,
};

/// The executable that calls the hook.
pub const EXECUTABLE: &str = env!("CARGO_BIN_EXE_daemonlab");

/// Longer than anything here takes on a loaded machine; nothing waits that
/// long unless it has failed.
pub const LONG: Duration = Duration::from_secs(30);

pub fn host() -> Host {
    Host::start_with(Path::new(EXECUTABLE)).unwrap_or_else(|error| panic!("{error}"))
}

pub fn world(host: &mut Host) -> RealWorld {
    world_of(host, &SandboxSpec::default())
}

pub fn world_of(host: &mut Host, spec: &SandboxSpec) -> RealWorld {
    host.world(spec).unwrap_or_else(|error| panic!("{error}"))
}

/// A launch of a shell script as root.
pub fn script(id: &str, script: &str) -> LaunchSpec {
    launch(id, &["/bin/sh", "-c", script])
}

pub fn launch(id: &str, command: &[&str]) -> LaunchSpec {
    LaunchSpec {
        id: id.to_owned(),
        command: command.iter().map(|part| (*part).to_owned()).collect(),
        env: BTreeMap::from([(
            "PATH".to_owned(),
            "/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        )]),
        cwd: PathBuf::from("/"),
        umask: 0o022,
        uid: 0,
        gid: 0,
        groups: Vec::new(),
        stdio: Stdio::Pipes,
        stray_fds: Vec::new(),
        blocked: Vec::new(),
        ignored: Vec::new(),
        limits: BTreeMap::new(),
        faults: Vec::new(),
        trace: Trace::Off,
        order: Order::Kernels,
    }
}

/// Waits, by events, until `found` gives something.
pub fn until<T>(world: &mut RealWorld, mut found: impl FnMut(&mut RealWorld) -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found(world) {
            return found;
        }
        assert!(
            start.elapsed() < LONG,
            "it did not happen: {:#?}",
            world.processes()
        );
        world
            .wait(Duration::from_millis(20))
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Runs a launch to the launcher's end.
pub fn run(world: &mut RealWorld, spec: &LaunchSpec) -> LaunchFacts {
    world.launch(spec).unwrap_or_else(|error| panic!("{error}"));
    ended(world, &spec.id)
}

pub fn ended(world: &mut RealWorld, id: &str) -> LaunchFacts {
    until(world, |world| {
        let facts = world
            .launch_facts(id)
            .unwrap_or_else(|error| panic!("{error}"));
        facts.end.is_some().then_some(facts)
    })
}

/// What a script prints, which must succeed.
pub fn output(world: &mut RealWorld, id: &str, text: &str) -> String {
    let facts = run(world, &script(id, text));
    assert_eq!(facts.end, Some(End::Exit(0)), "{facts:#?}");
    facts.stdout.text()
}

pub fn process(world: &mut RealWorld, name: &str) -> ProcessFacts {
    until(world, |world| {
        let processes = world.processes().unwrap_or_else(|error| panic!("{error}"));
        processes.into_iter().find(|process| process.name == name)
    })
}

/// A process by its PID, but not while its loader has a library open.
pub fn loaded(world: &mut RealWorld, pid: i32) -> ProcessFacts {
    until(world, |world| {
        let processes = world.processes().unwrap_or_else(|error| panic!("{error}"));
        let library = |target: &String| target.starts_with("/usr/") || target.starts_with("/etc/");
        processes
            .into_iter()
            .find(|process| process.pid == pid && !process.descriptors.values().any(library))
    })
}

/// Whether ids can be switched here. Says so, so that nothing is skipped silently.
pub fn many_ids(host: &Host) -> bool {
    if !host.has_many_ids() {
        eprintln!("skipped: this user has no subordinate ids");
    }
    host.has_many_ids()
}

pub fn whats(events: &[Event]) -> Vec<&What> {
    events.iter().map(|event| &event.what).collect()
}

/// A file of root's.
pub fn file(path: &str, content: FileContent, mode: u32) -> FileSpec {
    FileSpec {
        path: path.into(),
        content,
        mode,
        uid: 0,
        gid: 0,
    }
}
