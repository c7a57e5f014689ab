//! A worker, and what it is told to do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::{Shard, ends_it};
use crate::explore::bounds::Budget;
use crate::explore::explorer::{Config, Explorer, Next};
use crate::explore::{Model, Outcome};

/// What the workers are to do next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// Each unfinished shard up to this one is worked on,
    up_to: usize,
    /// for so many executions.
    share: Option<u64>,
}

impl Order {
    /// Deals out what is left; `None` if nothing is, or nobody wants it.
    pub(super) fn deal(unfinished: &[usize], left: Option<u64>) -> Option<Order> {
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
pub(super) struct Told {
    pub(super) unfinished: Vec<usize>,
    pub(super) spent: u64,
}

/// Tells what a worker has done, and when it is gone, even by a panic.
pub(super) struct Bell(pub(super) mpsc::Sender<Option<Told>>);

impl Drop for Bell {
    fn drop(&mut self) {
        // Nobody may be listening any more.
        let _ = self.0.send(None);
    }
}

/// A worker and its shards, which stay with it: they hold numbers of its
/// exploration.
pub(super) struct Worker<'a, M: Model> {
    explorer: Explorer<M>,
    config: Config,
    shards: Vec<Shard>,
    /// The first shard that has ended the search; those behind it are
    /// needless.
    ended: &'a AtomicUsize,
}

impl<'a, M: Model> Worker<'a, M> {
    pub(super) fn new(
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

    pub(super) fn obey(mut self, orders: &mpsc::Receiver<Order>, bell: &Bell) -> Vec<Shard> {
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
                Some(before) => before.and(report),
            });
        }
        let unfinished = self.shards.iter().filter(|shard| shard.is_unfinished());
        Told {
            unfinished: unfinished.map(|shard| shard.number).collect(),
            spent,
        }
    }
}
