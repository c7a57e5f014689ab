//! Which orders are tried, and for how long.

use std::collections::VecDeque;

use daemonlab::explore::strategy::{Dfs, Dpor, Pct, Random, Strategy};
use daemonlab::explore::{
    Bounds, Budget, Config, Difference, Explorer, Failure, Next, OnFailure, Overrun, Record,
    Report, StepLimit, Stop, Timers, shrink,
};

use super::faults::Faults;
use super::model::Processes;
use super::pair::{Pair, pair};
use crate::run::outcome;

/// How a search goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tactic {
    /// Orders with few preemptions first, then those that footprints tell
    /// apart, then some drawn by chance.
    Mixed,
    /// Every order with no preemption, with one, with two, and so on.
    Bounded,
    /// One order of each kind that footprints tell apart.
    Reduced,
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
}

/// What came of a search.
#[derive(Debug)]
pub struct Searched {
    /// Each search that was begun, in order.
    pub reports: Vec<Report>,
    /// The failure, if there is one.
    pub found: Option<Found>,
    /// What was broken once though nothing was found: the same order did not
    /// break it again.
    pub once: Option<Failure>,
}

/// A scenario that an order breaks.
#[derive(Debug)]
pub struct Found {
    /// What is broken.
    pub failure: Failure,
    /// The simplest execution that breaks it in the same way.
    pub record: Record,
    /// In which execution it was met first, from 1.
    pub execution: u64,
    /// How many of its choices were not the plain ones, before and after it
    /// was made simpler, and how many executions that took; where two of them
    /// differed that should not, if they did.
    pub shrunk: std::result::Result<((usize, usize), u64), Difference>,
    /// The two calls whose order matters.
    pub pair: Option<Pair>,
}

/// The bounds of an execution of real processes.
pub fn bounds(faults: Faults) -> Bounds {
    Bounds {
        preemptions: None,
        faults: Some(match faults {
            Faults::None => 0,
            Faults::Any => 1,
        }),
        rounds: Some(3),
        timers: Timers::WhenIdle,
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

/// Searches until something breaks, nothing is left, or `go_on`, which gets the
/// number of executions so far, says no. Programs that do not repeat themselves
/// are searched on by chance, from another seed each time.
pub fn search(model: &mut Processes, hunt: &Hunt, mut go_on: impl FnMut(u64) -> bool) -> Searched {
    let mut result = Searched {
        reports: Vec::new(),
        found: None,
        once: None,
    };
    let mut spent = 0;
    let mut again = hunt.seed;
    let mut stages = VecDeque::from(stages(hunt));
    while let Some((mut strategy, runs)) = stages.pop_front() {
        let config = Config {
            budget: Budget {
                executions: Some(runs.min(hunt.runs - spent)),
                ..Budget::default()
            },
            on_failure: OnFailure::Stop,
            ..Config::default()
        };
        let mut more = true;
        let mut here = spent;
        let report = Explorer::new(&mut *model, config).explore_and(&mut *strategy, |_, _| {
            here += 1;
            more = go_on(here);
            if more { Next::GoOn } else { Next::Stop }
        });
        let before = spent;
        spent += (report.executions + report.abandoned).max(1);
        let ends = !more
            || spent >= hunt.runs
            || matches!(report.stop, Stop::Unusable(_))
            || is_everything(&report);
        if stages.is_empty() && matches!(report.stop, Stop::Nondeterminism(_)) {
            again = again.wrapping_add(1);
            stages.push_back((drawn(again, hunt), hunt.runs));
        }
        let found = report.failures.first().cloned();
        result.reports.push(report);
        if let Some(found) = found {
            result.found = Some(simplest(model, found, before, hunt.faults));
            return result;
        }
        if ends {
            break;
        }
    }
    result.once = model.broken().map(|(rule, failures)| Failure {
        rule: rule.to_owned(),
        evidence: outcome::plain(failures),
    });
    result
}

/// Whether depth first has tried every order, with any number of preemptions.
fn is_everything(report: &Report) -> bool {
    let bounded = |bounds: Bounds| bounds.preemptions.is_some();
    report.stop == Stop::Exhausted
        && report.bounds.is_some_and(bounded)
        && report.cut == 0
        && !report.denied.preemptions
        && !report.denied.rounds
}

/// Orders drawn by chance, from this seed.
fn drawn(seed: u64, hunt: &Hunt) -> Box<dyn Strategy> {
    Box::new(Pct::new(seed, 3, hunt.runs, hunt.bounds()))
}

impl Hunt {
    fn bounds(&self) -> Bounds {
        Bounds {
            preemptions: self.preemptions,
            ..bounds(self.faults)
        }
    }
}

fn stages(hunt: &Hunt) -> Vec<(Box<dyn Strategy>, u64)> {
    let bounds = hunt.bounds();
    let few = |most| {
        let bounds = Bounds {
            preemptions: Some(most),
            ..bounds
        };
        Box::new(Dfs::iterative(bounds)) as Box<dyn Strategy>
    };
    let reduced = || Box::new(Dpor::new(bounds)) as Box<dyn Strategy>;
    match hunt.tactic {
        Tactic::Mixed => vec![
            (few(1), hunt.runs / 2),
            (reduced(), hunt.runs / 4),
            (drawn(hunt.seed, hunt), hunt.runs),
        ],
        Tactic::Bounded => vec![(few(hunt.preemptions.unwrap_or(8)), hunt.runs)],
        Tactic::Reduced => vec![(reduced(), hunt.runs)],
        Tactic::Pct => vec![(drawn(hunt.seed, hunt), hunt.runs)],
        Tactic::Random => vec![(
            Box::new(Random::new(hunt.seed, hunt.runs, bounds)),
            hunt.runs,
        )],
    }
}

/// How often it is tried to make a finding simpler. Real processes may once in a while not repeat
/// themselves, for what steers them does not see everything that they share.
const TRIES: usize = 3;

fn simplest(
    model: &mut Processes,
    found: daemonlab::explore::Found,
    before: u64,
    faults: Faults,
) -> Found {
    let execution = before + found.execution;
    let mut simpler = || shrink(&mut *model, bounds(faults), &found.failure, &found.record);
    let mut shrunk = simpler();
    for _ in 1..TRIES {
        if shrunk.is_err() {
            shrunk = simpler();
        }
    }
    match shrunk {
        Ok(shrunk) => Found {
            pair: pair(&shrunk.record, model.log()),
            failure: shrunk.failure,
            record: shrunk.record,
            execution,
            shrunk: Ok((shrunk.choices, shrunk.attempts)),
        },
        Err(difference) => Found {
            pair: None,
            failure: found.failure,
            record: found.record,
            execution,
            shrunk: Err(difference),
        },
    }
}
