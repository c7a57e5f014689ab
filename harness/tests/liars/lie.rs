//! A lie: one kind of facts, told otherwise than it is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use daemonlab_harness::world::event::{End, Event};
use daemonlab_harness::world::facts::{FileFacts, LaunchFacts, ProcessFacts, SocketFacts};

/// Makes another of a fact.
pub type Tell<T> = Box<dyn Fn(&mut T)>;

/// The same of processes, with what is known besides.
pub type TellProcesses = Box<dyn Fn(&mut Vec<ProcessFacts>, &Known)>;

/// What a connection gives; `None` if it is refused.
pub type Answer = Option<Vec<u8>>;

/// What a world says instead of the truth.
pub enum Lie {
    /// Of its processes.
    Processes(TellProcesses),
    /// Of its processes, once somebody was found among them.
    ProcessesLater(TellProcesses),
    /// Of a launch that has ended.
    Ended(Tell<LaunchFacts>),
    /// Of a launch.
    Launch(Tell<LaunchFacts>),
    /// Of a file.
    File(Tell<FileFacts>),
    /// That every file is as it was when it was seen first.
    OldFile,
    /// Of who listens.
    Sockets(Tell<Vec<SocketFacts>>),
    /// Of how the process ended that the step has sent a signal.
    End(End),
    /// That the process goes on which the step has sent a signal.
    Stays,
    /// Of what a connection gives: this, or that it was refused.
    Connection(Box<dyn Fn(Answer) -> Answer>),
    /// Of the events of traced tasks, from the first to those that are known
    /// when the step looks.
    Events(Tell<Vec<Event>>),
}

/// What the world has seen so far, and a lie may need.
#[derive(Default)]
pub struct Known {
    /// The first launch.
    pub launch: Option<LaunchFacts>,
    /// Files as they were when they were seen first.
    pub files: BTreeMap<PathBuf, FileFacts>,
}
