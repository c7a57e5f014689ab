//! One search on all cores.
//!
//! The search is split into *shards* beforehand: by the first choices of an
//! execution where it is exhaustive, by seeds where it is random. The shards do
//! not depend on how many workers there are, nor does what is reported: a
//! failure is the one of the first shard that fails, and a budget of executions
//! is dealt out to the shards evenly, again and again, as long as some are
//! unfinished. A budget of steps is dealt out once.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::bounds::{Bounds, Budget};
use super::explorer::{Config, Explorer, Next, OnFailure};
use super::report::{Report, Stop};
use super::strategy::frontier::Frontier;
use super::strategy::{Dfs, Dpor, Pct, Prefix, Random, Strategy};
use super::{Model, Outcome};

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
        spend(&mut config.budget, &report);
        level += 1;
    }
}

fn spend(budget: &mut Budget, report: &Report) {
    let spent = report.executions + report.abandoned;
    budget.executions = budget.executions.map(|most| most.saturating_sub(spent));
    budget.steps = budget.steps.map(|most| most.saturating_sub(report.steps));
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
                let bounds = Bounds {
                    preemptions: None,
                    ..bounds
                };
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

/// What the workers are to do next.
#[derive(Clone, Copy, Debug)]
struct Order {
    /// Each unfinished shard up to this one is worked on,
    up_to: usize,
    /// for so many executions.
    share: Option<u64>,
}

impl Order {
    /// Deals out what is left; `None` if nothing is, or nobody wants it.
    fn deal(unfinished: &[usize], left: Option<u64>) -> Option<Order> {
        let last = *unfinished.last()?;
        let Some(left) = left else {
            return Some(Order {
                up_to: last,
                share: None,
            });
        };
        let share = left / unfinished.len() as u64;
        match (share, left) {
            (_, 0) => None,
            // One each, for the first ones.
            (0, left) => Some(Order {
                up_to: unfinished[left as usize - 1],
                share: Some(1),
            }),
            (share, _) => Some(Order {
                up_to: last,
                share: Some(share),
            }),
        }
    }
}

/// What a worker has done.
struct Told {
    unfinished: Vec<usize>,
    spent: u64,
}

/// Tells what a worker has done, and when it is gone, even by a panic.
struct Bell(mpsc::Sender<Option<Told>>);

impl Drop for Bell {
    fn drop(&mut self) {
        // Nobody may be listening any more.
        let _ = self.0.send(None);
    }
}

/// A worker and its shards, which stay with it: they hold numbers of its
/// exploration.
struct Worker<'a, M: Model> {
    explorer: Explorer<M>,
    config: Config,
    shards: Vec<Shard>,
    /// The first shard that has ended the search; those behind it are
    /// needless.
    ended: &'a AtomicUsize,
}

impl<'a, M: Model> Worker<'a, M> {
    fn new(
        make: &impl Fn() -> M,
        config: Config,
        shards: Vec<Shard>,
        ended: &'a AtomicUsize,
    ) -> Self {
        Worker {
            explorer: Explorer::new(make(), config),
            config,
            shards,
            ended,
        }
    }

    fn obey(mut self, orders: &mpsc::Receiver<Order>, bell: &Bell) -> Vec<Shard> {
        for order in orders {
            let told = self.work(order);
            if bell.0.send(Some(told)).is_err() {
                break;
            }
        }
        self.shards
    }

