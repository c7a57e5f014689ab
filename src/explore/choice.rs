//! Choices: what an execution is made of.

use super::{Kind, TaskName};

/// One decision of an execution.
///
/// Index 0 always means "go on with the same task, no fault": an execution
/// whose choices are all 0 is the plain run, and to simplify one is to lower
/// its numbers. A choice of which there is only one is none and is not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Choice {
    /// What was decided.
    pub what: What,
    /// Which of them was taken.
    pub index: u32,
    /// How many there were: `index` is below it.
    pub bound: u32,
}

/// What a [`Choice`] decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Who goes next: it was this task. Index 0 is the task that went
    /// before, as long as it can go on.
    Next(TaskName),
    /// How its operation goes: whether it fails and how, whether its timer
    /// fires, what a signal interrupts. It was a way of this kind.
    How(Kind),
}
