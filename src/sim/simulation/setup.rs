//! What a simulation is made of.

use crate::explore::Timers;
use crate::sim::invariants::Invariant;
use crate::sim::scene::{Scene, Start};
use crate::sim::thread::Program;

/// A program that is there from the start.
#[derive(Clone)]
pub struct Actor {
    /// What it runs.
    pub program: Program,
    /// How it is started.
    pub start: Start,
    /// Whether faults strike it and its children. Not, for whoever only plays
    /// a part: a stranger, a service manager.
    pub faults: Faults,
}

/// Which faults strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    /// Calls fail as their manual pages say.
    pub errors: bool,
    /// Reads and writes are cut short.
    pub short: bool,
    /// SIGKILL strikes, before any call and in any wait.
    pub kill: bool,
    /// The time of a wait passes while others could still go on: the machine
    /// is slow. Of use where time passes only when nobody can go on.
    pub early: bool,
}

impl Faults {
    /// Every kind.
    pub const ALL: Faults = Faults {
        errors: true,
        short: true,
        kill: true,
        early: true,
    };

    /// None.
    pub const NONE: Faults = Faults {
        errors: false,
        short: false,
        kill: false,
        early: false,
    };
}

/// What a [`Simulation`](super::Simulation) is made of.
#[derive(Clone)]
pub struct Setup {
    /// The machine before the programs start.
    pub scene: Scene,
    /// The programs; the first is the launcher, task `0`.
    pub actors: Vec<Actor>,
    /// When time passes; the explorer's bounds have to say the same.
    pub time: Timers,
    /// Whether the terminal is hung up, at some time.
    pub hang_up: bool,
    /// What must hold.
    pub invariants: Vec<Invariant>,
}
