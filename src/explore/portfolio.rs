//! One search on all cores.
//!
//! The search is split into *shards* beforehand: by the first choices of an
//! execution where it is exhaustive, by seeds where it is random. The shards do
//! not depend on how many workers there are, nor does what is reported: a
//! failure is the one of the first shard that fails, and a budget of executions
//! is dealt out to the shards evenly, again and again, as long as some are
//! unfinished. A budget of steps is dealt out once.

mod worker;

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::Model;
use super::bounds::Bounds;
use super::explorer::{Config, Explorer, OnFailure};
use super::report::{Report, Stop};
use super::strategy::frontier::Frontier;
use super::strategy::{Dfs, Dpor, Pct, Prefix, Random, Strategy};
use worker::{Bell, Order, Worker};

/// A search that can be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// [`Dfs`]; if it has a bound on preemptions, one search after the other
    /// with 0, 1, … of them, until one fails or nothing was kept away.
    DepthFirst(Bounds),
    /// [`Dpor`].
    Reduced(Bounds),
    /// [`Random`].
    Random {
        /// Of the first shard; the others count up from it.
        seed: u64,
        /// How many, altogether.
        executions: u64,
        /// The bounds of each.
        bounds: Bounds,
    },
    /// [`Pct`].
    Pct {
        /// Of the first shard; the others count up from it.
        seed: u64,
        /// The depth of the bugs looked for.
        depth: u32,
        /// How many, altogether.
        executions: u64,
        /// The bounds of each.
        bounds: Bounds,
    },
}

/// Into how many shards a search is split, at least, if it is large enough.
const SHARDS: usize = 64;
/// How deep it is split at most.
const DEEPEST: usize = 12;

/// Searches by `plan`, with a model by `make` for each of `workers` threads.
pub fn search<M: Model>(
    make: impl Fn() -> M + Sync,
    plan: Plan,
    config: Config,
    workers: usize,
) -> Report {
    let Plan::DepthFirst(
        bounds @ Bounds {
            preemptions: Some(most),
            ..
        },
    ) = plan
    else {
        return Shards::new(&make, plan).search(&make, config, workers);
    };
    let mut config = config;
    let mut level = 0;
    loop {
        let bounds = Bounds {
            preemptions: Some(level),
            ..bounds
        };
        let report = Shards::new(&make, Plan::DepthFirst(bounds)).search(&make, config, workers);
        let last = level == most || !report.denied.preemptions || !report.complete;
        if last || !report.failures.is_empty() {
            return report;
        }
        config.budget = report.left_of(config.budget);
        level += 1;
    }
}

/// A shard, and what it has come to so far.
struct Shard {
    number: usize,
    strategy: Box<dyn Strategy + Send>,
    report: Option<Report>,
}

impl Shard {
    fn is_unfinished(&self) -> bool {
        let stop = self.report.as_ref().map(|report| &report.stop);
        matches!(stop, None | Some(Stop::ExecutionBudget))
    }
}

struct Shards {
    name: String,
    all: Vec<Shard>,
}

impl Shards {
    fn new<M: Model>(make: &impl Fn() -> M, plan: Plan) -> Shards {
        let (name, strategies): (String, Vec<Box<dyn Strategy + Send>>) = match plan {
            Plan::DepthFirst(bounds) => {
                let shards = split(make(), bounds).into_iter();
                let boxed = shards.map(|root| Box::new(Dfs::under(bounds, root)) as _);
                (Dfs::new(bounds).name(), boxed.collect())
            }
            Plan::Reduced(bounds) => {
                let shards = split(make(), bounds).into_iter();
                let boxed = shards.map(|root| Box::new(Dpor::under(bounds, root)) as _);
                (Dpor::new(bounds).name(), boxed.collect())
            }
            Plan::Random {
                seed,
                executions,
                bounds,
            } => {
                let shards = deal(executions).into_iter().enumerate();
                let boxed = shards.map(|(shard, executions)| {
                    Box::new(Random::new(
                        seed.wrapping_add(shard as u64),
                        executions,
                        bounds,
                    )) as _
                });
                (Random::new(seed, 0, bounds).name(), boxed.collect())
            }
            Plan::Pct {
                seed,
                depth,
                executions,
                bounds,
            } => {
                let shards = deal(executions).into_iter().enumerate();
                let boxed = shards.map(|(shard, executions)| {
                    Box::new(Pct::new(
                        seed.wrapping_add(shard as u64),
                        depth,
                        executions,
                        bounds,
                    )) as _
                });
                (Pct::new(seed, depth, 0, bounds).name(), boxed.collect())
            }
        };
        let number = |(number, strategy)| Shard {
            number,
            strategy,
            report: None,
        };
        Shards {
            name: format!("{name}, in {} shards", strategies.len()),
            all: strategies.into_iter().enumerate().map(number).collect(),
        }
    }

