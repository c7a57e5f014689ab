//! Where cases run: `--world`.

use clap::ValueEnum;

use crate::world::WorldKind;

/// Where cases run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Where {
    /// In sandboxes, on Linux
    #[default]
    Real,
    /// On the simulated kernel, in virtual time
    Sim,
    /// Each case in both
    Both,
}

impl Where {
    /// The worlds, in the order in which a case runs there.
    pub fn worlds(self) -> &'static [WorldKind] {
        match self {
            Where::Real => &[WorldKind::Real],
            Where::Sim => &[WorldKind::Sim],
            Where::Both => &[WorldKind::Real, WorldKind::Sim],
        }
    }
}
