//! Which world a case happens in.

use std::fmt;

use serde::Serialize;

/// Which world a case happens in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorldKind {
    /// A sandbox, on Linux.
    #[default]
    Real,
    /// The simulated kernel.
    Sim,
}

impl WorldKind {
    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            WorldKind::Real => "real",
            WorldKind::Sim => "sim",
        }
    }

    /// Whether it is the one that needs no saying.
    pub fn is_real(&self) -> bool {
        *self == WorldKind::Real
    }

    /// How reports name a case there: `file.yaml::case [sim]`. In the real
    /// world it is the id alone.
    pub fn name_of(self, id: &str) -> String {
        match self {
            WorldKind::Real => id.to_owned(),
            WorldKind::Sim => format!("{id} [{self}]"),
        }
    }

    /// The id and the world of a case as [`WorldKind::name_of`] names it.
    pub fn of_name(name: &str) -> (&str, WorldKind) {
        match name.strip_suffix(" [sim]") {
            Some(id) => (id, WorldKind::Sim),
            None => (name, WorldKind::Real),
        }
    }
}

impl fmt::Display for WorldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_made() {
        for world in [WorldKind::Real, WorldKind::Sim] {
            let name = world.name_of("a.yaml::b");
            assert_eq!(WorldKind::of_name(&name), ("a.yaml::b", world));
        }
    }
}
