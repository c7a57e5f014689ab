//! What a run is to do.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::scenario::Case;
use crate::world::WorldKind;
use crate::world::spec::Trace;

use super::event::CaseName;
use super::explore::Exploration;
use super::profile::Deviation;

/// What a run is to do, all of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The cases, in the order in which they are started.
    pub cases: Vec<Planned>,
    /// How many cases there are that were not selected.
    pub filtered_out: usize,
    /// How many run at a time; at least one.
    pub jobs: usize,
    /// What follows from failures.
    pub policy: Policy,
    /// What holds for each of them.
    pub setting: Setting,
}

/// What follows from failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// After how many failed cases no other is started.
    pub max_fail: Option<NonZeroUsize>,
    /// How many times more a case is tried that failed.
    pub retries: u32,
}

impl Plan {
    /// The same with each case `times` times, round by round, so that a case
    /// that disturbs another has its chance to. The id of a repetition ends
    /// in `@` and its number.
    #[must_use]
    pub fn repeated(mut self, times: NonZeroUsize) -> Plan {
        let once = std::mem::take(&mut self.cases);
        for number in 1..=times.get() {
            self.cases.extend(once.iter().cloned().map(|mut planned| {
                planned.case.id = format!("{}@{number}", planned.case.id);
                planned
            }));
        }
        self
    }
}

/// The id of a case without the number of its repetition.
pub fn unrepeated(id: &str) -> &str {
    match id.rsplit_once('@') {
        Some((case, number)) if number.parse::<usize>().is_ok() => case,
        _ => id,
    }
}

/// A case that was selected.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The case; its id names the world, if that is not the real one.
    pub case: Case,
    /// Where it happens.
    pub world: WorldKind,
    /// Whether it runs.
    pub fate: Fate,
    /// How its profile expects it to fail, if it does.
    pub deviation: Option<Deviation>,
}

/// Whether a case runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does.
    Run,
    /// It is skipped, for this reason.
    Skip(String),
    /// It would be skipped for this reason, but must not be.
    Missing(String),
}

/// What holds for every case of a run.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What `${target}` stands for.
    pub target: Target,
    /// How long a case may take that does not say so.
    pub timeout: Duration,
    /// How long every case may take, whatever it says.
    pub timeout_for_all: Option<Duration>,
    /// When evidence is gathered.
    pub gather: Gather,
    /// Whether a case is judged on every schedule, and how far that goes.
    pub explore: Option<Exploration>,
    /// Which calls of every launch become events, beside those that a scenario
    /// asks for.
    pub trace: Trace,
}

/// How long a case may take if neither it nor the command line says so.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// The program that is tested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its path inside of a world: `${target}`.
    pub path: PathBuf,
    /// The files of the host that it needs. Each is to be where it lies on the
    /// host, with its folder as far as a world can have that.
    pub binds: Vec<PathBuf>,
}

/// When evidence is gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gather {
    /// When a case fails.
    OnFailure,
    /// Always.
    Always,
    /// Never: looking around would take part in what is explored.
    Never,
}

impl Planned {
    /// The case as reports name it.
    pub fn name(&self) -> CaseName {
        CaseName {
            world: self.world,
            ..name_of(&self.case)
        }
    }
}

/// A file name for a case. Two ids give two names, since only what an id
/// separates by is replaced, and by something that ids do not have.
pub fn folder_name(id: &str) -> String {
    let name = id.replace("::", "@").replace('/', "+");
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => name,
    }
}

/// A case as reports name it: its line is that of its row, if it has one.
pub fn name_of(case: &Case) -> CaseName {
    let offset = case.name.as_ref().map_or(0, |name| name.span.start);
    CaseName {
        id: case.id.clone(),
        world: WorldKind::Real,
        file: PathBuf::from(&case.source.name),
        line: case.source.position(offset).line,
    }
}
