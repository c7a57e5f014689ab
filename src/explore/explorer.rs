//! The loop: execution after execution, until nothing is left or a budget is
//! used up.

use std::num::NonZeroU64;

use super::bounds::{Bounds, Budget};
use super::point::TaskId;
use super::record::{self, Record, Step};
use super::report::{Denied, Found, Report, Stop};
use super::run::{Difference, Ended, Repeats, Run};
use super::strategy::Strategy;
use super::strategy::retrace::Retrace;
use super::{Failure, Model, Outcome, Verdict};

/// How an exploration goes about it, whatever its strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What it may cost.
    pub budget: Budget,
    /// What becomes of it when an execution fails.
    pub on_failure: OnFailure,
    /// Every so many executions, one is run a second time, and what it does
    /// compared step by step. The first one always is. None is, where the model is said
    /// [not to repeat itself](Repeats::Mostly).
    pub check_every: NonZeroU64,
    /// Whether the model does the same after the same steps.
    pub repeats: Repeats,
}

impl Default for Config {
    /// No budget, stop at the first failure, a model that repeats itself, every 100th execution
    /// checked for it.
    fn default() -> Self {
        Config {
            budget: Budget::default(),
            on_failure: OnFailure::Stop,
            check_every: NonZeroU64::new(100).expect("it is not zero"),
            repeats: Repeats::Always,
        }
    }
}

/// What becomes of an exploration when an execution fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It ends.
    Stop,
    /// It goes on, and keeps the first failure of each rule.
    GoOn,
}

/// Explores one model.
pub struct Explorer<M: Model> {
    run: Run<M>,
    config: Config,
}

impl<M: Model> Explorer<M> {
    /// Prepares to explore `model`.
    pub fn new(model: M, config: Config) -> Self {
        Explorer {
            run: Run::new(model),
            config,
        }
    }

    /// Explores with a strategy until that has nothing left, the budget is
    /// used up, or an execution fails and [`OnFailure::Stop`] says so.
    pub fn explore(&mut self, strategy: &mut dyn Strategy) -> Report {
        self.explore_and(strategy, |_, _| Next::GoOn)
    }

    /// The same, and calls `observe` with the model and the outcome at the end
    /// of every execution that came to one.
    pub fn explore_and(
        &mut self,
        strategy: &mut dyn Strategy,
        mut observe: impl FnMut(&M, &Outcome) -> Next,
    ) -> Report {
        self.run.repeats = self.config.repeats;
        let mut search = Search {
            tally: Report::new(strategy.name()),
            run: &mut self.run,
            config: self.config,
            strategy,
            bounds: None,
        };
        let stop = loop {
            if let Some(stop) = search.next(&mut observe) {
                break stop;
            }
        };
        search.finish(stop)
    }

    /// Another budget from now on.
    pub(super) fn set_budget(&mut self, budget: Budget) {
        self.config.budget = budget;
    }

    /// The model as the last execution has left it.
    pub fn into_model(self) -> M {
        self.run.model
    }
}

/// What an observer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// More.
    GoOn,
    /// No more: the exploration ends as [`Stop::Overtaken`].
    Stop,
}

struct Search<'a, M: Model> {
    run: &'a mut Run<M>,
    config: Config,
    strategy: &'a mut dyn Strategy,
    tally: Report,
    bounds: Option<Bounds>,
}

