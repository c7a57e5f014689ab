//! What a probe tells.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::world::Capability;
use crate::world::real::diagnosis::{Machine, diagnose};
use crate::world::real::failure::Failure;
use crate::world::real::stage::StageId;

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
    /// Which one.
    pub id: StageId,
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
    /// What follows from these failures, of which none can follow on `stopped`.
    pub(super) fn new(failures: &[Failure], stopped: Option<StageId>, machine: &Machine) -> Probe {
        let stages: Vec<Stage> = StageId::ALL
            .into_iter()
            .map(|id| Stage::new(id, failures, stopped, machine))
            .collect();
        let given = |capability: &Capability| {
            stages
                .iter()
                .filter(|stage| {
                    stage.id.gives() == *capability || stage.id.gives() == Capability::Userns
                })
                .all(|stage| stage.outcome == Outcome::Passed)
        };
        let capabilities = Capability::OF_MACHINES.into_iter().filter(given).collect();
        Probe {
            stages,
            capabilities,
        }
    }

    /// Whether it is there.
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// The stage that failed and so denies the capability; `None` if it is there.
    pub fn why_not(&self, capability: Capability) -> Option<&Stage> {
        if self.has(capability) {
            return None;
        }
        let failed = |stage: &&Stage| stage.outcome == Outcome::Failed;
        let own = |stage: &&Stage| stage.id.gives() == capability;
        let mut stages = self.stages.iter().filter(failed);
        self.stages
            .iter()
            .filter(failed)
            .find(own)
            .or_else(|| stages.next())
    }
}

impl Stage {
    fn new(
        id: StageId,
        failures: &[Failure],
        stopped: Option<StageId>,
        machine: &Machine,
    ) -> Stage {
        let mut stage = Stage {
            id,
            name: id.to_string(),
            what: id.what().to_owned(),
            outcome: Outcome::Passed,
            errno: None,
            evidence: String::new(),
            cause: String::new(),
            remedy: String::new(),
        };
        if let Some(failure) = failures.iter().find(|failure| failure.stage == id) {
            let mut evidence = machine.evidence(id);
            evidence.insert(0, format!("cannot {}", failure.what));
            if !failure.evidence.is_empty() {
                evidence.insert(1, failure.evidence.clone());
            }
            let found = diagnose(failure, machine);
            stage.outcome = Outcome::Failed;
            stage.errno = failure.errno;
            stage.evidence = evidence.join("; ");
            (stage.cause, stage.remedy) = (found.cause, found.remedy);
        } else if stopped.is_some_and(|stopped| stopped < id)
            || (id == StageId::Ids
                && failures
                    .iter()
                    .any(|failure| failure.stage == StageId::Range))
        {
            stage.outcome = Outcome::NotTried;
        }
        stage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::errno::Errno;

    fn outcomes(failures: &[Failure], stopped: Option<StageId>) -> (String, Vec<&'static str>) {
        let probe = Probe::new(failures, stopped, &Machine::default());
        let letter = |stage: &Stage| match stage.outcome {
            Outcome::Passed => 'p',
            Outcome::Failed => 'F',
            Outcome::NotTried => '-',
        };
        let letters = probe.stages.iter().map(letter).collect();
        (
            letters,
            probe.capabilities.iter().map(|c| c.name()).collect(),
        )
    }

    #[test]
    fn one_id_is_a_sandbox_without_switching_ids() {
        let failure = Failure::new(StageId::Range, "map", "no line".to_owned());
        let (letters, capabilities) = outcomes(&[failure], None);
        assert_eq!(letters, "ppFpp-p");
        assert_eq!(capabilities, ["userns", "ptrace"]);
    }

    #[test]
    fn nothing_follows_on_what_every_sandbox_needs() {
        let failure = Failure::new(StageId::Mounts, "mount", Errno::EPERM);
        let (letters, capabilities) = outcomes(&[failure], Some(StageId::Mounts));
        assert_eq!(letters, "pppF---");
        assert!(capabilities.is_empty());
    }

    #[test]
    fn the_reason_is_the_capabilitys_own_if_it_has_one() {
        let failures = [
            Failure::new(StageId::Range, "map", "no line".to_owned()),
            Failure::new(StageId::Trace, "watch", Errno::EBUSY),
        ];
        let probe = Probe::new(&failures, None, &Machine::default());
        let stage = |capability| probe.why_not(capability).map(|stage| stage.id);
        assert_eq!(stage(Capability::Ptrace), Some(StageId::Trace));
        assert_eq!(stage(Capability::Subuid), Some(StageId::Range));
        assert_eq!(stage(Capability::Userns), None);
    }
}
