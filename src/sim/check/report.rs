//! What came of a check.

use std::fmt;

use super::{Counterexample, Replayed};
use crate::explore::{self, Stop};

/// The result of a check. Its `Display` prints what was tried and the bounds
/// of the claim, and every failure.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was checked.
    pub name: String,
    /// The searches in their order: every single fault on the plain run, if
    /// there are faults, and then the one that was asked for. None if a
    /// schedule was replayed instead.
    pub searches: Vec<explore::Report>,
    /// The failures, shrunk: the first, or the first of each rule.
    pub failures: Vec<Counterexample>,
    /// What came of the schedule that was replayed instead of a search.
    pub replayed: Option<Replayed>,
    pub(super) exhaustive: bool,
}

impl Report {
    /// Whether everything within the bounds was tried. Never of a replay.
    pub fn is_complete(&self) -> bool {
        self.replayed.is_none() && self.searches.last().is_some_and(|search| search.complete)
    }

    /// Whether nothing failed, and an exhaustive search was complete.
    pub fn passes(&self) -> bool {
        match &self.replayed {
            Some(replayed) => replayed.holds(),
            None => {
                self.failures.is_empty()
                    && self.searches.iter().all(explore::Report::is_clean)
                    && (self.is_complete() || !self.exhaustive)
            }
        }
    }

    /// How many executions were judged in all searches.
    pub fn executions(&self) -> u64 {
        self.searches.iter().map(|search| search.executions).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "check {}: ", self.name)?;
        if let Some(replayed) = &self.replayed {
            return write!(f, "{replayed}");
        }
        let failed = !self.failures.is_empty();
        f.write_str(match (self.passes(), self.is_complete(), failed) {
            (true, true, _) => "holds, in everything within the bounds",
            (true, false, _) => "holds in what was tried, which is not everything",
            (false, _, true) => "fails",
            (false, _, false) => "undecided",
        })?;
        for search in &self.searches {
            write!(f, "\n{search}")?;
        }
        let stop = self.searches.last().map(|search| &search.stop);
        if !failed && let Some(Stop::ExecutionBudget | Stop::StepBudget) = stop {
            write!(
                f,
                "\nThe budget was used up before everything was tried: give it more \
                 (Config::budget), bound the preemptions (Config::preemptions), let fewer kinds \
                 of faults strike (Config::faults), or draw executions (Search::Random)."
            )?;
        }
        for failure in &self.failures {
            write!(f, "\n\n{failure}")?;
        }
        Ok(())
    }
}
