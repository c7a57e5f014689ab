//! What breaks a scenario, made as simple as possible.

use daemonlab::explore::{
    self, Difference, Failure, Record, Repeats, TaskName, shrink, shrink_unsteady,
};

use super::hunt::bounds;
use super::model::Processes;
use super::pair::{Pair, pair};
use crate::case::outcome;
use crate::explore::common::CommonStep;
use crate::explore::faults::Faults;

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
    /// All that was said when it was broken last.
    pub failures: Vec<outcome::Failure>,
    /// What each process was in its launch.
    pub roles: Vec<(TaskName, String)>,
    /// The steps of the simplest execution that the other world has as well.
    pub common: Vec<CommonStep>,
}

/// How often it is tried to make a finding simpler. Real processes may once in a while not repeat
/// themselves, for what steers them does not see everything that they share.
const TRIES: usize = 3;

/// Makes a failure as simple as possible, before whose part of the search there
/// were so many executions.
pub(super) fn simplest(
    model: &mut Processes,
    found: explore::Found,
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
    let roles = model.roles();
    match shrunk {
        // The last execution was that of the shrunk record.
        Ok(shrunk) => Found {
            pair: pair(&shrunk.record, model.log()),
            failures: model.failures(&shrunk.failure.rule).to_vec(),
            failure: shrunk.failure,
            record: shrunk.record,
            execution,
            shrunk: Ok((shrunk.choices, shrunk.attempts)),
            roles,
            common: model.common().to_vec(),
        },
        Err(difference) => Found {
            pair: None,
            failures: model.failures(&found.failure.rule).to_vec(),
            failure: found.failure,
            record: found.record,
            execution,
            shrunk: Err(difference),
            roles,
            common: Vec::new(),
        },
    }
}
