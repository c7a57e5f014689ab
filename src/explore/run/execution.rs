//! One execution after the other, under a strategy.

use std::mem;

use super::Difference;
use crate::explore::bounds::{Bounds, Overrun};
use crate::explore::conflicts::Interner;
use crate::explore::point::{Candidate, Point, Readiness, TaskAt, TaskId, Way};
use crate::explore::report::Denied;
use crate::explore::strategy::{Pick, Strategy};
use crate::explore::{Failure, Model, Outcome, TaskName, Verdict};

/// The rule that an execution breaks which takes more steps than
/// [`Bounds::steps`] allows, where that is a failure.
pub const ENDLESS: &str = "every execution ends";

/// A step that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) struct Taken {
    pub(in crate::explore) task: TaskId,
    pub(in crate::explore) alternative: u16,
    pub(super) code: u64,
}

/// Whether a model does the same after the same steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// It does, and it is a defect of the model if it does not.
    Always,
    /// Once in a while it does not: real processes depend on time, on chance,
    /// and on memory that they share. Strategies that go back to points where
    /// they have been need [`Repeats::Always`].
    Mostly,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Ended {
    /// By itself or by [`Overrun::Breaks`].
    Judged(Outcome),
    /// By [`Overrun::Cut`].
    Cut(Outcome),
    /// By [`Pick::Abandon`].
    Abandoned,
    /// The steps that it was given were used up.
    OutOfSteps,
    /// The same choices did not lead to the same point.
    Nondeterminism(Difference),
}

/// A model and the execution of it that is at hand.
pub(in crate::explore) struct Run<M: Model> {
    pub(in crate::explore) model: M,
    pub(super) interner: Interner<M::Key>,
    pub(super) names: Vec<TaskName>,
    /// How many steps each task has taken in this execution.
    pub(super) counts: Vec<u32>,
    pub(super) bounds: Bounds,
    pub(super) runner: Option<TaskId>,
    pub(super) preemptions: u32,
    pub(super) faults: u32,
    pub(super) tasks: Vec<TaskAt>,
    pub(super) ways: Vec<Way>,
    pub(super) candidates: Vec<Candidate>,
    /// Whether the bound on preemptions kept a candidate away.
    pub(super) held_back: bool,
    pub(super) taken: Vec<Taken>,
    /// What each point looked like: one more than steps were taken.
    pub(super) shapes: Vec<u64>,
    pub(super) previous: (Vec<Taken>, Vec<u64>),
    /// Whether the execution has made the same choices as the previous one.
    pub(super) same: bool,
    pub(in crate::explore) repeats: Repeats,
    /// What each step did, where that is recorded.
    pub(in crate::explore) events: Option<Vec<String>>,
    pub(in crate::explore) denied: Denied,
}

impl<M: Model> Run<M> {
    pub(in crate::explore) fn new(model: M) -> Self {
        Run {
            model,
            interner: Interner::new(),
            names: Vec::new(),
            counts: Vec::new(),
            bounds: Bounds::default(),
            runner: None,
            preemptions: 0,
            faults: 0,
            tasks: Vec::new(),
            ways: Vec::new(),
            candidates: Vec::new(),
            held_back: false,
            taken: Vec::new(),
            shapes: Vec::new(),
            previous: (Vec::new(), Vec::new()),
            same: true,
            repeats: Repeats::Always,
            events: None,
            denied: Denied::default(),
        }
    }

    pub(in crate::explore) fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// How many tasks this execution has seen.
    pub(in crate::explore) fn task_count(&self) -> usize {
        self.names.len()
    }

    pub(in crate::explore) fn preemptions(&self) -> u32 {
        self.preemptions
    }

    pub(in crate::explore) fn faults(&self) -> u32 {
        self.faults
    }

    /// Runs one execution, of at most `most` steps.
    pub(in crate::explore) fn execute(
        &mut self,
        strategy: &mut dyn Strategy,
        bounds: Bounds,
        most: u64,
    ) -> Ended {
        let from = strategy.wants_footprints();
        let wanted_at = |depth| from.is_some_and(|from| depth >= from);
        self.model.want_footprints(wanted_at(0));
        self.begin(bounds);
        loop {
            self.look(wanted_at(self.taken.len()));
            if let Some(difference) = self.compare_with_previous() {
                return Ended::Nondeterminism(difference);
            }
            if self.candidates.is_empty() {
                strategy.end(&self.point());
                return Ended::Judged(self.model.outcome());
            }
            if self.taken.len() >= bounds.steps.most as usize {
                strategy.end(&self.point());
                return self.overrun();
            }
            if self.taken.len() as u64 >= most {
                strategy.end(&self.point());
                return Ended::OutOfSteps;
            }
            let Pick::Go { candidate, way } = strategy.choose(&self.point()) else {
                strategy.end(&self.point());
                return Ended::Abandoned;
            };
            let chosen = self.candidates[candidate];
            debug_assert!(way < usize::from(chosen.ways));
            if chosen.at.is_none() {
                strategy.end(&self.point());
                return Ended::Judged(self.model.outcome());
            }
            self.model.want_footprints(wanted_at(self.taken.len() + 1));
            self.step(candidate, way);
        }
    }

    pub(in crate::explore) fn point(&self) -> Point<'_> {
        Point {
            depth: self.taken.len(),
            runner: self.runner,
            tasks: &self.tasks,
            candidates: &self.candidates,
            held_back: self.held_back,
            ways: &self.ways,
            names: &self.names,
            counts: &self.counts,
            words: &self.model,
            conflicts: &self.interner.conflicts,
        }
    }

    pub(super) fn begin(&mut self, bounds: Bounds) {
        mem::swap(&mut self.previous.0, &mut self.taken);
        mem::swap(&mut self.previous.1, &mut self.shapes);
        self.taken.clear();
        self.shapes.clear();
        self.counts.fill(0);
        self.bounds = bounds;
        self.runner = None;
        self.preemptions = 0;
        self.faults = 0;
        self.same = true;
        if let Some(events) = &mut self.events {
            events.clear();
        }
        self.model.start();
    }

    fn step(&mut self, candidate: usize, way: usize) {
        let chosen = self.candidates[candidate];
        let place = usize::from(chosen.at.expect("nobody does not step"));
        let at = self.tasks[place];
        let way_taken = self.ways[at.ways_from as usize + way];
        self.counts[at.task.index()] += 1;
        let taken = Taken {
            task: at.task,
            alternative: way_taken.alternative,
            code: at.code,
        };
        self.preemptions += u32::from(chosen.preempts);
        self.faults += u32::from(way_taken.kind.is_fault());
        if at.readiness != Readiness::Fault {
            self.runner = Some(at.task);
        }
        self.same = self.same
            && self.previous.0.get(self.taken.len()).is_some_and(|before| {
                (before.task, before.alternative) == (taken.task, taken.alternative)
            });
        self.taken.push(taken);
        self.model.step(place, way_taken.alternative.into());
        if let Some(events) = &mut self.events {
            let mut event = String::new();
            self.model
                .write_event(&mut event)
                .expect("writing to a string does not fail");
            events.push(event);
        }
    }

    fn overrun(&mut self) -> Ended {
        let mut outcome = self.model.outcome();
        if self.bounds.steps.then == Overrun::Cut {
            return Ended::Cut(outcome);
        }
        if outcome.verdict == Verdict::Held {
            outcome.verdict = Verdict::Broken(Failure {
                rule: ENDLESS.to_owned(),
                evidence: format!(
                    "after {} steps it goes on: {}",
                    self.taken.len(),
                    self.describe()
                ),
            });
        }
        Ended::Judged(outcome)
    }
}
