//! A lie: one kind of facts, told otherwise than it is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use daemonlab_harness::world::event::{End, Event};
use daemonlab_harness::world::facts::{FileFacts, LaunchFacts, ProcessFacts, SocketFacts};

/// What a world says instead of the truth.
pub enum Lie {
    /// Of its processes.
    Processes(Box<dyn Fn(&mut Vec<ProcessFacts>, &Known)>),
    /// Of its processes, once somebody was found among them.
    ProcessesLater(Box<dyn Fn(&mut Vec<ProcessFacts>, &Known)>),
    /// Of a launch that has ended.
    Ended(Box<dyn Fn(&mut LaunchFacts)>),
    /// Of a launch.
    Launch(Box<dyn Fn(&mut LaunchFacts)>),
    /// Of a file.
    File(Box<dyn Fn(&mut FileFacts)>),
    /// That every file is as it was when it was seen first.
    OldFile,
    /// Of who listens.
    Sockets(Box<dyn Fn(&mut Vec<SocketFacts>)>),
    /// Of how the process ended that the step has sent a signal.
    End(End),
    /// That the process goes on which the step has sent a signal.
    Stays,
    /// Of what a connection gives: this, or that it was refused.
    Connection(Box<dyn Fn(Option<Vec<u8>>) -> Option<Vec<u8>>>),
    /// Of the events of traced tasks, from the first to those that are known
    /// when the step looks.
    Events(Box<dyn Fn(&mut Vec<Event>)>),
}

/// What the world has seen so far, and a lie may need.
#[derive(Default)]
pub struct Known {
    /// The first launch.
    pub launch: Option<LaunchFacts>,
    /// Files as they were when they were seen first.
    pub files: BTreeMap<PathBuf, FileFacts>,
}
