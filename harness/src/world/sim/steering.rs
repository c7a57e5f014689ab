//! What steers a world, and what it has to know from step to step.

use super::pilot::{Grain, Pilot};
use crate::world::common::Common;

/// What steers a world.
pub(super) struct Steering {
    pub(super) pilot: Box<dyn Pilot>,
    pub(super) grain: Grain,
    pub(super) common: Common,
    /// What the last chosen step has done.
    pub(super) done: String,
    /// Whether the step at hand is a part of the one before.
    pub(super) belongs: bool,
    /// Whether everybody goes on as it likes for now.
    pub(super) open: bool,
}

impl Steering {
    pub fn new(pilot: Box<dyn Pilot>, grain: Grain) -> Steering {
        Steering {
            pilot,
            grain,
            common: Common::default(),
            done: String::new(),
            belongs: false,
            open: false,
        }
    }

    /// Notes what a step has done.
    pub fn note(&mut self, done: String) {
        if !self.belongs {
            self.done = done;
        }
    }
}
