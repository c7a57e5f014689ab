//! What must not be missing: `--require`.

use clap::ValueEnum;

use crate::scenario::Capability;

/// What must not be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Requirement {
    /// User namespaces, or root
    Userns,
    /// More than one user id: subordinate ids, or root
    Subuid,
    /// Tracing, for faults
    Ptrace,
    /// Time that is virtual, which only the simulated world has yet
    VirtualTime,
    /// All that a scenario asks of the simulated world, where it is to run there
    Sim,
    /// All that a machine can have: userns, subuid, ptrace
    All,
}

impl Requirement {
    /// Whether it covers a capability.
    pub fn covers(self, capability: Capability) -> bool {
        match self {
            Requirement::Userns => capability == Capability::Userns,
            Requirement::Subuid => capability == Capability::Subuid,
            Requirement::Ptrace => capability == Capability::Ptrace,
            Requirement::VirtualTime => capability == Capability::VirtualTime,
            Requirement::Sim => false,
            Requirement::All => Capability::OF_MACHINES.contains(&capability),
        }
    }
}
