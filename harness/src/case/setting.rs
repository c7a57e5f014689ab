//! What holds for every case of a run.

use std::path::PathBuf;
use std::time::Duration;

use crate::world::spec::Trace;

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
