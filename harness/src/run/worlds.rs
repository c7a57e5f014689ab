//! Worlds of either kind for the runner. Nothing else here makes one.

use std::path::PathBuf;

use crate::case::maker::WorldMaker;
use crate::world::sim::{Programs, SimWorld};
use crate::world::spec::SandboxSpec;
use crate::world::{World, WorldError, WorldKind};

use super::real::{RealMaker, Warm};

/// Makes worlds. The supervisor of the real ones is started with the first.
#[derive(Debug)]
pub struct Worlds {
    real: Option<RealMaker>,
    warm: Warm,
    keep: Option<PathBuf>,
    programs: Programs,
}

impl Worlds {
    /// The supervisor of the real ones is `warm`, if nobody has taken that.
    /// With `keep`, what lies in a real world when it ends is copied into a
    /// folder below that one. `programs` are those of the simulated ones.
    pub fn new(warm: Warm, keep: Option<PathBuf>, programs: Programs) -> Worlds {
        Worlds {
            real: None,
            warm,
            keep,
            programs,
        }
    }
}

impl WorldMaker for Worlds {
    fn make(
        &mut self,
        kind: WorldKind,
        spec: &SandboxSpec,
        folder: &str,
    ) -> Result<Box<dyn World + '_>, WorldError> {
        match kind {
            WorldKind::Sim => {
                let world = SimWorld::new(spec, self.programs.clone())?;
                Ok(Box::new(world))
            }
            WorldKind::Real => {
                let warm = match self.real.take() {
                    Some(warm) => warm,
                    None => RealMaker::start(&self.warm, self.keep.clone())?,
                };
                self.real.insert(warm).make(spec, folder)
            }
        }
    }
}
