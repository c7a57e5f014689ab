//! What stands still in a world whose order is somebody's choice.
//!
//! In such a world every task stops before each of its visible calls, and a
//! process once it has ended, before its parent is told. Nothing goes on but
//! what is chosen. What a task has ahead of it is told with a footprint, by
//! which it can be seen whose order matters.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::Actor;

/// Every task of a world at a moment when nothing runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Every task, in the order of their names.
    pub tasks: Vec<StandingTask>,
    /// What can still happen if nobody is let go.
    pub idle: Idle,
}

/// A task that does not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingTask {
    /// Who.
    pub by: Arc<Actor>,
    /// What it does next; while it waits in a call, that call.
    pub next: Arc<Ahead>,
    /// Whether it stands, or waits in the kernel.
    pub place: Where,
    /// When its wait ends by itself, where time is virtual.
    pub until: Option<Duration>,
}

/// Whether a task can be let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Where {
    /// It stands before what it does next, and goes on once it is let.
    Stands,
    /// It is in the kernel, in a call that waits for somebody else.
    Waits,
}

/// What a task does next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ahead {
    /// The system call by name; `end` for a process that has ended.
    pub name: String,
    /// It with its arguments, as events show it.
    pub shown: String,
    /// Whether the library's table has it, so that `shown` is in its form.
    pub in_table: bool,
    /// What its descriptor refers to: a path, `pipe:[7]`, `socket:[9]`.
    pub object: Option<String>,
    /// What it reads.
    pub reads: Vec<String>,
    /// What it writes.
    pub writes: Vec<String>,
    /// Whether that is all. If not, its order matters to everybody.
    pub known: bool,
    /// Whether it does nothing but let time pass.
    pub sleeps: bool,
    /// How long it sleeps, where that is known beforehand.
    pub lasts: Option<Duration>,
    /// Whether a signal that the process handles may end it with EINTR.
    pub interruptible: bool,
}

/// What can still happen in a world in which nobody is let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Idle {
    /// Nothing: nobody waits for time to pass.
    #[default]
    Forever,
    /// A timer may fire, or something computes.
    ForNow,
}

/// What becomes of a task that is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LetGo {
    /// It does what it has ahead.
    Pass,
    /// Its call fails with this errno, and is not carried out.
    Fail(i32),
    /// Its process is killed by SIGKILL.
    Kill,
    /// It waits in virtual time, and its time has come: that moves to there.
    TimeOut,
}

/// Whether tasks that are steered are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Steering {
    /// They are.
    Held,
    /// They go on as they like.
    Open,
}
