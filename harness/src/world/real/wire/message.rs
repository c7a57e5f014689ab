//! What is asked and answered.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::world::WorldError;
use crate::world::event::Event;
use crate::world::facts::{FileFacts, LaunchFacts, ProcessFacts, SocketFacts};
use crate::world::real::failure::Failure;
use crate::world::spec::{FileSpec, LaunchSpec, SandboxSpec};
use crate::world::steered::{LetGo, Standing, Steering};

/// What the harness asks a supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub enum HostRequest {
    /// Make the user namespaces.
    Start,
    /// Make a template whose worlds have these folders bound in.
    Template {
        /// Absolute paths, each once, none below another.
        binds: Vec<PathBuf>,
    },
}

/// What a supervisor answers; with a template, the socket to it comes along.
#[derive(Debug, Serialize, Deserialize)]
pub enum HostReply {
    /// The user namespaces are there.
    Started {
        /// Why there is no more than one user id, if so.
        single: Option<Failure>,
    },
    /// The template is there.
    Template {
        /// Its PID, as the harness sees it.
        pid: i32,
    },
}

/// Asks a template for a world. The socket that its init is to talk by comes
/// along; the answer brings the init's pidfd.
#[derive(Debug, Serialize, Deserialize)]
pub struct MakeInit {
    /// The network that it is to have.
    pub network: Network,
}

/// The network of a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// A new one.
    #[default]
    New,
    /// That of the template's last world, as that has left it.
    Kept,
}

/// What the harness asks an init.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Make the world of what init has prepared. Comes first.
    Make {
        /// How.
        spec: SandboxSpec,
        /// The processor that it stays on until it ends, if on one.
        processor: Option<usize>,
    },
    /// Start a program.
    Launch(LaunchSpec),
    /// Tell about a launch.
    LaunchFacts(String),
    /// Tell about every process.
    Processes,
    /// Tell about every process when only the end comes after: many of them
    /// are stopped first.
    Remaining,
    /// Tell about a file.
    File(PathBuf),
    /// Tell who listens.
    Sockets,
    /// Send a signal.
    Signal {
        /// To whom.
        pid: i32,
        /// Its number.
        signal: i32,
    },
    /// Close a launch's terminal.
    HangUp(String),
    /// Make or replace a file.
    WriteFile(FileSpec),
    /// Connect, send the bytes that come along, and read.
    Connect {
        /// Where.
        address: String,
        /// How many bytes are enough.
        enough: usize,
        /// For how long at most.
        within: Duration,
    },
    /// Answer once there is an event.
    Wait {
        /// Or at this time of the world's. It is a moment and no span, since
        /// virtual time may have moved before this is read.
        until: Duration,
    },
    /// Let a task go, if one is named, and answer once nothing runs.
    Stand {
        /// Which, by its name, and how.
        go: Option<(String, LetGo)>,
        /// How long that may take at most.
        at_most: Duration,
    },
    /// Let virtual time pass until something is to happen, whoever stands, and
    /// answer once nothing runs.
    Pass {
        /// By how much at most.
        by: Duration,
        /// How long that may take at most.
        at_most: Duration,
    },
    /// Let the tasks go on as they like, or hold them again.
    Steer(Steering),
    /// Gather the files that are evidence.
    Keep,
    /// Try what only a probe tries.
    Probe(Trial),
    /// Say what is left to say, and end.
    Finish,
}

/// What a probe tries inside a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trial {
    /// Switching groups, group id and user id in a process of its own.
    Ids,
    /// Tracing a process of its own, and answering for its system call.
    Trace,
}

/// Whom an init leaves behind when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behind {
    /// Nobody: every process has ended before it.
    Nobody,
    /// Processes that the kernel kills then.
    Somebody,
}

/// What an init answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// It is done.
    Done,
    /// The world is made.
    Made {
        /// When, in nanoseconds of `CLOCK_MONOTONIC`.
        at: u64,
        /// The world's time, where it is virtual.
        time: Option<Duration>,
    },
    /// The launcher's PID.
    Launched(i32),
    /// A launch.
    Launch(Box<LaunchFacts>),
    /// The processes, by PID.
    Processes(Vec<ProcessFacts>),
    /// The first of the processes that remain, and how many there are besides.
    Remaining(Vec<ProcessFacts>, usize),
    /// A file. Its owner is as the kernel shows it inside; if it is there, a
    /// descriptor of it comes along, by which the harness sees the true one.
    File(FileFacts),
    /// The sockets that listen.
    Sockets(Vec<SocketFacts>),
    /// What the peer sent is in the bytes that come along.
    Received,
    /// What happened.
    Events(Vec<Event>, Option<Duration>),
    /// What happened, and what stands now; nothing, if something ran all the
    /// time. Then the world's time, where it is virtual.
    Standing(Vec<Event>, Option<Standing>, Option<Duration>),
    /// It ends: what there was still to tell, and who ends with it.
    Finished(Vec<Event>, Behind),
    /// The files that are evidence; their contents, one after the other, are
    /// in the bytes that come along.
    Kept(Vec<KeptFile>),
}

/// A file that is evidence.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeptFile {
    /// Its path inside.
    pub path: PathBuf,
    /// What it is, as in [`FileFacts::kind`].
    pub kind: String,
    /// Permission and set-id bits.
    pub mode: u32,
    /// Its owner, as the kernel shows it inside.
    pub uid: u32,
    /// Its group, as the kernel shows it inside.
    pub gid: u32,
    /// Its size.
    pub size: u64,
    /// What a link points to.
    pub target: Option<PathBuf>,
    /// How many bytes of its content were kept.
    pub kept: u64,
}

/// Why an init could not do what it was asked to.
#[derive(Debug, Serialize, Deserialize)]
pub enum Problem {
    /// A stage of making a sandbox failed, which says something about the machine.
    Stage(Failure),
    /// Anything else.
    World(WorldError),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        Problem::Stage(failure)
    }
}

impl From<WorldError> for Problem {
    fn from(error: WorldError) -> Problem {
        Problem::World(error)
    }
}

/// An init's answer.
pub type Answer = Result<Reply, Problem>;

/// What a template must know of the tree that it was started in. It lies there
/// as a file, since exec keeps nothing else.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Links at the root: their name, and what they point to.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// What is bound in, at its own path, and whether it is a folder.
    pub binds: Vec<(PathBuf, bool)>,
    /// Files of `/etc` that every world gets a copy of.
    pub copies: BTreeSet<PathBuf>,
    /// The ids that exist inside.
    pub ids: usize,
    /// Whether `/proc` must be mounted `noatime`, as the host's is, for the
    /// kernel to allow it.
    pub noatime: bool,
}
