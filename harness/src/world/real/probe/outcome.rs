//! What a probe tells.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that a scenario can require.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Namespaces with an init, a root and loopback of their own: any sandbox at all.
    Userns,
    /// More than one user id and group id inside, so that they can be switched.
    Subuid,
    /// System calls can be watched, held and failed.
    SeccompNotify,
}

impl Capability {
    /// Every capability.
    pub const ALL: [Capability; 3] = [
        Capability::Userns,
        Capability::Subuid,
        Capability::SeccompNotify,
    ];

    /// Its name in scenario files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Capability::Userns => "userns",
            Capability::Subuid => "subuid",
            Capability::SeccompNotify => "seccomp-notify",
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

/// What became of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It works.
    Passed,
    /// It does not.
    Failed,
    /// It was not tried, because a stage that it stands on had failed.
    NotTried,
}

/// One stage on the way into a sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its number and name: `S3 newuidmap`.
    pub name: String,
    /// What is being done, as it fits after "cannot": `map a range of user ids`.
    pub what: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The errno by number, if the kernel gave one.
    pub errno: Option<i32>,
    /// What was read that bears on it, such as `/proc/sys/user/max_user_namespaces = 0`.
    pub evidence: String,
    /// The probable cause.
    pub cause: String,
    /// What to do next: a command where there is one.
    pub remedy: String,
}

/// The outcome of every stage, in order, and what follows from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Every stage, in order.
    pub stages: Vec<Stage>,
    /// What scenarios can require here.
    pub capabilities: BTreeSet<Capability>,
}

impl Probe {
    /// Whether it is there.
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// The stage that failed and so denies the capability; `None` if it is there.
    pub fn why_not(&self, capability: Capability) -> Option<&Stage> {
        if self.has(capability) {
            return None;
        }
        let of = |stage: &&Stage| stage.outcome == Outcome::Failed;
        self.stages.iter().find(of)
    }
}