    fn work(&mut self, order: Order) -> Told {
        let mut spent = 0;
        for shard in &mut self.shards {
            let number = shard.number;
            let is_needless = || self.ended.load(Ordering::SeqCst) < number;
            if !shard.is_unfinished() || number > order.up_to || is_needless() {
                continue;
            }
            self.explorer.set_budget(Budget {
                executions: order.share,
                ..self.config.budget
            });
            let observe = |_: &M, _: &Outcome| match is_needless() {
                true => Next::Stop,
                false => Next::GoOn,
            };
            let report = self.explorer.explore_and(&mut *shard.strategy, observe);
            spent += report.executions + report.abandoned;
            if ends_it(&report.stop) {
                self.ended.fetch_min(number, Ordering::SeqCst);
            }
            shard.report = Some(match shard.report.take() {
                None => report,
                Some(mut before) => {
                    before.stop = report.stop.clone();
                    before.complete = report.complete && before.cut == 0;
                    before.add(report);
                    before
                }
            });
        }
        let unfinished = self.shards.iter().filter(|shard| shard.is_unfinished());
        Told {
            unfinished: unfinished.map(|shard| shard.number).collect(),
            spent,
        }
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
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::explore::Timers;
    use crate::explore::toy::{Op::*, Toy, programs};

    fn faults(most: u32) -> Bounds {
        Bounds {
            faults: Some(most),
            ..Bounds::default()
        }
    }

    fn collect() -> Config {
        Config {
            on_failure: OnFailure::GoOn,
            ..Config::default()
        }
    }

    fn three() -> Toy {
        let task = |own: usize| vec![Mix(own, 1), Get(2), Faulty(Box::new(Mix(2, own as u8)))];
        Toy::new([task(0), task(1), vec![Mix(2, 5), Get(0)]])
            .with_invariant(|state| (state.registers[2] == 14).then_some("it is not 14"))
    }

    #[rstest]
    #[case(Plan::DepthFirst(faults(1)))]
    #[case(Plan::DepthFirst(Bounds { preemptions: Some(2), ..faults(1) }))]
    #[case(Plan::Reduced(faults(1)))]
    #[case(Plan::Random { seed: 4, executions: 1_000, bounds: faults(1) })]
    #[case(Plan::Pct { seed: 4, depth: 3, executions: 1_000, bounds: faults(1) })]
    fn the_number_of_workers_does_not_matter(#[case] plan: Plan) {
        for config in [
            Config::default(),
            collect(),
            Config {
                budget: Budget {
                    executions: Some(321),
                    steps: None,
                },
                ..collect()
            },
        ] {
            let alone = search(three, plan, config, 1);
            assert!(!alone.failures.is_empty(), "{alone}");
            for workers in [2, 3, 100] {
                assert_eq!(search(three, plan, config, workers), alone);
            }
        }
    }

    #[rstest]
    #[case(Plan::DepthFirst(faults(1)))]
    #[case(Plan::Reduced(faults(1)))]
    #[case(Plan::Random { seed: 4, executions: 1_000, bounds: faults(1) })]
    fn a_budget_of_executions_is_used_up_to_the_last(#[case] plan: Plan) {
        for most in [1, 10, 100, 150] {
            let budget = Budget {
                executions: Some(most),
                steps: None,
            };
            let report = search(
                three,
                plan,
                Config {
                    budget,
                    ..collect()
                },
                2,
            );
            assert_eq!(report.executions + report.abandoned, most);
            assert_eq!(
                (report.stop, report.complete),
                (Stop::ExecutionBudget, false)
            );
        }
    }

    #[test]
    fn a_budget_of_steps_is_not_exceeded() {
        let budget = Budget {
            executions: None,
            steps: Some(5_000),
        };
        let report = search(
            three,
            Plan::DepthFirst(faults(1)),
            Config {
                budget,
                ..collect()
            },
            2,
        );
        assert!(report.steps <= 5_000 && !report.complete, "{report}");
    }

    #[test]
    fn iterative_bounds_end_where_nothing_is_kept_away() {
        let toy = || Toy::new([vec![Mix(0, 1); 2], vec![Mix(0, 2); 2]]);
        let bounds = Bounds {
            preemptions: Some(9),
            ..Bounds::default()
        };
        let report = search(toy, Plan::DepthFirst(bounds), Config::default(), 2);
        assert_eq!(report.bounds.and_then(|bounds| bounds.preemptions), Some(2));
        assert_eq!((report.executions, report.complete), (6, true));
    }

    #[test]
    fn a_panic_of_a_worker_is_a_panic() {
        let task = || vec![Get(0), Get(1), Get(2)];
        let toy = || {
            Toy::new([task(), task()]).with_invariant(|state| panic!("an invariant at {state:?}"))
        };
        let searched = std::panic::catch_unwind(|| {
            search(toy, Plan::DepthFirst(faults(0)), Config::default(), 2)
        });
        assert!(searched.is_err());
    }

    proptest! {
        /// In shards it finds what it finds in one piece.
        #[test]
        fn shards_are_the_whole(
            programs in programs(),
            most in 0u32..2,
            timers in prop_oneof![Just(Timers::AnyTime), Just(Timers::WhenIdle)],
        ) {
            let bounds = Bounds { timers, ..faults(most) };
            let config = Config {
                budget: Budget { executions: Some(20_000), steps: None },
                ..collect()
            };
            let toy = Toy::new(programs);
            let make = || toy.clone();
            let whole = Explorer::new(make(), config).explore(&mut Dfs::new(bounds));
            prop_assume!(whole.complete);
            let shards = search(make, Plan::DepthFirst(bounds), config, 2);
            prop_assert_eq!(shards.executions, whole.executions);
            prop_assert_eq!(&shards.states, &whole.states);
            prop_assert!(shards.complete);
            let reduced = search(make, Plan::Reduced(bounds), config, 2);
            prop_assert_eq!(&reduced.states, &whole.states);
            prop_assert!(reduced.complete);
        }
    }
}
