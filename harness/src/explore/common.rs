//! What of an execution the other world has as well, as a schedule: so a finding
//! of one world is run again in the other.
//!
//! Both sides speak in the words of [`common`](crate::world::common), and stand
//! still at the same places.

use std::collections::BTreeMap;

use daemonlab::explore::schedule::{PlannedStep, PlannedWay};
use daemonlab::explore::{Schedule, TaskName};

use crate::world::common::ENDS;
use crate::world::sim::InCommon;

/// A step that both worlds have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommonStep {
    /// Whose.
    pub task: TaskName,
    /// It in the words of both worlds.
    pub words: String,
    /// The way it went, if it was not the normal one.
    pub way: Option<PlannedWay>,
}

/// The schedule of these steps, which breaks that rule.
pub fn schedule(steps: &[CommonStep], breaks: Option<String>) -> Schedule {
    let mut counts: BTreeMap<TaskName, u32> = BTreeMap::new();
    let steps = steps.iter().map(|step| {
        let count = counts.entry(step.task).or_default();
        *count += 1;
        PlannedStep {
            task: step.task,
            index: *count,
            way: step.way.clone(),
            operation: step.words.clone(),
        }
    });
    Schedule {
        about: Vec::new(),
        breaks,
        steps: steps.collect(),
    }
}

/// The steps of both worlds out of those of the simulated kernel, which are
/// finer.
///
/// A call that waited is begun and returns there in steps of their own. In the
/// real world it returns as soon as it can: the step is where it returned, for
/// one that begins where it can return at once gives the same. One that never
/// returned is where it began. An end that nobody could tell from the step before
/// it has none of its own there: it follows at once.
pub fn of_the_simulation(steps: &[(TaskName, InCommon)]) -> Vec<CommonStep> {
    let mut common = Vec::new();
    for (place, (task, step)) in steps.iter().enumerate() {
        let mut push = |words: &str| {
            common.push(CommonStep {
                task: *task,
                words: words.to_owned(),
                way: None,
            });
        };
        let mut later = steps[place + 1..].iter().filter(|(other, _)| other == task);
        let ends_later = later.clone().any(|(_, step)| *step == InCommon::Ends);
        match step {
            InCommon::Nothing => {}
            InCommon::Begins(words) => {
                let returns = later.find(|(_, step)| *step != InCommon::Nothing);
                if !returns.is_some_and(|(_, step)| *step == InCommon::Makes(words.clone())) {
                    push(words);
                }
            }
            InCommon::Makes(words) => {
                push(words);
                if words.starts_with("exit_group(") && !ends_later {
                    push(ENDS);
                }
            }
            InCommon::Dies if !ends_later => push(ENDS),
            InCommon::Dies => {}
            InCommon::Ends => push(ENDS),
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &[(&str, InCommon)]) -> Vec<String> {
        let steps: Vec<(TaskName, InCommon)> = text
            .iter()
            .map(|(task, step)| (task.parse().unwrap(), step.clone()))
            .collect();
        let common = of_the_simulation(&steps);
        schedule(&common, None)
            .steps
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn makes(words: &str) -> InCommon {
        InCommon::Makes(words.to_owned())
    }

    fn begins(words: &str) -> InCommon {
        InCommon::Begins(words.to_owned())
    }

    #[test]
    fn a_wait_is_where_it_returns() {
        let found = steps(&[
            ("0", begins("wait4(PID)")),
            ("0.1", InCommon::Nothing),
            ("0.1", makes("chdir(\"/\")")),
            ("0", makes("wait4(PID)")),
        ]);
        assert_eq!(found, ["0.1 1 chdir(\"/\")", "0 1 wait4(PID)"]);
    }

    #[test]
    fn a_wait_that_does_not_return_is_where_it_begins() {
        let found = steps(&[
            ("0", begins("ppoll([], for ever, mask {})")),
            ("0.1", makes("kill(PID, SIGTERM)")),
            ("0", InCommon::Dies),
        ]);
        let expected = [
            "0 1 ppoll([], for ever, mask {})",
            "0.1 1 kill(PID, SIGTERM)",
            "0 2 become waitable",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn every_end_has_a_step() {
        let found = steps(&[
            ("0", makes("exit_group(0)")),
            ("0.1", makes("exit_group(1)")),
            ("0.1.1", makes("chdir(\"/\")")),
            ("0.1", InCommon::Ends),
        ]);
        let expected = [
            "0 1 exit_group(0)",
            "0 2 become waitable",
            "0.1 1 exit_group(1)",
            "0.1.1 1 chdir(\"/\")",
            "0.1 2 become waitable",
        ];
        assert_eq!(found, expected);
    }
}
