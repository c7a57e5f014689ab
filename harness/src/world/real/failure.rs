//! Why a sandbox could not be made: the stage, what exactly was tried, the
//! errno. What it means on this machine is [`diagnosis`](super::diagnosis)'s to say.

use std::fmt;
use std::path::Path;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::stage::StageId;
use crate::world::WorldError;

/// A stage that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which one.
    pub stage: StageId,
    /// What was tried, as it fits after "cannot".
    pub what: String,
    /// The errno by number, if the kernel gave one.
    pub errno: Option<i32>,
    /// What a helper program said.
    pub evidence: String,
}

impl Failure {
    /// A failed system call or file operation.
    pub fn new(stage: StageId, what: impl fmt::Display, why: impl Why) -> Failure {
        let (errno, evidence) = why.parts();
        Failure {
            stage,
            what: what.to_string(),
            errno,
            evidence,
        }
    }
}

/// What tells why something failed.
pub trait Why {
    /// The errno, if it is one, and else the text.
    fn parts(self) -> (Option<i32>, String);
}

impl Why for Errno {
    fn parts(self) -> (Option<i32>, String) {
        (Some(self as i32), String::new())
    }
}

impl Why for std::io::Error {
    fn parts(self) -> (Option<i32>, String) {
        match self.raw_os_error() {
            Some(errno) => (Some(errno), String::new()),
            None => (None, self.to_string()),
        }
    }
}

impl Why for String {
    fn parts(self) -> (Option<i32>, String) {
        (None, self)
    }
}

/// Adds to a result what was tried.
pub trait At<T> {
    /// At which stage, and what was tried.
    fn at(self, stage: StageId, what: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Why> At<T> for Result<T, E> {
    fn at(self, stage: StageId, what: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|why| Failure::new(stage, what, why))
    }
}

/// A [`WorldError`] that says what was tried and why it failed.
pub fn error(stage: impl fmt::Display, why: impl Why) -> WorldError {
    let (errno, evidence) = why.parts();
    WorldError {
        stage: stage.to_string(),
        errno,
        evidence,
        remedy: String::new(),
    }
}

/// Adds to a result what was tried with a path.
pub trait With<T> {
    /// What was tried, with which path.
    fn with(self, verb: &str, path: &Path) -> Result<T, WorldError>;
}

impl<T, E: Why> With<T> for Result<T, E> {
    fn with(self, verb: &str, path: &Path) -> Result<T, WorldError> {
        self.map_err(|why| error(format_args!("{verb} {path:?}"), why))
    }
}

/// A [`WorldError`] without an errno: what was tried, what was seen, what to do next.
pub fn refusal(
    stage: impl fmt::Display,
    evidence: impl fmt::Display,
    remedy: impl fmt::Display,
) -> WorldError {
    WorldError {
        stage: stage.to_string(),
        errno: None,
        evidence: evidence.to_string(),
        remedy: remedy.to_string(),
    }
}
