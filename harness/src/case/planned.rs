//! A case, and what is to become of it.

use std::path::PathBuf;

use serde::Serialize;

use crate::scenario::Case;
use crate::world::WorldKind;

use super::deviation::Deviation;

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

/// A case, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CaseName {
    /// Its id: `scenarios/detach/session.yaml::no-terminal`.
    pub id: String,
    /// Where it happens, if that is not the real world.
    #[serde(skip_serializing_if = "WorldKind::is_real")]
    pub world: WorldKind,
    /// Its file, as it was given.
    pub file: PathBuf,
    /// The line where it starts, from 1.
    pub line: usize,
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

/// The id of a case without the number of its repetition.
pub fn unrepeated(id: &str) -> &str {
    match id.rsplit_once('@') {
        Some((case, number)) if number.parse::<usize>().is_ok() => case,
        _ => id,
    }
}
