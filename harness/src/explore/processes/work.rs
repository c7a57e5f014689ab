//! What is done for a search, by a thread with a model of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use daemonlab::explore::{Budget, Config, Explorer, Next, OnFailure, Repeats, Report, Stop};

use super::hunt::Hunt;
use super::model::Processes;
use super::simplest::{Found, simplest};
use super::stages::Begun;
use crate::case::outcome::Failure;
use crate::world::WorldError;

/// What all threads share.
pub(super) struct Work<'w> {
    make: &'w (dyn Fn() -> Result<Processes, WorldError> + Sync),
    hunt: &'w Hunt,
    go_on: Mutex<&'w mut (dyn FnMut(u64) -> bool + Send)>,
    executions: AtomicU64,
    /// Whether it was said not to go on.
    over: AtomicBool,
    dropped: Mutex<Dropped>,
}

/// The parts of the search that nobody waits for, by their places.
#[derive(Default)]
struct Dropped {
    /// All that come after this one.
    after: Option<usize>,
    these: BTreeSet<usize>,
}

/// What is to be done.
pub(super) enum Order {
    /// To explore a part of the search for so many executions.
    Explore {
        place: usize,
        strategy: Begun,
        repeats: Repeats,
        runs: u64,
    },
    /// To make a finding simpler, before whose part there were so many executions.
    Simplify {
        found: Box<daemonlab::explore::Found>,
        before: u64,
        steady: Repeats,
    },
}

/// What was done.
pub(super) enum Told {
    /// A part of the search, as far as it was to go; nothing, if it was needless
    /// to do that.
    Explored { place: usize, run: Option<Box<Run>> },
    /// A finding was made simpler.
    Simplified(Box<Found>),
    /// There is no model, or it has panicked.
    Failed(WorldError),
}

/// A part of a search that was explored.
pub(super) struct Run {
    /// Its strategy, which can go on.
    pub(super) strategy: Begun,
    pub(super) report: Report,
    /// What was said last of each rule that was broken.
    pub(super) failures: BTreeMap<String, Vec<Failure>>,
}

impl<'w> Work<'w> {
    /// `make` gives a model, `go_on` gets the number of executions so far and
    /// says whether there are to be more.
    pub(super) fn new(
        make: &'w (dyn Fn() -> Result<Processes, WorldError> + Sync),
        hunt: &'w Hunt,
        go_on: &'w mut (dyn FnMut(u64) -> bool + Send),
    ) -> Work<'w> {
        Work {
            make,
            hunt,
            go_on: Mutex::new(go_on),
            executions: AtomicU64::new(0),
            over: AtomicBool::new(false),
            dropped: Mutex::default(),
        }
    }

    /// Whether it was said not to go on.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Says that nobody waits for this part.
    pub(super) fn drop_part(&self, place: usize) {
        self.dropped().these.insert(place);
    }

    /// Says that nobody waits for the parts after this one.
    pub(super) fn drop_after(&self, place: usize) {
        let mut dropped = self.dropped();
        let first = dropped.after.map_or(place, |after| after.min(place));
        dropped.after = Some(first);
    }

    /// Says that what was dropped is needed again.
    pub(super) fn need_all(&self) {
        *self.dropped() = Dropped::default();
    }

    fn is_needless(&self, place: usize) -> bool {
        let dropped = self.dropped();
        dropped.after.is_some_and(|after| place > after) || dropped.these.contains(&place)
    }

    fn dropped(&self) -> MutexGuard<'_, Dropped> {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn after_an_execution(&self, place: usize) -> Next {
        let executions = self.executions.fetch_add(1, Ordering::SeqCst) + 1;
        // Whoever has panicked with it has left nothing half done.
        let mut go_on = self.go_on.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_over() && !go_on(executions) {
            self.over.store(true, Ordering::SeqCst);
        }
        match self.is_over() || self.is_needless(place) {
            true => Next::Stop,
            false => Next::GoOn,
        }
    }

    fn explore(
        &self,
        model: &mut Processes,
        place: usize,
        mut strategy: Begun,
        repeats: Repeats,
        runs: u64,
    ) -> Told {
        let config = Config {
            budget: Budget {
                executions: Some(runs),
                ..Budget::default()
            },
            on_failure: OnFailure::Stop,
            repeats,
            ..Config::default()
        };
        model.forget_failures();
        let report = Explorer::new(&mut *model, config)
            .explore_and(&mut *strategy, |_, _| self.after_an_execution(place));
        let overtaken = report.stop == Stop::Overtaken && !self.is_over();
        let run = (!overtaken).then(|| {
            Box::new(Run {
                strategy,
                report,
                failures: model.all_failures().clone(),
            })
        });
        Told::Explored { place, run }
    }

    /// Does it, with a model that is made first if there is none.
    pub(super) fn obey(&self, model: &mut Option<Processes>, order: Order) -> Told {
        if let Order::Explore { place, .. } = order
            && self.is_needless(place)
        {
            return Told::Explored { place, run: None };
        }
        let model = match model {
            Some(model) => model,
            None => match (self.make)() {
                Ok(mut made) => {
                    made.let_time_pass(self.hunt.timers);
                    model.insert(made)
                }
                Err(error) => return Told::Failed(error),
            },
        };
        match order {
            Order::Explore {
                place,
                strategy,
                repeats,
                runs,
            } => self.explore(model, place, strategy, repeats, runs),
            Order::Simplify {
                found,
                before,
                steady,
            } => {
                let found = simplest(model, *found, before, steady, self.hunt.faults);
                Told::Simplified(Box::new(found))
            }
        }
    }
}
