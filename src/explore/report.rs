//! What an exploration has to say.

use std::collections::BTreeSet;
use std::fmt;

use super::Failure;
use super::bounds::{Bounds, Budget};
use super::record::Record;
use super::run::Difference;

/// The result of an exploration. Its `Display` prints the bounds of whatever
/// it claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The strategy.
    pub strategy: String,
    /// The bounds of the last execution; `None` if there was none.
    pub bounds: Option<Bounds>,
    /// How many executions came to an end and were judged.
    pub executions: u64,
    /// How many were dropped half-way, because what follows was known or the
    /// budget was used up.
    pub abandoned: u64,
    /// How many of the judged ones were cut off by the bound on steps.
    pub cut: u64,
    /// How many steps they took altogether.
    pub steps: u64,
    /// How many the longest took.
    pub longest: usize,
    /// How many tasks there were, by name.
    pub tasks: usize,
    /// The most preemptions in an execution.
    pub preemptions: u32,
    /// The most faults in an execution.
    pub faults: u32,
    /// The different states at the end, by their digests.
    pub states: BTreeSet<u64>,
    /// How many executions were run twice and compared.
    pub checked: u64,
    /// The failures: the first, or the first of each rule.
    pub failures: Vec<Found>,
    /// Why it ended.
    pub stop: Stop,
    /// Whether everything within the bounds was tried.
    pub complete: bool,
    /// What the bounds kept away from the strategy, within the last bounds.
    pub denied: Denied,
}

/// What the bounds have kept from the strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Denied {
    /// A preemption.
    pub preemptions: bool,
    /// A fault.
    pub faults: bool,
    /// Something in a later round of a loop.
    pub rounds: bool,
}

/// A failure and the execution that showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What failed.
    pub failure: Failure,
    /// In which execution, from 1.
    pub execution: u64,
    /// The bounds that it kept to.
    pub bounds: Bounds,
    /// What happened.
    pub record: Record,
}

/// Why an exploration ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The strategy had nothing left.
    Exhausted,
    /// An execution failed, and it was to stop then.
    Failure,
    /// The budget of executions was used up.
    ExecutionBudget,
    /// The budget of steps was used up.
    StepBudget,
    /// The model could not go on, for this reason.
    Unusable(String),
    /// The same choices did not lead to the same execution.
    Nondeterminism(Difference),
    /// Another worker of a portfolio made it needless to go on.
    Overtaken,
}

impl Report {
    /// What the search has left of a budget.
    pub(crate) fn left_of(&self, budget: Budget) -> Budget {
        let executions = self.executions + self.abandoned;
        Budget {
            executions: budget
                .executions
                .map(|most| most.saturating_sub(executions)),
            steps: budget.steps.map(|most| most.saturating_sub(self.steps)),
        }
    }

    pub(super) fn new(strategy: String) -> Report {
        Report {
            strategy,
            bounds: None,
            executions: 0,
            abandoned: 0,
            cut: 0,
            steps: 0,
            longest: 0,
            tasks: 0,
            preemptions: 0,
            faults: 0,
            states: BTreeSet::new(),
            checked: 0,
            failures: Vec::new(),
            stop: Stop::Exhausted,
            complete: false,
            denied: Denied::default(),
        }
    }

    /// This one and the rest of the same search, which went on where it ended.
    #[must_use]
    pub fn and(mut self, rest: Report) -> Report {
        self.complete = rest.complete && self.cut == 0;
        self.stop = rest.stop.clone();
        self.add(rest);
        self
    }

