//! Which orders are tried, and for how long.

use std::collections::VecDeque;

use daemonlab::explore::strategy::{Dfs, Dpor, Pct, Random, Reverse, Strategy};
use daemonlab::explore::{
    Bounds, Budget, Config, Difference, Explorer, Failure, Next, OnFailure, Overrun, Record,
    Repeats, Report, StepLimit, Stop, Timers, shrink, shrink_unsteady,
};

use super::model::Processes;
use super::pair::{Pair, pair};
use crate::case::outcome;
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

/// Searches until something breaks, nothing is left, or `go_on`, which gets the
/// number of executions so far, says no. What goes back to points where it has
/// been gives up on programs that do not repeat themselves; the others go on.
pub fn search(model: &mut Processes, hunt: &Hunt, mut go_on: impl FnMut(u64) -> bool) -> Searched {
    model.let_time_pass(hunt.timers);
    let mut result = Searched {
        reports: Vec::new(),
        found: None,
        once: None,
    };
    let mut spent = 0;
    let mut steady = Repeats::Always;
    let mut stages = VecDeque::from(stages(hunt));
    while let Some(mut stage) = stages.pop_front() {
        let config = Config {
            budget: Budget {
                executions: Some(stage.runs.min(hunt.runs - spent)),
                ..Budget::default()
            },
            on_failure: OnFailure::Stop,
            repeats: stage.repeats,
            ..Config::default()
        };
        let mut more = true;
        let mut here = spent;
        let strategy = &mut *stage.strategy;
        let report = Explorer::new(&mut *model, config).explore_and(strategy, |_, _| {
            here += 1;
            more = go_on(here);
            if more { Next::GoOn } else { Next::Stop }
        });
        let before = spent;
        let here = (report.executions + report.abandoned).max(1);
        spent += here;
        let ends = !more || spent >= hunt.runs || matches!(report.stop, Stop::Unusable(_));
        if is_everything(&report) {
            // Every order, but not every moment at which a timer may fire.
            stages
                .retain(|stage| stage.timers == Timers::AnyTime && hunt.timers == Timers::WhenIdle);
        }
        if matches!(report.stop, Stop::Nondeterminism(_)) {
            steady = Repeats::Mostly;
            if stages.is_empty() {
                stages.extend(taken_as_they_come(hunt));
            }
        }
        let found = report.failures.first().cloned();
        result.reports.push(report);
        if let Some(found) = found {
            let found = simplest(model, found, before, steady, hunt.faults);
            if steady == Repeats::Always || found.shrunk.is_ok() {
                result.found = Some(found);
                return result;
            }
            // That was chance. What else there is may be found again.
            stage.runs = stage.runs.saturating_sub(here);
            if stage.runs > 0 {
                stages.push_front(stage);
            }
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

impl Hunt {
    fn bounds(&self) -> Bounds {
        Bounds {
            preemptions: self.preemptions,
            ..bounds(self.faults)
        }
    }

    /// The same for orders in which time is cheap, unless it was asked for more.
    /// Where timers fire at any time, what ticks would be let go for ever.
    fn bounds_when_idle(&self) -> Bounds {
        Bounds {
            timers: self.timers,
            ..self.bounds()
        }
    }
}

/// A part of a search.
struct Stage {
    strategy: Box<dyn Strategy>,
    /// How many executions it gets at most.
    runs: u64,
    /// What it needs of the program.
    repeats: Repeats,
    /// When timers fire in it, unless it was asked for more.
    timers: Timers,
}

impl Stage {
    /// One that goes back to points where it has been.
    fn systematic(strategy: impl Strategy + 'static, runs: u64) -> Stage {
        Stage {
            strategy: Box::new(strategy),
            runs,
            repeats: Repeats::Always,
            timers: Timers::WhenIdle,
        }
    }

    /// One that takes each execution as it comes.
    fn forgetful(strategy: impl Strategy + 'static, runs: u64) -> Stage {
        Stage {
            strategy: Box::new(strategy),
            runs,
            repeats: Repeats::Mostly,
            timers: Timers::WhenIdle,
        }
    }
}

/// This part of so many executions, and one at least.
fn part(runs: u64, of: u64) -> u64 {
    (runs / of).max(1)
}

/// What does not need a program that repeats itself: the plain order's races,
/// then chance.
fn taken_as_they_come(hunt: &Hunt) -> [Stage; 2] {
    let reversed = Stage {
        timers: Timers::AnyTime,
        ..Stage::forgetful(Reverse::new(hunt.bounds()), part(hunt.runs, 4))
    };
    [reversed, drawn(hunt)]
}

/// Orders drawn by chance.
fn drawn(hunt: &Hunt) -> Stage {
    let bounds = hunt.bounds_when_idle();
    let strategy = Pct::new(hunt.seed, 3, hunt.runs, bounds);
    Stage::forgetful(strategy, hunt.runs)
}

fn stages(hunt: &Hunt) -> Vec<Stage> {
    let bounds = hunt.bounds_when_idle();
    let few = |most, runs| {
        let bounds = Bounds {
            preemptions: Some(most),
            ..bounds
        };
        Stage::systematic(Dfs::iterative(bounds), runs)
    };
    let reduced = |runs| Stage::systematic(Dpor::new(bounds), runs);
    let all = hunt.runs;
    match hunt.tactic {
        Tactic::Mixed => {
            let [reversed, drawn] = taken_as_they_come(hunt);
            vec![few(1, part(all, 4)), reversed, reduced(part(all, 4)), drawn]
        }
        Tactic::Bounded => vec![few(hunt.preemptions.unwrap_or(8), all)],
        Tactic::Reduced => vec![reduced(all)],
        Tactic::Reversed => {
            let [reversed, _] = taken_as_they_come(hunt);
            vec![Stage {
                runs: all,
                ..reversed
            }]
        }
        Tactic::Pct => vec![drawn(hunt)],
        Tactic::Random => {
            let strategy = Random::new(hunt.seed, all, bounds);
            vec![Stage::forgetful(strategy, all)]
        }
    }
}

/// How often it is tried to make a finding simpler. Real processes may once in a while not repeat
/// themselves, for what steers them does not see everything that they share.
const TRIES: usize = 3;

fn simplest(
    model: &mut Processes,
    found: daemonlab::explore::Found,
    before: u64,
    steady: Repeats,
    faults: Faults,
) -> Found {
    let execution = before + found.execution;
    let (failure, record) = (&found.failure, &found.record);
    let bounds = bounds(faults);
    let mut shrunk = match steady {
        Repeats::Always => shrink(&mut *model, bounds, failure, record),
        Repeats::Mostly => shrink_unsteady(&mut *model, bounds, failure, record),
    };
    for _ in 1..TRIES {
        if shrunk.is_err() && steady == Repeats::Always {
            shrunk = shrink(&mut *model, bounds, failure, record);
        }
    }
    if shrunk.is_err() && steady == Repeats::Always {
        shrunk = shrink_unsteady(&mut *model, bounds, failure, record);
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
