//! What a recording tells.

use std::time::Duration;

use serde::Serialize;

use crate::world::event::{End, Event, What};
use crate::world::spec::Role;

/// A recording begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Begun {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// When, since the world was made: what a timeline counts from.
    pub at: Duration,
}

/// Something has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// What, and when.
    #[serde(flatten)]
    pub event: Event,
    /// What was written, of output, as far as it was kept and is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who sent it, of a signal, if that was somebody in the trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

impl Happening {
    /// Whether it is about a process in one of these roles, or about none. No
    /// roles are all of them.
    pub fn is_of(&self, roles: &[Role]) -> bool {
        let role = self.event.what.actor().map(|actor| actor.role);
        roles.is_empty() || role.is_none_or(|role| roles.contains(&role))
    }
}

/// Who sent a signal, or whose end a SIGCHLD is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sender {
    /// Its name by pedigree.
    pub task: String,
    /// What it is in its launch.
    pub role: Role,
}

/// A recording is over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finished {
    /// Why.
    pub over: Over,
    /// How the launcher has ended; `None` if it still ran.
    pub launcher: Option<End>,
    /// From the launcher's start to its end, or until it was over, in seconds.
    pub launcher_seconds: f64,
    /// Who still ran.
    pub running: Vec<Running>,
    /// How many more of them there were.
    pub more_running: usize,
    /// How many calls were told.
    pub calls: u64,
    /// How many signals.
    pub signals: u64,
    /// How many processes there were.
    pub processes: u64,
    /// How many events were lost, since more happened than could be kept.
    pub lost: u64,
    /// How long was recorded, in seconds.
    pub seconds: f64,
}

/// Why a recording is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// Every process has ended.
    AllEnded,
    /// The launcher has ended, and nothing has happened for a while.
    Settled,
    /// The most time that a recording may take has passed.
    TimeIsUp,
    /// Somebody has stopped it.
    Stopped,
}

/// A process that still ran when a recording was over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Running {
    /// Its PID.
    pub pid: i32,
    /// Its name.
    pub name: String,
    /// What it is in its launch, if anything was seen of it.
    pub role: Option<Role>,
}

/// Counts what [`Finished`] tells.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub calls: u64,
    pub signals: u64,
    pub processes: u64,
    pub lost: u64,
}

impl Counts {
    /// Counts an event.
    pub fn add(&mut self, what: &What) {
        match what {
            What::Call { .. } => self.calls += 1,
            What::Signal { .. } => self.signals += 1,
            What::Launched { .. } | What::Forked { thread: false, .. } => self.processes += 1,
            What::Lost { events } => self.lost += events,
            _ => {}
        }
    }
}
