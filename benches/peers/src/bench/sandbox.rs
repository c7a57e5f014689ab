//! How long a sandbox takes, from the request to the end of everything in it,
//! and a complete scenario in one, beside what bubblewrap and unshare take to
//! run `true`.

use std::path::Path;
use std::process::{Command, Stdio};

use daemonlab_harness::world::World;
use daemonlab_harness::world::real::Host;
use daemonlab_harness::world::spec::SandboxSpec;

use super::rounds::{Subject, interleaved, timed};
use super::scenario;
use super::table::Table;

const BWRAP: &str = "bwrap --unshare-all ... true";

pub fn measure(daemonlab: &Path, rounds: usize, table: &mut Table) {
    let mut host = Host::start().unwrap_or_else(|error| panic!("{error}"));
    let spec = SandboxSpec::default();
    let one = scenario::Folder::with(1);
    let subjects: Vec<Subject<'_>> = vec![
        (BWRAP, Box::new(|| timed(bubblewrap))),
        (
            "unshare -Urpf --mount-proc true",
            Box::new(|| timed(unshare)),
        ),
        (
            "a sandbox, from a warm host",
            Box::new(|| timed(|| empty(&mut host, &spec))),
        ),
        (
            "a sandbox, host and all",
            Box::new(|| {
                timed(|| {
                    let mut cold = Host::start().unwrap_or_else(|error| panic!("{error}"));
                    empty(&mut cold, &spec);
                })
            }),
        ),
        (
            "`daemonlab run`, one complete scenario",
            Box::new(|| timed(|| one.run(daemonlab))),
        ),
    ];
    let times = interleaved(rounds, subjects);
    table.add(
        &times,
        &[
            ("a sandbox, from a warm host", BWRAP, 0.5),
            ("`daemonlab run`, one complete scenario", BWRAP, 4.0),
        ],
    );
}

fn empty(host: &mut Host, spec: &SandboxSpec) {
    let world = host.world(spec).unwrap_or_else(|error| panic!("{error}"));
    Box::new(world)
        .finish()
        .unwrap_or_else(|error| panic!("{error}"));
}

fn bubblewrap() {
    let flags = "--unshare-all --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp true";
    run("bwrap", flags);
}

fn unshare() {
    run("unshare", "-Urpf --mount-proc true");
}

fn run(program: &str, arguments: &str) {
    let status = Command::new(program)
        .args(arguments.split(' '))
        .stdin(Stdio::null())
        .status();
    assert!(status.expect("it is installed").success(), "{program}");
}