    /// Adds the numbers and the failures of a part of the same search, not its
    /// end.
    pub(super) fn add(&mut self, part: Report) {
        for mut found in part.failures {
            found.execution += self.executions;
            let rule = &found.failure.rule;
            if !self
                .failures
                .iter()
                .any(|known| known.failure.rule == *rule)
            {
                self.failures.push(found);
            }
        }
        self.executions += part.executions;
        self.abandoned += part.abandoned;
        self.cut += part.cut;
        self.steps += part.steps;
        self.checked += part.checked;
        self.longest = self.longest.max(part.longest);
        self.tasks = self.tasks.max(part.tasks);
        self.preemptions = self.preemptions.max(part.preemptions);
        self.faults = self.faults.max(part.faults);
        self.states.extend(part.states);
        self.bounds = part.bounds.or(self.bounds);
        self.denied.preemptions |= part.denied.preemptions;
        self.denied.faults |= part.denied.faults;
        self.denied.rounds |= part.denied.rounds;
    }

    /// Whether no execution failed and nothing went wrong with the
    /// exploration itself. It need not be complete.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty()
            && !matches!(self.stop, Stop::Unusable(_) | Stop::Nondeterminism(_))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the same choices led to different executions: the program or the model is not \
             deterministic.\n  after {} steps, first:  {}\n  after {} steps, second: {}\nLook there \
             for a clock, a random number, an unordered map, an address, or state that outlives \
             an execution.",
            self.after, self.first, self.after, self.second
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claim = match (&self.stop, self.complete) {
            (_, true) => "complete within the bounds",
            (Stop::Exhausted, false) => "not complete: the strategy tries only a part",
            (Stop::Failure, false) => "ended at the first failure",
            (Stop::ExecutionBudget, false) => "not complete: the budget of executions is used up",
            (Stop::StepBudget, false) => "not complete: the budget of steps is used up",
            (Stop::Unusable(_), false) => "ended: the model could not go on",
            (Stop::Nondeterminism(_), false) => "ended: not deterministic",
            (Stop::Overtaken, false) => "not complete: overtaken by a failure found elsewhere",
        };
        writeln!(f, "explored {}: {claim}", self.strategy)?;
        writeln!(
            f,
            "  executions: {} judged, {} dropped, {} cut off; {} steps, the longest {}",
            self.executions, self.abandoned, self.cut, self.steps, self.longest
        )?;
        writeln!(
            f,
            "  seen: {} tasks, up to {} preemptions and {} faults in an execution, {} different ends",
            self.tasks,
            self.preemptions,
            self.faults,
            self.states.len()
        )?;
        if let Some(bounds) = self.bounds {
            writeln!(f, "  bounds: {bounds}")?;
            let kept = [
                (self.denied.preemptions, "preemptions"),
                (self.denied.faults, "faults"),
                (self.denied.rounds, "later rounds of loops"),
            ];
            let kept: Vec<&str> = kept
                .iter()
                .filter(|(denied, _)| *denied)
                .map(|(_, what)| *what)
                .collect();
            match kept.is_empty() {
                true => writeln!(f, "  the bounds kept nothing away")?,
                false => writeln!(f, "  kept away by the bounds: {}", kept.join(", "))?,
            }
        }
        write!(f, "  run twice and compared: {}", self.checked)?;
        match &self.stop {
            Stop::Unusable(why) => write!(f, "\n{why}")?,
            Stop::Nondeterminism(difference) => write!(f, "\n{difference}")?,
            _ => {}
        }
        for found in &self.failures {
            write!(
                f,
                "\nexecution {} fails: {}",
                found.execution, found.failure
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn part(executions: u64, cut: u64, stop: Stop) -> Report {
        Report {
            executions,
            cut,
            complete: stop == Stop::Exhausted,
            stop,
            ..Report::new("a strategy".to_owned())
        }
    }

    #[rstest]
    #[case::nothing_was_cut(0, true)]
    #[case::something_was(1, false)]
    fn a_search_that_goes_on_ends_as_its_rest(#[case] cut: u64, #[case] complete: bool) {
        let begun = part(3, cut, Stop::ExecutionBudget);
        let whole = begun.and(part(2, 0, Stop::Exhausted));
        assert_eq!(
            (whole.executions, whole.stop, whole.complete),
            (5, Stop::Exhausted, complete)
        );
    }
}
