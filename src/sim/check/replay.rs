//! A saved schedule, run again.
//!
//! With the path of a schedule in the variable `DAEMONLAB_REPLAY`,
//! [`check`](super::check) runs it instead of a search, if the schedule is the
//! check's own; a check with another name goes about as usual. The schedule is
//! followed strictly, and if the program has changed, as far as it makes
//! sense, see [`Fidelity`].

use std::env;
use std::fmt;
use std::fs;

use super::Config;
use super::counterexample::{self, CHECK, LEGEND};
use super::place::REPLAY;
use crate::explore::schedule::follow::{Adaptation, CannotFollow, Diverged, Fidelity, follow};
use crate::explore::{Failure, Record, Schedule, TaskName, Verdict};
use crate::sim::{Program, Sys};

/// What came of a schedule. Its `Display` has the timeline.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The rule that the schedule is to break, if it says one.
    pub breaks: Option<String>,
    /// The execution; the error if the program does not go along, with the
    /// place.
    pub ran: Result<Run, CannotFollow>,
    roles: Vec<(TaskName, String)>,
}

/// An execution along a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What happened.
    pub record: Record,
    /// The first step at which the program does not go along strictly; `None`
    /// if it does to the end.
    pub diverged: Option<Diverged>,
    /// What was done about that; empty also where the program only goes on
    /// behind the end of the schedule.
    pub adaptations: Vec<Adaptation>,
}

impl Replayed {
    /// Whether the program went along and nothing was broken.
    pub fn holds(&self) -> bool {
        let verdict = self.ran.as_ref().map(|run| &run.record.outcome.verdict);
        matches!(verdict, Ok(Verdict::Held))
    }

    /// What was broken.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.ran.as_ref().ok()?.record.outcome.verdict {
            Verdict::Broken(failure) => Some(failure),
            _ => None,
        }
    }

    /// Every event, a line each, as
    /// [`Counterexample::event_log`](super::Counterexample::event_log).
    pub fn event_log(&self) -> Option<String> {
        let run = self.ran.as_ref().ok()?;
        Some(counterexample::event_log(&run.record))
    }
}

/// Runs `program` along a schedule: strictly, and if that cannot be, adapted.
pub fn replay(
    config: &Config,
    program: impl Fn(Sys) -> i32 + Send + Sync + 'static,
    schedule: &Schedule,
) -> Replayed {
    let program: Program = std::sync::Arc::new(program);
    run_along(config, &program, schedule)
}

pub(super) fn run_along(config: &Config, program: &Program, schedule: &Schedule) -> Replayed {
    let mut simulation = config.simulation(program);
    let mut along = |fidelity| follow(&mut simulation, schedule, fidelity, config.bounds);
    let (diverged, followed) = match along(Fidelity::Strict) {
        Err(CannotFollow::Diverged(diverged)) => (Some(diverged), along(Fidelity::Adapted)),
        followed => (None, followed),
    };
    Replayed {
        breaks: schedule.breaks.clone(),
        ran: followed.map(|followed| Run {
            record: followed.record,
            diverged,
            adaptations: followed.adaptations,
        }),
        roles: config.all_roles(),
    }
}

/// The schedule that is to be replayed, if it is of this check.
///
/// # Errors
/// The file cannot be read or is no schedule.
pub(super) fn asked_for(check: &str) -> Result<Option<Schedule>, String> {
    let Some(path) = env::var_os(REPLAY).filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let about = |why: String| format!("{REPLAY}={}: {why}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| about(error.to_string()))?;
    let schedule: Schedule = text.parse().map_err(|error| about(format!("{error}")))?;
    let of = schedule.about.iter().find(|(key, _)| key == CHECK);
    match of {
        Some((_, name)) if name != check => {
            eprintln!(
                "{}",
                about(format!(
                    "this is a schedule of the check {name}; the check {check} goes about as usual"
                ))
            );
            Ok(None)
        }
        _ => Ok(Some(schedule)),
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = match &self.ran {
            Err(error) => return write!(f, "the schedule could not be followed: {error}"),
            Ok(run) => run,
        };
        match &run.diverged {
            None => writeln!(f, "the schedule was followed, step by step")?,
            Some(diverged) => write_divergence(diverged, f)?,
        }
        for adaptation in &run.adaptations {
            writeln!(f, "  {adaptation}")?;
        }
        let rule = self.breaks.as_deref();
        match (self.failure(), rule) {
            (None, None) => writeln!(f, "nothing is broken")?,
            (None, Some(rule)) => writeln!(
                f,
                "nothing is broken any more, which was: {rule}. Run the check without {REPLAY} to \
                 try everything else."
            )?,
            (Some(failure), rule) => {
                writeln!(f, "broken: {}", failure.rule)?;
                writeln!(f, "  {}", failure.evidence)?;
                if let Some(rule) = rule.filter(|rule| *rule != failure.rule) {
                    writeln!(f, "  (the schedule was saved for breaking: {rule})")?;
                }
            }
        }
        writeln!(f)?;
        write!(f, "{}", counterexample::timeline(&run.record, &self.roles))?;
        f.write_str(LEGEND)
    }
}

/// Where a program has changed that went along all the same.
fn write_divergence(diverged: &Diverged, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "the program has changed since the schedule was saved; it does not go along at its step {}",
        diverged.step
    )?;
    writeln!(f, "  expected: {}", diverged.expected)?;
    writeln!(f, "  got:      {}", diverged.got)
}
