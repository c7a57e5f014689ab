//! How far a search goes.

use std::fmt;

/// What the executions of a search are confined to. An exploration that has
/// tried everything within its bounds is complete *within them*, and its
/// report prints them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How often in an execution a task may be left although it could go on;
    /// `None` for any number (Musuvathi and Qadeer, "Iterative context
    /// bounding", PLDI 2007).
    pub preemptions: Option<u32>,
    /// How many faults may strike in an execution; `None` for any number.
    pub faults: Option<u32>,
    /// For how many rounds of a loop faults and preemptions are tried; `None`
    /// for all. A task is in round *n* when it is about to do what it has done
    /// *n* − 1 times before, with the same arguments. The last round, after
    /// which the loop is left, is always tried.
    pub rounds: Option<u32>,
    /// When a timer may fire.
    pub timers: Timers,
    /// How many steps an execution may take, and what it means to take more.
    pub steps: StepLimit,
}

impl Default for Bounds {
    /// Any number of preemptions, no faults, all rounds, timers at any time,
    /// 10,000 steps.
    fn default() -> Self {
        Bounds {
            preemptions: None,
            faults: Some(0),
            rounds: None,
            timers: Timers::AnyTime,
            steps: StepLimit {
                most: 10_000,
                then: Overrun::Breaks,
            },
        }
    }
}

impl Bounds {
    /// The same for timers and steps, and no bounds on choices: for an
    /// execution whose choices are given.
    pub(super) fn unbounded(self) -> Bounds {
        Bounds {
            preemptions: None,
            faults: None,
            rounds: None,
            ..self
        }
    }
}

/// When a timer may fire. A model lists the way [`Kind::Timer`] wherever a
/// timer runs, whether or not others could go on; what these bounds do not
/// allow is left out here.
///
/// [`Kind::Timer`]: super::Kind::Timer
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timers {
    /// As soon as it runs: the others are slow. Only this finds what happens
    /// when a timeout and what it waits for come together.
    AnyTime,
    /// When nobody can go on without one: time is cheap and the others are
    /// fast.
    WhenIdle,
}

/// How long an execution may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepLimit {
    /// How many steps it may take.
    pub most: u32,
    /// What is thought of one that would take more.
    pub then: Overrun,
}

/// What is thought of an execution that does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overrun {
    /// It is a failure, of the rule [`ENDLESS`](super::ENDLESS).
    Breaks,
    /// It is cut off and judged as it is; the search is not complete.
    Cut,
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |bound: Option<u32>| match bound {
            Some(most) => format!("at most {most}"),
            None => "any number".to_owned(),
        };
        write!(
            f,
            "preemptions: {}; faults: {}; rounds of a loop: {}; timers: {}; steps: {} ({})",
            number(self.preemptions),
            number(self.faults),
            match self.rounds {
                Some(most) => format!("the first {most} and the last"),
                None => "all".to_owned(),
            },
            match self.timers {
                Timers::AnyTime => "at any time",
                Timers::WhenIdle => "when all else is idle",
            },
            number(Some(self.steps.most)),
            match self.steps.then {
                Overrun::Breaks => "more is a failure",
                Overrun::Cut => "then cut off",
            }
        )
    }
}

/// What a search may cost altogether. It binds at once: no execution is begun,
/// and no step taken, beyond it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// How many executions; `None` for any number.
    pub executions: Option<u64>,
    /// How many steps; `None` for any number. Those of the determinism
    /// self-check are not counted.
    pub steps: Option<u64>,
}
