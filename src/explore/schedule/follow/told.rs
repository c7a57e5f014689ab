//! What is told of a program that does not go along its schedule.

use std::fmt;

use crate::explore::run::Difference;

/// Where a program differed from the schedule that it was run along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adaptation {
    /// At which step of the schedule, from 1; one more than there are behind
    /// the last.
    pub step: usize,
    /// What was done about it.
    pub what: Adapted,
}

/// What was done about a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adapted {
    /// The program does not take this step any more.
    LeftOut(String),
    /// The program takes a step that the schedule does not have.
    LetPass(String),
    /// The program takes the step with other arguments: the schedule's, the
    /// program's.
    TakenForTheSame(String, String),
}

/// A program did not go along its schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diverged {
    /// At which step of the schedule, from 1; one more than there are behind
    /// the last.
    pub step: usize,
    /// What the schedule has there.
    pub expected: String,
    /// What the program could do there.
    pub got: String,
    /// The last steps before that.
    pub before: Vec<String>,
}

/// Why a schedule could not be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CannotFollow {
    /// The program did not go along.
    Diverged(Diverged),
    /// The same choices led to different executions.
    Nondeterminism(Difference),
}

impl fmt::Display for Diverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "the program did not go along the schedule at its step {}",
            self.step
        )?;
        for step in &self.before {
            writeln!(f, "  before:   {step}")?;
        }
        writeln!(f, "  expected: {}", self.expected)?;
        writeln!(f, "  got:      {}", self.got)?;
        write!(
            f,
            "The program has changed since the schedule was saved: follow it adapted, or search \
             again and save a new one."
        )
    }
}

impl fmt::Display for CannotFollow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CannotFollow::Diverged(diverged) => diverged.fmt(f),
            CannotFollow::Nondeterminism(difference) => difference.fmt(f),
        }
    }
}

impl std::error::Error for CannotFollow {}

impl fmt::Display for Adaptation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: ", self.step)?;
        match &self.what {
            Adapted::LeftOut(step) => write!(f, "not taken any more: {step}"),
            Adapted::LetPass(step) => write!(f, "not in the schedule: {step}"),
            Adapted::TakenForTheSame(then, now) => write!(f, "`{then}` is now `{now}`"),
        }
    }
}
