//! From a case to what is to become of it in each world.

use std::path::Path;

use crate::case::planned::Planned;
use crate::scenario::{Capability, Case};
use crate::world::WorldKind;
use crate::world::sim::Programs;

use super::fate::Missing;
use super::profile::Profile;
use super::sim;

/// What decides where a case runs, and whether it does.
#[derive(Clone, Copy, Debug)]
pub struct Planner<'a> {
    /// The worlds, in the order in which a case runs there.
    pub worlds: &'a [WorldKind],
    /// What the real world lacks here.
    pub missing: &'a Missing,
    /// What must not be missing there.
    pub required: &'a [Capability],
    /// Whether the simulated world must have what a case takes.
    pub sim_required: bool,
    /// The program that `${target}` stands for.
    pub target: &'a Path,
    /// The programs of the simulated world.
    pub programs: &'a Programs,
    /// How the target is known to deviate.
    pub profile: &'a Profile,
}

impl Planner<'_> {
    /// The case, once for each world. Its id names the world from now on, if
    /// that is not the real one.
    pub fn plan(&self, case: &Case) -> Vec<Planned> {
        let worlds = worlds_of(case, self.worlds);
        let planned = worlds.iter().map(|world| Planned {
            world: *world,
            fate: match world {
                WorldKind::Real => self.missing.fate(case, self.required),
                WorldKind::Sim => sim::fate(case, self.target, self.programs, self.sim_required),
            },
            deviation: self.profile.deviation(&case.id).cloned(),
            case: Case {
                id: world.name_of(&case.id),
                ..case.clone()
            },
        });
        planned.collect()
    }
}

/// Where a case runs that was meant for `worlds`. One that needs virtual time is
/// carried out on the simulated kernel even if only the real one was meant,
/// which has none.
pub fn worlds_of<'a>(case: &Case, worlds: &'a [WorldKind]) -> &'a [WorldKind] {
    match worlds {
        [WorldKind::Real] if case.requires.contains(&Capability::VirtualTime) => &[WorldKind::Sim],
        worlds => worlds,
    }
}
