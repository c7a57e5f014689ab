//! A case of the simulated world on every schedule, within bounds.
//!
//! The steps of the scenario are always carried out as soon as they can be:
//! a look is taken after every call. What is explored is which process makes
//! the next call. Depth first, those schedules first that leave a process that
//! could go on the fewest times; the first one that fails is shrunk.

pub mod common;
pub mod file;
pub mod model;

use std::fmt;
use std::path::PathBuf;

use daemonlab::explore::strategy::Dfs;
use daemonlab::explore::{
    Bounds, Budget, Config, Explorer, Next, Overrun, Report, StepLimit, Timeline, Timers, shrink,
};
use serde::Serialize;

use crate::explore::model::Faults;
use crate::world::WorldKind;
use crate::world::sim::{Grain, Programs};

use super::case;
use super::outcome::Verdict;
use super::plan::{Planned, Setting};
use super::stop::Stop;
use file::{About, Place};
use model::ScenarioModel;

/// How far an exploration goes.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// How often a process may be left although it could go on.
    pub preemptions: u32,
    /// How many schedules are tried at most.
    pub most: u64,
    /// The programs of the simulated world.
    pub programs: Programs,
    /// Where the schedules are written of what is found, for `daemonlab
    /// replay`.
    pub schedules: PathBuf,
    /// The target, as the command line names it.
    pub target: String,
}

/// How many schedules of a case are tried unless told otherwise.
pub const MOST: u64 = 20_000;

/// How many calls one schedule may have.
const STEPS: u32 = 50_000;

/// How wide a timeline is, in letters.
const WIDTH: usize = 110;

/// What was explored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explored {
    /// How many schedules were tried.
    pub schedules: u64,
    /// How often a process was left in them, at most, although it could go on.
    pub preemptions: u32,
    /// Whether these were all schedules with so many.
    pub complete: bool,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explored {
            schedules,
            preemptions,
            complete,
        } = self;
        let all = if *complete { "all " } else { "" };
        let cut = if *complete { "" } else { "; there are more" };
        let s = if *preemptions == 1 { "" } else { "s" };
        write!(
            f,
            "{all}{schedules} schedules with at most {preemptions} preemption{s}{cut}"
        )
    }
}

/// Judges a case on every schedule within the bounds. The verdict is that of
/// the first schedule that fails, shrunk, with its timeline; or that of all.
pub fn explore(
    planned: &Planned,
    setting: &Setting,
    how: &Exploration,
    stop: &Stop,
) -> (case::Outcome, Explored) {
    let mut model = ScenarioModel::new(planned, setting, &how.programs, Grain::Calls);
    let bounds = Bounds {
        preemptions: Some(how.preemptions),
        faults: Some(0),
        rounds: None,
        timers: Timers::WhenIdle,
        steps: StepLimit {
            most: STEPS,
            then: Overrun::Breaks,
        },
    };
    let config = Config {
        budget: Budget {
            executions: Some(how.most),
            steps: None,
        },
        ..Config::default()
    };
    let mut strategy = Dfs::iterative(bounds);
    let report =
        Explorer::new(&mut model, config).explore_and(&mut strategy, |_, _| match stop.is_set() {
            true => Next::Stop,
            false => Next::GoOn,
        });
    let explored = Explored {
        schedules: report.executions,
        preemptions: how.preemptions,
        complete: report.complete,
    };
    (verdict(&mut model, &report, planned, how, stop), explored)
}

fn verdict(
    model: &mut ScenarioModel,
    report: &Report,
    planned: &Planned,
    how: &Exploration,
    stop: &Stop,
) -> case::Outcome {
    use daemonlab::explore::Stop as Why;
    let internal = |message: String| (Verdict::Internal { message }, None);
    if stop.is_set() {
        let doing = format!("was explored: {} schedules so far", report.executions);
        return (Verdict::CutShort { doing }, None);
    }
    match &report.stop {
        Why::Exhausted | Why::ExecutionBudget | Why::StepBudget | Why::Overtaken => {
            return (Verdict::Passed, None);
        }
        Why::Unusable(message) => return internal(message.clone()),
        Why::Nondeterminism(difference) => {
            return internal(format!("the same schedule went another way: {difference}"));
        }
        Why::Failure => {}
    }
    let Some(found) = report.failures.first() else {
        return internal("an exploration failed without a failure".to_owned());
    };
    let shrunk = match shrink(&mut *model, found.bounds, &found.failure, &found.record) {
        Ok(shrunk) => shrunk,
        Err(difference) => {
            return internal(format!("the same schedule went another way: {difference}"));
        }
    };
    let story = format!(
        "= schedule: the {} that was tried; shrunk from {} choices to {}, a process a column, `>` \
         where it goes although another could go on:\n{}",
        ordinal(found.execution),
        shrunk.choices.0,
        shrunk.choices.1,
        Timeline::new(&shrunk.record, WIDTH),
    );
    let story = match written(model, &shrunk.failure.rule, planned, how) {
        Ok(place) => format!(
            "{}\n= replay: daemonlab replay {}; with `--world real` on the real program\n",
            story.trim_end(),
            place.display()
        ),
        Err(error) => return internal(format!("{error}\n{story}")),
    };
    match model.take_outcome() {
        Some((Verdict::Failed { mut failures }, evidence)) => {
            if let Some(first) = failures.first_mut() {
                first.text = format!("{}\n{story}", first.text.trim_end());
            }
            (Verdict::Failed { failures }, evidence)
        }
        _ => internal(format!("{}\n{story}", shrunk.failure)),
    }
}

/// Writes the schedule of the last execution, as both worlds can run it.
fn written(
    model: &ScenarioModel,
    rule: &str,
    planned: &Planned,
    how: &Exploration,
) -> Result<PathBuf, String> {
    let (case, _) = WorldKind::of_name(&planned.case.id);
    let about = About {
        place: Place::Both(WorldKind::Sim),
        scenario: PathBuf::from(&planned.case.source.name),
        case: case.to_owned(),
        target: how.target.clone(),
        faults: Faults::None,
    };
    let place = file::common_place(&how.schedules, case);
    let schedule = file::common_schedule(&model.common(), Some(rule.to_owned()), &about);
    file::write(&place, &schedule).map_err(|error| {
        format!(
            "cannot write the schedule {}: {error}\n  = help: name another folder by `--schedules`",
            place.display()
        )
    })?;
    Ok(place)
}

fn ordinal(number: u64) -> String {
    let end = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}
