//! What a world may need of the machine, and a scenario of its world.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that a scenario can require.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// User namespaces, or root: any sandbox at all. Everything needs it.
    Userns,
    /// More than one user id and group id inside, so that they can be switched:
    /// subordinate ids, or root. Needed by whatever names a user or a group.
    Subuid,
    /// Tracing with a filter on system calls (`ptrace(2)`, `seccomp(2)`), so
    /// that they can be seen, held and failed. Needed by faults and by whatever looks
    /// at events.
    Ptrace,
    /// Time that passes by itself when everybody waits, so that waiting costs
    /// nothing. Needed by whatever takes minutes.
    VirtualTime,
}

impl Capability {
    /// All of them.
    pub const ALL: [Capability; 4] = [
        Capability::Userns,
        Capability::Subuid,
        Capability::Ptrace,
        Capability::VirtualTime,
    ];

    /// Those that the real world has where the machine has what it takes.
    pub const OF_MACHINES: [Capability; 3] =
        [Capability::Userns, Capability::Subuid, Capability::Ptrace];

    /// Its name in scenario files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Capability::Userns => "userns",
            Capability::Subuid => "subuid",
            Capability::Ptrace => "ptrace",
            Capability::VirtualTime => "virtual-time",
        }
    }

    /// The capability of that name.
    pub fn from_name(name: &str) -> Option<Capability> {
        Capability::ALL.into_iter().find(|c| c.name() == name)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
