//! Where worlds come from.

use crate::world::spec::SandboxSpec;
use crate::world::{World, WorldError, WorldKind};

/// Makes one world after another. Each job of a run has its own, and asks for
/// the next world only when the last one is finished, so that what is costly
/// to set up can stay warm.
pub trait WorldMaker {
    /// Makes a world of that kind. What `spec` binds may be a file: its folder is meant, as
    /// far as a world can have that. `folder` is a file name of its own for each case, by
    /// which a maker may keep what lies in the world when it ends.
    ///
    /// # Errors
    /// If it cannot be made. The maker is not asked again then.
    fn make(
        &mut self,
        kind: WorldKind,
        spec: &SandboxSpec,
        folder: &str,
    ) -> Result<Box<dyn World + '_>, WorldError>;
}
