//! Who takes the next step, decided from outside: how an exploration steers a
//! simulated world.

use daemonlab::explore::TaskName;

/// Decides who takes the next step.
pub trait Pilot {
    /// Chooses among `choices`, of which at least one can go on. `event` is
    /// what the step before has done; empty before the first. `None` gives the
    /// world up: whatever is asked of it fails from now on.
    fn choose(&mut self, choices: Vec<Choice>, event: String) -> Option<TaskName>;
}

/// A process, and what it does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which process.
    pub task: TaskName,
    /// The call that it is about to make or is in, or how it ends.
    pub operation: String,
    /// Whether it can go on.
    pub goes: bool,
    /// What that is to both worlds.
    pub common: InCommon,
}

/// What a step is to both worlds, see [`common`](crate::world::common).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InCommon {
    /// Nothing that the real world would stand still for.
    Nothing,
    /// A call that waits begins.
    Begins(String),
    /// A call is made, or a wait returns.
    Makes(String),
    /// A signal kills it.
    Dies,
    /// It becomes waitable.
    Ends,
}

/// What a choice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Every step of the simulated kernel: each call, the beginning and the
    /// return of a wait.
    Calls,
    /// What is a step in both worlds. Everything else belongs to the step
    /// before it.
    Common,
}
