//! Real processes, on every schedule of their visible calls.
//!
//! "All schedules" are those of what is steered. What is not visible, memory that processes
//! share, say, keeps its own order.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use daemonlab::explore::shell::word;
use daemonlab::explore::{Stop, Timeline, Timers};

use crate::case;
use crate::case::outcome::Verdict;
use crate::case::planned::{Planned, unrepeated};
use crate::case::setting::{Gather, Setting};
use crate::explore::faults::Faults;
use crate::explore::file::{self, About, Place};
use crate::explore::processes::Processes;
use crate::explore::processes::hunt::{Hunt, Tactic, bounds};
use crate::explore::processes::search::{Searched, search};
use crate::explore::processes::simplest::Found;
use crate::world::sim::Grain;

use super::pace::Pace;
use super::{Exploration, Explored, WIDTH, internal, ordinal, with_story};

/// Where chance begins for programs that do not repeat themselves.
const SEED: u64 = 1;

/// See [`super::explore`].
pub fn explore(
    planned: &Planned,
    setting: &Setting,
    how: &Exploration,
    preemptions: u32,
    pace: &mut Pace<'_>,
) -> (case::Outcome, Explored) {
    let setting = Setting {
        gather: Gather::Never,
        ..setting.clone()
    };
    let stop = pace.stop().clone();
    let make = || {
        let (planned, setting) = (planned.clone(), setting.clone());
        Processes::new(planned, setting, Faults::None, Grain::Calls, stop.clone())
    };
    let hunt = Hunt {
        tactic: Tactic::Bounded,
        runs: pace.most,
        seed: SEED,
        faults: Faults::None,
        preemptions: Some(preemptions),
        timers: Timers::WhenIdle,
    };
    // The cases run side by side already.
    let jobs = NonZeroUsize::MIN;
    match search(&make, &hunt, jobs, |schedules| pace.go_on(schedules)) {
        Ok(searched) => {
            let explored = explored(&searched, preemptions, pace);
            (verdict(searched, planned, how), explored)
        }
        Err(error) => (internal(error.to_string()), Explored::default()),
    }
}

fn explored(searched: &Searched, preemptions: u32, pace: &Pace<'_>) -> Explored {
    let tried = searched.reports.iter();
    let mut tried = tried.map(|report| report.executions + report.abandoned);
    let first = tried.next().unwrap_or_default();
    let drawn = tried.sum();
    let complete = match searched.reports.as_slice() {
        [only] => only.stop == Stop::Exhausted && only.cut == 0,
        _ => false,
    };
    let ended = searched.found.is_some() || searched.once.is_some() || complete;
    Explored {
        schedules: first + drawn,
        preemptions,
        complete,
        used_up: pace.used_up(first + drawn).filter(|_| !ended),
        rounds: bounds(Faults::None)
            .rounds
            .filter(|_| searched.reports.iter().any(|report| report.denied.rounds)),
        cut: searched.reports.iter().map(|report| report.cut).sum(),
        drawn,
    }
}

fn verdict(searched: Searched, planned: &Planned, how: &Exploration) -> case::Outcome {
    if let Some(found) = searched.found {
        let story = story(&found, planned, how);
        let failures = found.failures;
        return (with_story(Verdict::Failed { failures }, &story), None);
    }
    if let Some(failures) = searched.once {
        let note = "= note: seen once; no schedule broke it again and again, so that there is none to \
                    replay";
        return (with_story(Verdict::Failed { failures }, note), None);
    }
    let mut stops = searched.reports.into_iter().map(|report| report.stop);
    match stops.find(|stop| matches!(stop, Stop::Unusable(_))) {
        Some(Stop::Unusable(why)) => internal(why),
        _ => (Verdict::Passed, None),
    }
}

/// How it came to that, and how to see it again.
fn story(found: &Found, planned: &Planned, how: &Exploration) -> String {
    let mut timeline = Timeline::new(&found.record, WIDTH);
    for (task, role) in &found.roles {
        timeline = timeline.with_role(*task, role.clone());
    }
    let shrunk = match &found.shrunk {
        Ok(((0, _), _)) => "the plain one, in which who goes goes on until it waits".to_owned(),
        Ok(((before, after), _)) => format!("shrunk from {before} choices to {after}"),
        Err(difference) => format!(
            "not shrunk, since after {} steps the same order led to `{}` and to `{}`",
            difference.after, difference.first, difference.second
        ),
    };
    let mut story = format!(
        "= schedule: the {} that was tried; {shrunk}, a process a column, `>` where it goes \
         although another could go on:\n{timeline}\n",
        ordinal(found.execution),
    );
    if let Some(pair) = &found.pair {
        story += "= the order that matters:\n";
        for line in pair.to_string().lines() {
            story += &format!("    {line}\n");
        }
    }
    let about = About {
        place: Place::Real,
        scenario: PathBuf::from(&planned.case.source.name),
        case: unrepeated(&planned.case.id).to_owned(),
        target: how.target.clone(),
        faults: Faults::None,
    };
    let place = file::place(&how.schedules, planned);
    story += &match file::write(&place, &file::schedule(&found.record, &about)) {
        Ok(()) => format!(
            "= help: see it again: daemonlab replay {}",
            word(&place.to_string_lossy())
        ),
        Err(why) => format!("= note: {why}"),
    };
    story
}
