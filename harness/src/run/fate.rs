//! Whether a case runs here: what it requires, held against what is missing.

use std::collections::BTreeMap;

use crate::case::planned::Fate;
use crate::scenario::{Capability, Case};

/// What this machine lacks, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing(pub BTreeMap<Capability, Why>);

/// Why a capability is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// In a line: the stage and the errno.
    pub short: String,
    /// With the evidence, the cause and the remedy.
    pub long: String,
}

impl Missing {
    /// Whether a case runs. `required` are the capabilities that must not be
    /// missing.
    pub fn fate(&self, case: &Case, required: &[Capability]) -> Fate {
        let lacking = || {
            case.requires
                .iter()
                .filter_map(|capability| Some((*capability, self.0.get(capability)?)))
        };
        if let Some((capability, why)) = lacking().find(|(c, _)| required.contains(c)) {
            return Fate::Missing(format!(
                "it requires `{capability}`, which is missing here: {}",
                why.long
            ));
        }
        match lacking().next() {
            Some((capability, why)) => {
                Fate::Skip(format!("requires `{capability}`: {}", why.short))
            }
            None => Fate::Run,
        }
    }
}
