//! What a program finds: the same files in both worlds.

use daemonlab::sim::kernel::{Capability, Creds, Rules};
use daemonlab::sim::{Scene, Start, Stdio};

use crate::program;

/// Which ids there are in the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// A range of them.
    Many,
    /// Only that of whoever runs the tests: nothing can be given to anybody.
    Single,
}

/// The rules of the real kernel that the machine's administrator sets, and
/// those that kernels differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protections {
    pub hardlinks: u32,
    pub symlinks: u32,
    pub regular: u32,
    pub addressee_first: bool,
}

/// The working directory of a program.
pub const HOME: &str = "/w";
/// How many descriptors a process may have.
pub const MOST_FDS: usize = 16;
/// An id that is mapped nowhere.
pub const UNMAPPED: u32 = 4_000_000_000;
/// The ids that are mapped where there are many.
pub const MAPPED: u32 = 65_536;
/// The PID of the first process in the simulation.
pub const FIRST_PID: i32 = 1000;

/// Something that has a name.
pub enum Entry {
    Directory { mode: u32 },
    File { mode: u32, content: &'static [u8] },
    Link { to: &'static str },
}

use Entry::{Directory, File, Link};

/// Everything in the working directory, with its owner, parents first.
pub const ENTRIES: &[(&str, (u32, u32), Entry)] = &[
    ("/w", (0, 0), Directory { mode: 0o777 }),
    (
        "/w/f",
        (0, 0),
        File {
            mode: 0o644,
            content: b"hello",
        },
    ),
    (
        "/w/mine",
        (1000, 1000),
        File {
            mode: 0o600,
            content: b"mine",
        },
    ),
    (
        "/w/sgid",
        (1000, 2000),
        File {
            mode: 0o6775,
            content: b"#!",
        },
    ),
    ("/w/d", (1000, 1000), Directory { mode: 0o755 }),
    (
        "/w/d/f",
        (1000, 1000),
        File {
            mode: 0o666,
            content: b"",
        },
    ),
    ("/w/closed", (0, 0), Directory { mode: 0o700 }),
    (
        "/w/closed/f",
        (0, 0),
        File {
            mode: 0o666,
            content: b"secret",
        },
    ),
    ("/w/group", (0, 2000), Directory { mode: 0o2775 }),
    ("/w/sticky", (0, 0), Directory { mode: 0o1777 }),
    (
        "/w/sticky/f",
        (1001, 1001),
        File {
            mode: 0o666,
            content: b"1001",
        },
    ),
    ("/w/sticky/l", (1001, 1001), Link { to: "../f" }),
    ("/w/l", (0, 0), Link { to: "f" }),
    ("/w/ld", (0, 0), Link { to: "d" }),
    ("/w/dangling", (0, 0), Link { to: "new" }),
    ("/w/loop", (0, 0), Link { to: "loop" }),
];

/// What is there for whoever has the ids `range`, and who owns it.
pub fn entries(range: Range) -> impl Iterator<Item = (&'static str, (u32, u32), &'static Entry)> {
    ENTRIES.iter().map(move |(path, owner, entry)| match range {
        Range::Many => (*path, *owner, entry),
        Range::Single => (*path, (0, 0), entry),
    })
}

/// The scenery in the simulation.
pub fn scene(range: Range, protections: Protections) -> Scene {
    let scene = Scene::new()
        .directory("/proc", 0o555, (0, 0))
        .read_only_directory("/ro", 0o755)
        .file("/ro/f", 0o666, (0, 0), b"for ever")
        .pids(FIRST_PID, FIRST_PID + 20_000)
        .rules(|rules| change(rules, range, protections));
    entries(range).fold(scene, |scene, (path, owner, entry)| match entry {
        Directory { mode } => scene.directory(path, *mode, owner),
        File { mode, content } => scene.file(path, *mode, owner, content),
        Link { to } => scene.symlink(path, to, owner),
    })
}

fn change(rules: &mut Rules, range: Range, protections: Protections) {
    rules.most_fds = MOST_FDS;
    rules.ids.mapped = match range {
        Range::Many => MAPPED,
        Range::Single => 1,
    };
    rules.ids.initial = false;
    rules.ids.setgroups_denied = range == Range::Single;
    rules.protected_hardlinks = protections.hardlinks > 0;
    rules.protected_symlinks = protections.symlinks > 0;
    rules.protected_regular = protections.regular;
    rules.addressee_first = protections.addressee_first;
}

/// How a program is started in the simulation.
pub fn start(of: program::Start) -> Start {
    let mut creds = Creds::root();
    if of == program::Start::WithoutKillInBounds {
        creds.caps.bounding &= !(1 << Capability::Kill as u32);
    }
    Start {
        cwd: HOME.into(),
        stdio: Stdio::Null,
        creds,
        ..Start::default()
    }
}