    fn search<M: Model>(
        mut self,
        make: &(impl Fn() -> M + Sync),
        mut config: Config,
        workers: usize,
    ) -> Report {
        let workers = workers.clamp(1, self.all.len().max(1));
        if let Some(steps) = &mut config.budget.steps {
            *steps /= self.all.len().max(1) as u64;
        }
        let mut unfinished: Vec<usize> = (0..self.all.len()).collect();
        let mut hands: Vec<Vec<Shard>> = (0..workers).map(|_| Vec::new()).collect();
        for shard in self.all.drain(..) {
            hands[shard.number % workers].push(shard);
        }
        let ended = AtomicUsize::new(usize::MAX);
        let mut left = config.budget.executions;
        self.all = thread::scope(|scope| {
            let (tell, told) = mpsc::channel();
            let working: Vec<_> = hands
                .into_iter()
                .map(|shards| {
                    let (order, orders) = mpsc::channel();
                    let (tell, ended) = (tell.clone(), &ended);
                    let worker = move || {
                        let bell = Bell(tell);
                        Worker::new(make, config, shards, ended).obey(&orders, &bell)
                    };
                    (order, scope.spawn(worker))
                })
                .collect();
            drop(tell);
            while ended.load(Ordering::SeqCst) == usize::MAX
                && let Some(round) = Order::deal(&unfinished, left)
            {
                for (order, _) in &working {
                    // If the worker is gone, joining it tells why.
                    let _ = order.send(round);
                }
                unfinished.clear();
                for told in told.iter().take(working.len()) {
                    let Some(told) = told else {
                        // It panicked. Joining it tells why.
                        ended.store(0, Ordering::SeqCst);
                        break;
                    };
                    unfinished.extend(told.unfinished);
                    left = left.map(|left| left.saturating_sub(told.spent));
                }
                unfinished.sort_unstable();
            }
            let joined = working.into_iter().flat_map(|(order, worker)| {
                drop(order);
                worker.join().unwrap_or_else(|panic| resume_unwind(panic))
            });
            joined.collect()
        });
        self.all.sort_by_key(|shard| shard.number);
        self.sum_up()
    }

    /// The reports as one; up to the first that ended the search.
    fn sum_up(self) -> Report {
        let mut sum = Report::new(self.name);
        sum.complete = !self.all.is_empty();
        for shard in self.all {
            let Some(report) = shard.report else {
                sum.complete = false;
                sum.stop = Stop::ExecutionBudget;
                continue;
            };
            sum.complete &= report.complete;
            if report.stop != Stop::Exhausted {
                sum.stop = report.stop.clone();
            }
            let ends = ends_it(&report.stop);
            sum.add(report);
            if ends {
                break;
            }
        }
        sum
    }
}

fn ends_it(stop: &Stop) -> bool {
    matches!(
        stop,
        Stop::Failure | Stop::Unusable(_) | Stop::Nondeterminism(_)
    )
}

/// So many executions dealt out evenly.
fn deal(executions: u64) -> Vec<u64> {
    let shards = (SHARDS as u64).min(executions);
    let more = |shard| u64::from(shard < executions % shards.max(1));
    (0..shards)
        .map(|shard| executions / shards + more(shard))
        .collect()
}

/// The beginnings by which an exhaustive search is split: of such a length that
/// there are enough.
fn split<M: Model>(mut model: M, bounds: Bounds) -> Vec<Prefix> {
    let mut prefixes = vec![Prefix::new()];
    for depth in 1..=DEEPEST {
        let mut frontier = Frontier::new(bounds, depth);
        let config = Config {
            on_failure: OnFailure::GoOn,
            ..Config::default()
        };
        let report = Explorer::new(&mut model, config).explore(&mut frontier);
        if report.stop != Stop::Exhausted {
            // Whatever is wrong, a search from the start will tell.
            return vec![Prefix::new()];
        }
        prefixes = frontier.prefixes;
        if prefixes.len() >= SHARDS || !frontier.goes_on {
            break;
        }
    }
    prefixes
}

#[cfg(test)]
mod tests;
