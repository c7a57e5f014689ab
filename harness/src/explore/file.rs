//! A schedule in a file, with all that it takes to run it again.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use daemonlab::explore::{Record, Schedule};

use super::common::{self, CommonStep};
use crate::case::planned::{Planned, folder_name};
use crate::explore::faults::Faults;
use crate::world::WorldKind;

/// What a schedule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Where it can be run.
    pub place: Place,
    /// The scenario's file.
    pub scenario: PathBuf,
    /// The case's id.
    pub case: String,
    /// The target, as the command line names it.
    pub target: String,
    /// Whether faults were among the choices.
    pub faults: Faults,
}

/// Where a schedule can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the real world: its steps are all that the tracer sees.
    Real,
    /// In both: its steps are in the words of both worlds. It was found in
    /// this one.
    Both(WorldKind),
}

const PLACES: [(&str, Place); 3] = [
    ("real", Place::Real),
    ("both (found real)", Place::Both(WorldKind::Real)),
    ("both (found sim)", Place::Both(WorldKind::Sim)),
];

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = PLACES.iter().find(|(_, place)| place == self);
        f.write_str(found.map_or("", |(word, _)| word))
    }
}

/// The schedule of an execution of real processes.
pub fn schedule(record: &Record, about: &About) -> Schedule {
    with(Schedule::of(record), about)
}

/// The schedule of the steps that both worlds have.
pub fn common_schedule(steps: &[CommonStep], breaks: Option<String>, about: &About) -> Schedule {
    with(common::schedule(steps, breaks), about)
}

fn with(mut schedule: Schedule, about: &About) -> Schedule {
    let mut say = |key: &str, value: String| schedule.about.push((key.to_owned(), value));
    say("world", about.place.to_string());
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
    let need = |key: &str| get(key).ok_or_else(|| format!("it has no line `about {key} ...`"));
    let world = get("world").unwrap_or_default();
    let place = PLACES.iter().find(|(word, _)| *word == world);
    let Some((_, place)) = place else {
        let words: Vec<String> = PLACES.iter().map(|(word, _)| format!("`{word}`")).collect();
        return Err(format!(
            "it has no line `about world ...` with {}: it is no schedule of a scenario",
            words.join(", ")
        ));
    };
    Ok(About {
        place: *place,
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

/// Where the schedule of a case, by its id, is written that both worlds can run.
pub fn common_place(folder: &Path, case: &str) -> PathBuf {
    folder.join(format!("{}.common.schedule", folder_name(case)))
}

/// Writes a schedule, and the folders on its way.
///
/// # Errors
/// Why it cannot be written, and what to do.
pub fn write(place: &Path, schedule: &Schedule) -> Result<(), String> {
    let made = place.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(place, schedule.to_string()))
        .map_err(|error| {
            format!(
                "cannot write the schedule {}: {error}\n  = help: name another folder by `--schedules`",
                place.display()
            )
        })
}
