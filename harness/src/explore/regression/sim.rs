//! The simulated world, on every schedule.

use std::path::PathBuf;

use daemonlab::explore::shell::word;
use daemonlab::explore::strategy::Dfs;
use daemonlab::explore::{
    Bounds, Budget, Config, Explorer, Next, Overrun, Report, StepLimit, Stop, Timeline, Timers,
    shrink,
};

use crate::case;
use crate::case::outcome::Verdict;
use crate::case::planned::Planned;
use crate::case::setting::Setting;
use crate::explore::faults::Faults;
use crate::explore::file::{self, About, Place};
use crate::explore::simulated::ScenarioModel;
use crate::world::WorldKind;
use crate::world::sim::Grain;

use super::pace::Pace;
use super::{Exploration, Explored, WIDTH, internal, ordinal, with_story};

/// How many calls one schedule may have.
const STEPS: u32 = 50_000;

/// See [`super::explore`].
pub fn explore(
    planned: &Planned,
    setting: &Setting,
    how: &Exploration,
    preemptions: u32,
    pace: &mut Pace<'_>,
) -> (case::Outcome, Explored) {
    let mut model = ScenarioModel::new(planned, setting, &how.programs, Grain::Calls);
    let bounds = Bounds {
        preemptions: Some(preemptions),
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
            executions: Some(pace.most),
            steps: None,
        },
        ..Config::default()
    };
    let mut tried = 0;
    let report =
        Explorer::new(&mut model, config).explore_and(&mut Dfs::iterative(bounds), |_, _| {
            tried += 1;
            match pace.go_on(tried) {
                true => Next::GoOn,
                false => Next::Stop,
            }
        });
    let explored = Explored {
        schedules: report.executions,
        preemptions,
        complete: report.complete,
        used_up: match report.stop {
            Stop::ExecutionBudget | Stop::Overtaken => pace.used_up(report.executions),
            _ => None,
        },
        ..Explored::default()
    };
    (verdict(&mut model, &report, planned, how), explored)
}

fn verdict(
    model: &mut ScenarioModel,
    report: &Report,
    planned: &Planned,
    how: &Exploration,
) -> case::Outcome {
    match &report.stop {
        Stop::Exhausted | Stop::ExecutionBudget | Stop::StepBudget | Stop::Overtaken => {
            return (Verdict::Passed, None);
        }
        Stop::Unusable(message) => return internal(message.clone()),
        Stop::Nondeterminism(difference) => {
            return internal(format!("the same schedule went another way: {difference}"));
        }
        Stop::Failure => {}
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
            "{}\n= replay: daemonlab replay --world real {}; without `--world`, once more here\n",
            story.trim_end(),
            word(&place.to_string_lossy())
        ),
        Err(error) => return internal(format!("{error}\n{story}")),
    };
    match model.take_outcome() {
        Some((verdict @ Verdict::Failed { .. }, evidence)) => {
            (with_story(verdict, &story), evidence)
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
    file::write(&place, &schedule)?;
    Ok(place)
}
