//! The stages on the way into a sandbox.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::world::Capability;

/// A stage, in the order of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StageId {
    /// The user namespace.
    Userns,
    /// One id in it.
    Single,
    /// A range of ids in it.
    Range,
    /// What its root may do: mount, name the host, bring loopback up.
    Mounts,
    /// A PID namespace in it, with a `/proc` of its own.
    Processes,
    /// Switching ids in it.
    Ids,
    /// Tracing processes in it.
    Trace,
}

impl StageId {
    /// Every stage, in order.
    pub const ALL: [StageId; 7] = [
        StageId::Userns,
        StageId::Single,
        StageId::Range,
        StageId::Mounts,
        StageId::Processes,
        StageId::Ids,
        StageId::Trace,
    ];

    /// What is being done, as it fits after "cannot".
    pub fn what(self) -> &'static str {
        match self {
            StageId::Userns => "make a user namespace",
            StageId::Single => "map one id into it",
            StageId::Range => "map a range of ids into it",
            StageId::Mounts => "mount and configure as its root",
            StageId::Processes => "make a PID namespace with a /proc of its own",
            StageId::Ids => "switch groups and ids inside",
            StageId::Trace => "trace processes and stop their system calls",
        }
    }

    /// The capability that is missing if this stage fails.
    pub fn gives(self) -> Capability {
        match self {
            StageId::Range | StageId::Ids => Capability::Subuid,
            StageId::Trace => Capability::Ptrace,
            StageId::Userns | StageId::Single | StageId::Mounts | StageId::Processes => {
                Capability::Userns
            }
        }
    }
}

impl fmt::Display for StageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            StageId::Userns => "S1 userns",
            StageId::Single => "S2 one id",
            StageId::Range => "S3 range of ids",
            StageId::Mounts => "S4 mounts",
            StageId::Processes => "S5 processes",
            StageId::Ids => "S6 switching ids",
            StageId::Trace => "S7 ptrace",
        };
        f.write_str(name)
    }
}
