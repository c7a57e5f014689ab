//! The two calls whose order matters.

use std::fmt;

use daemonlab::explore::{Footprint, Record, TaskName};

use super::model::{Intent, Moment};

/// Two calls of different tasks that touch the same thing, in the order in
/// which a failing execution has them and a plain one has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Whose call comes first, and which.
    pub first: (TaskName, String),
    /// Whose call comes too late, and which.
    pub late: (TaskName, String),
    /// What both touch; empty if it is not known.
    pub shared: Vec<String>,
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((early, first), (late, second)) = (&self.first, &self.late);
        write!(f, "{early}: {first}\n  comes before\n{late}: {second}")?;
        match self.shared.is_empty() {
            true => Ok(()),
            false => write!(f, "\n  and both touch: {}", self.shared.join(", ")),
        }
    }
}

/// The pair that a failing execution owes its failure to, as far as footprints
/// tell: at the last place where a task was left that could have gone on, the
/// first call of another that conflicts with what the left one had ahead.
pub(super) fn pair(record: &Record, log: &[Moment]) -> Option<Pair> {
    let left = record
        .steps
        .iter()
        .enumerate()
        .rev()
        .find_map(|(place, step)| {
            let plain = step.candidates.first().copied().flatten()?;
            (step.candidate > 0 && plain != step.task).then_some((place, plain))
        });
    let (from, task) = left?;
    let steps = &log[from.min(log.len())..];
    let own = |moment: &Moment, of: TaskName| {
        let mut intents = moment.ahead.iter();
        intents.find(|intent| intent.task == of).cloned()
    };
    // What the task that was left had ahead then, and all that it did later.
    let mut late: Vec<Intent> = Vec::new();
    late.extend(own(steps.first()?, task));
    let later = steps.iter().filter(|moment| moment.task == task);
    late.extend(later.filter_map(|moment| own(moment, task)));
    for late in &late {
        let touched = late.footprint();
        for moment in steps.iter().take_while(|moment| !did(moment, late)) {
            let Some(first) = own(moment, moment.task) else {
                continue;
            };
            let before = first.footprint();
            if moment.task != task && before.conflicts(&touched) {
                return Some(Pair {
                    shared: shared(&before, &touched),
                    first: (moment.task, first.shown.to_string()),
                    late: (task, late.shown.to_string()),
                });
            }
        }
    }
    None
}

fn did(moment: &Moment, late: &Intent) -> bool {
    moment.task == late.task
        && moment
            .ahead
            .iter()
            .any(|intent| intent.task == late.task && intent.shown == late.shown)
}

fn shared(one: &Footprint<String>, other: &Footprint<String>) -> Vec<String> {
    let all = |of: &Footprint<String>| [of.reads(), of.writes()].concat();
    let writes = |of: &Footprint<String>, key: &String| of.writes().contains(key);
    let others = all(other);
    let mut shared: Vec<String> = all(one)
        .into_iter()
        .filter(|key| others.contains(key) && (writes(one, key) || writes(other, key)))
        .collect();
    shared.sort();
    shared.dedup();
    shared
}
