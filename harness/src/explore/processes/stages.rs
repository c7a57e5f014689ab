//! The parts that a search consists of.

use std::collections::VecDeque;

use daemonlab::explore::strategy::{Dfs, Dpor, Pct, Random, Reverse, Strategy};
use daemonlab::explore::{Bounds, Repeats, Timers};

use super::hunt::{Hunt, Tactic};

/// A part of a search.
pub(super) struct Stage {
    make: Box<dyn Fn() -> Begun>,
    /// How many executions it gets at most.
    pub(super) runs: u64,
    /// What it needs of the program.
    pub(super) repeats: Repeats,
    /// When timers fire in it, unless it was asked for more.
    pub(super) timers: Timers,
}

/// The strategy of a part that was begun.
pub(super) type Begun = Box<dyn Strategy + Send>;

impl Stage {
    /// Its strategy, from the start.
    pub(super) fn begin(&self) -> Begun {
        (self.make)()
    }

    /// One that goes back to points where it has been.
    fn systematic<S: Strategy + Send + 'static>(
        make: impl Fn() -> S + 'static,
        runs: u64,
    ) -> Stage {
        Stage {
            make: Box::new(move || Box::new(make())),
            runs,
            repeats: Repeats::Always,
            timers: Timers::WhenIdle,
        }
    }

    /// One that takes each execution as it comes.
    fn forgetful<S: Strategy + Send + 'static>(make: impl Fn() -> S + 'static, runs: u64) -> Stage {
        Stage {
            repeats: Repeats::Mostly,
            ..Stage::systematic(make, runs)
        }
    }
}

/// What a search consists of.
pub(super) struct Parts {
    /// Parts that come first, in their order.
    pub(super) first: VecDeque<Stage>,
    /// What the executions are for that are left.
    pub(super) rest: Option<Rest>,
}

/// What is drawn by chance, share after share, each from another seed: no share
/// needs to know of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Changing priorities.
    Pct,
    /// Each step for itself.
    Random,
}

/// How many executions a share has at most.
const SHARE: u64 = 25;

impl Rest {
    /// The share of this number, from 0.
    pub(super) fn share(self, hunt: &Hunt, number: u64) -> Stage {
        let seed = hunt.seed.wrapping_add(number);
        let bounds = hunt.bounds_when_idle();
        match self {
            Rest::Pct => Stage::forgetful(move || Pct::new(seed, 3, SHARE, bounds), SHARE),
            Rest::Random => Stage::forgetful(move || Random::new(seed, SHARE, bounds), SHARE),
        }
    }
}

/// The parts of a search.
pub(super) fn parts(hunt: &Hunt) -> Parts {
    let bounds = hunt.bounds_when_idle();
    let few = |most, runs| {
        let bounds = Bounds {
            preemptions: Some(most),
            ..bounds
        };
        Stage::systematic(move || Dfs::iterative(bounds), runs)
    };
    let reduced = |runs| Stage::systematic(move || Dpor::new(bounds), runs);
    let all = hunt.runs;
    let quarter = (all / 4).max(1);
    let (first, rest) = match hunt.tactic {
        Tactic::Mixed => (
            vec![few(1, quarter), reversed(hunt, quarter), reduced(quarter)],
            Some(Rest::Pct),
        ),
        Tactic::Bounded => (vec![few(hunt.preemptions.unwrap_or(8), all)], None),
        Tactic::Reduced => (vec![reduced(all)], None),
        Tactic::Reversed => (vec![reversed(hunt, all)], None),
        Tactic::Pct => (Vec::new(), Some(Rest::Pct)),
        Tactic::Random => (Vec::new(), Some(Rest::Random)),
    };
    Parts {
        first: first.into(),
        rest,
    }
}

/// What does not need a program that repeats itself: the plain order's races,
/// then chance.
pub(super) fn taken_as_they_come(hunt: &Hunt) -> Parts {
    Parts {
        first: [reversed(hunt, (hunt.runs / 4).max(1))].into(),
        rest: Some(Rest::Pct),
    }
}

/// The races of the plain order.
fn reversed(hunt: &Hunt, runs: u64) -> Stage {
    let bounds = hunt.bounds();
    Stage {
        timers: Timers::AnyTime,
        ..Stage::forgetful(move || Reverse::new(bounds), runs)
    }
}
