//! A schedule in a file, with all that it takes to run it again.

use std::path::{Path, PathBuf};

use daemonlab::explore::{Record, Schedule};

use super::model::Faults;
use crate::run::plan::{Planned, folder_name};

/// What a schedule of real processes is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The scenario's file.
    pub scenario: PathBuf,
    /// The case's id.
    pub case: String,
    /// The target, as the command line names it.
    pub target: String,
    /// Whether faults were among the choices.
    pub faults: Faults,
}

const WORLD: (&str, &str) = ("world", "real");

/// The schedule of an execution.
pub fn schedule(record: &Record, about: &About) -> Schedule {
    let mut schedule = Schedule::of(record);
    let mut say = |key: &str, value: String| schedule.about.push((key.to_owned(), value));
    say(WORLD.0, WORLD.1.to_owned());
    say("scenario", about.scenario.display().to_string());
    say("case", about.case.clone());
    say("target", about.target.clone());
    if about.faults == Faults::Any {
        say("faults", "any".to_owned());
    }
    schedule
}

/// Reads what a schedule is about.
///
/// # Errors
/// What is missing.
pub fn about(schedule: &Schedule) -> Result<About, String> {
    let get = |wanted: &str| {
        let found = schedule.about.iter().find(|(key, _)| key == wanted);
        found.map(|(_, value)| value.clone())
    };
    let need = |key: &str| get(key).ok_or_else(|| format!("it has no line `about {key} …`"));
    if get(WORLD.0).as_deref() != Some(WORLD.1) {
        return Err(format!(
            "it has no line `about {} {}`: it is a schedule of the simulation",
            WORLD.0, WORLD.1
        ));
    }
    Ok(About {
        scenario: need("scenario")?.into(),
        case: need("case")?,
        target: need("target")?,
        faults: match get("faults").as_deref() {
            None => Faults::None,
            Some(_) => Faults::Any,
        },
    })
}

/// Where the schedule of a case is written, below `folder`.
pub fn place(folder: &Path, planned: &Planned) -> PathBuf {
    folder.join(format!("{}.schedule", folder_name(&planned.case.id)))
}
