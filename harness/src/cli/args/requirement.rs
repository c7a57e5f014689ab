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
    /// All of these
    All,
}

impl Requirement {
    /// Whether it covers a capability.
    pub fn covers(self, capability: Capability) -> bool {
        match self {
            Requirement::Userns => capability == Capability::Userns,
            Requirement::Subuid => capability == Capability::Subuid,
            Requirement::Ptrace => capability == Capability::Ptrace,
            Requirement::All => true,
        }
    }
}
