//! An execution that breaks a rule, as small as it can be made.

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use super::place;
use crate::explore::{Bounds, Failure, Record, Schedule, Shrunk, TaskName, Timeline};

/// A failure with the shortest schedule that shows it. Its `Display` has the
/// rule, the evidence, the timeline and the line that replays it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// In which execution of the search it was found, from 1.
    pub found_in: u64,
    /// The bounds of that search.
    pub bounds: Bounds,
    /// The execution, shrunk.
    pub shrunk: Shrunk,
    /// Where its schedule was saved; the error if it could not be.
    pub saved: Result<PathBuf, String>,
    pub(super) check: String,
    pub(super) roles: Vec<(TaskName, String)>,
}

impl Counterexample {
    /// What fails.
    pub fn failure(&self) -> &Failure {
        &self.shrunk.failure
    }

    /// The schedule, as it is saved.
    pub fn schedule(&self) -> Schedule {
        schedule(&self.check, &self.shrunk.record)
    }

    /// Every event of the execution, a line each: task, number of its step,
    /// what it did. The same in every replay, byte for byte.
    pub fn event_log(&self) -> String {
        event_log(&self.shrunk.record)
    }
}

/// The schedule of an execution of a check.
pub(super) fn schedule(check: &str, record: &Record) -> Schedule {
    Schedule {
        about: vec![(CHECK.to_owned(), check.to_owned())],
        ..Schedule::of(record)
    }
}

/// The key of a schedule's `about` that has the name of the check.
pub(super) const CHECK: &str = "check";

/// How wide timelines are, in letters.
const WIDTH: usize = 110;

/// Every event of an execution, a line each.
pub(super) fn event_log(record: &Record) -> String {
    let mut log = String::new();
    for step in &record.steps {
        let how = match step.way.label.is_empty() {
            true => String::new(),
            false => format!(" [{}]", step.way.label),
        };
        // Writing to a string does not fail.
        let _ = writeln!(log, "{} {}{how} {}", step.task, step.index, step.event);
    }
    log
}

/// An execution as a timeline with roles.
pub(super) fn timeline<'a>(record: &'a Record, roles: &[(TaskName, String)]) -> Timeline<'a> {
    let timeline = Timeline::new(record, WIDTH);
    roles.iter().fold(timeline, |timeline, (task, role)| {
        timeline.with_role(*task, role)
    })
}

/// What the marks of a timeline mean.
pub(super) const LEGEND: &str = "  > goes although another could go on; ! a fault; @ time passes";

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { rule, evidence } = self.failure();
        writeln!(f, "broken: {rule}")?;
        writeln!(f, "  {evidence}")?;
        writeln!(
            f,
            "  found in execution {}; shrunk from {} choices to {}",
            self.found_in, self.shrunk.choices.0, self.shrunk.choices.1
        )?;
        writeln!(f)?;
        write!(f, "{}", timeline(&self.shrunk.record, &self.roles))?;
        writeln!(f, "{LEGEND}")?;
        writeln!(f)?;
        match &self.saved {
            Ok(path) => write!(f, "replay: {}", place::replay_line(path, &self.check)),
            Err(why) => write!(
                f,
                "the schedule could not be saved: {why}. This is it; put it into a file, and \
                 replay it with `{}`:\n{}",
                place::replay_line("FILE".as_ref(), &self.check),
                self.schedule()
            ),
        }
    }
}