impl<M: Model> Search<'_, M> {
    /// Runs one execution; what ended the exploration, if it has.
    fn next(&mut self, observe: &mut impl FnMut(&M, &Outcome) -> Next) -> Option<Stop> {
        let budget = self.config.budget;
        let steps_left = match budget.steps {
            Some(most) => most - self.tally.steps.min(most),
            None => u64::MAX,
        };
        if steps_left == 0 {
            return Some(Stop::StepBudget);
        }
        if budget
            .executions
            .is_some_and(|most| self.tally.executions + self.tally.abandoned >= most)
        {
            return Some(Stop::ExecutionBudget);
        }
        let Some(bounds) = self.strategy.begin() else {
            return Some(Stop::Exhausted);
        };
        if self.bounds != Some(bounds) {
            self.bounds = Some(bounds);
            self.run.denied = Denied::default();
        }
        let number = self.tally.executions + self.tally.abandoned;
        let checked = self.config.repeats == Repeats::Always
            && number.is_multiple_of(self.config.check_every.get());
        self.run.events = checked.then(|| self.run.events.take().unwrap_or_default());
        let (ended, steps) = match self.config.repeats {
            Repeats::Always => {
                let ended = self.run.execute(self.strategy, bounds, steps_left);
                (ended, Vec::new())
            }
            // It cannot be had again to be written down.
            Repeats::Mostly => record::write_down(self.run, self.strategy, bounds, steps_left),
        };
        self.count(&ended);
        let (outcome, cut) = match &ended {
            Ended::Judged(outcome) => (outcome, false),
            Ended::Cut(outcome) => (outcome, true),
            Ended::Abandoned => return None,
            Ended::OutOfSteps => return Some(Stop::StepBudget),
            Ended::Nondeterminism(difference) => {
                return Some(Stop::Nondeterminism(difference.clone()));
            }
        };
        self.tally.cut += u64::from(cut);
        self.tally.states.insert(outcome.state);
        let next = observe(&self.run.model, outcome);
        if checked && let Some(difference) = self.check(bounds, outcome) {
            return Some(Stop::Nondeterminism(difference));
        }
        match &outcome.verdict {
            Verdict::Held => (next == Next::Stop).then_some(Stop::Overtaken),
            Verdict::Unusable(why) => Some(Stop::Unusable(why.clone())),
            Verdict::Broken(failure) => self.keep(bounds, outcome, failure, steps),
        }
    }

    fn count(&mut self, ended: &Ended) {
        let tally = &mut self.tally;
        let steps = self.run.taken().len();
        tally.steps += steps as u64;
        tally.longest = tally.longest.max(steps);
        tally.tasks = tally.tasks.max(self.run.task_count());
        tally.preemptions = tally.preemptions.max(self.run.preemptions());
        tally.faults = tally.faults.max(self.run.faults());
        match ended {
            Ended::Judged(_) | Ended::Cut(_) => tally.executions += 1,
            _ => tally.abandoned += 1,
        }
    }

    /// Runs the execution that has just ended a second time; where the two
    /// differ, if they do.
    fn check(&mut self, bounds: Bounds, outcome: &Outcome) -> Option<Difference> {
        self.tally.checked += 1;
        let first_events = self.run.events.take().unwrap_or_default();
        self.run.events = Some(Vec::with_capacity(first_events.len()));
        let steps = self.steps();
        let mut retrace = Retrace::new(bounds, &steps);
        let again = retrace.begin().expect("it has not begun yet");
        let ended = self.run.execute(&mut retrace, again, u64::MAX);
        let second_events = self.run.events.as_deref().unwrap_or_default();
        for (after, pair) in first_events.iter().zip(second_events).enumerate() {
            if pair.0 != pair.1 {
                return Some(Difference {
                    after,
                    first: pair.0.clone(),
                    second: pair.1.clone(),
                });
            }
        }
        match ended {
            Ended::Nondeterminism(difference) => Some(difference),
            Ended::Judged(second) | Ended::Cut(second) if second == *outcome => None,
            second => Some(Difference {
                after: steps.len(),
                first: format!("the execution ended: {outcome:?}"),
                second: format!("the execution ended: {second:?}"),
            }),
        }
    }

    /// Keeps a failure with its execution: with these steps, if they were
    /// written down.
    fn keep(
        &mut self,
        bounds: Bounds,
        outcome: &Outcome,
        failure: &Failure,
        written: Vec<Step>,
    ) -> Option<Stop> {
        let known = self
            .tally
            .failures
            .iter()
            .any(|found| found.failure.rule == failure.rule);
        if !known {
            let record = match self.config.repeats {
                Repeats::Always => Record::of(self.run, bounds, &self.steps()),
                Repeats::Mostly => Ok(Record {
                    steps: written,
                    outcome: outcome.clone(),
                }),
            };
            let record = match record {
                Ok(record) => record,
                Err(difference) => return Some(Stop::Nondeterminism(difference)),
            };
            self.tally.failures.push(Found {
                failure: failure.clone(),
                execution: self.tally.executions,
                bounds,
                record,
            });
        }
        (self.config.on_failure == OnFailure::Stop).then_some(Stop::Failure)
    }

    fn steps(&self) -> Vec<(TaskId, u16)> {
        let taken = self.run.taken().iter();
        taken.map(|taken| (taken.task, taken.alternative)).collect()
    }

    fn finish(self, stop: Stop) -> Report {
        let mut tally = self.tally;
        tally.strategy = self.strategy.name();
        tally.bounds = self.bounds;
        tally.denied = self.run.denied;
        tally.complete = stop == Stop::Exhausted
            && self.strategy.is_exhaustive()
            && tally.cut == 0
            && self.run.model.is_exact();
        tally.stop = stop;
        tally
    }
}

#[cfg(test)]
mod tests;
