//! What is searched, and how.

use daemonlab::explore::{Bounds, Overrun, StepLimit, Timers};

use crate::explore::faults::Faults;

/// How a search goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tactic {
    /// Orders with few preemptions first, then the plain run's races the other way
    /// round, then orders that footprints tell apart, then some drawn by chance; a
    /// quarter of the executions for each, as long as there are any.
    Mixed,
    /// Every order with no preemption, with one, with two, and so on.
    Bounded,
    /// One order of each kind that footprints tell apart.
    Reduced,
    /// The races of the plain order, each the other way round.
    Reversed,
    /// Orders by changing priorities, drawn by chance (PCT).
    Pct,
    /// Orders drawn by chance, each step for itself.
    Random,
}

/// What is searched, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    /// How.
    pub tactic: Tactic,
    /// How many executions at most.
    pub runs: u64,
    /// Where chance begins.
    pub seed: u64,
    /// Whether faults are among the choices.
    pub faults: Faults,
    /// How often a task may be left although it could go on; `None` for any number.
    pub preemptions: Option<u32>,
    /// When virtual time may pass.
    pub timers: Timers,
}

impl Hunt {
    /// The bounds of its executions.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            preemptions: self.preemptions,
            ..bounds(self.faults)
        }
    }

    /// The same for orders in which time is cheap, unless it was asked for more.
    /// Where timers fire at any time, what ticks would be let go for ever.
    pub(super) fn bounds_when_idle(&self) -> Bounds {
        Bounds {
            timers: self.timers,
            ..self.bounds()
        }
    }
}

/// The bounds of an execution of real processes whose choices are given: timers
/// fire when they are told to.
pub fn bounds(faults: Faults) -> Bounds {
    Bounds {
        preemptions: None,
        faults: Some(match faults {
            Faults::None => 0,
            Faults::Any => 1,
        }),
        rounds: Some(3),
        timers: Timers::AnyTime,
        steps: StepLimit {
            most: 1_000,
            then: Overrun::Cut,
        },
    }
}

/// The bounds of an execution along a schedule in words of both worlds.
pub fn along_common(faults: Faults) -> Bounds {
    Bounds {
        steps: StepLimit {
            most: 50_000,
            then: Overrun::Cut,
        },
        ..bounds(faults)
    }
}
