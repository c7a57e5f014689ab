//! What this machine can do for a sandbox, found by trying it, stage by stage.
//!
//! - [`outcome`]: what a probe tells.

mod outcome;

pub use outcome::{Capability, Outcome, Probe, Stage};

use std::path::Path;

use crate::world::WorldError;

/// Tries every stage of a sandbox in a process of its own: `executable`, whose
/// `main` calls [`helper_main`](super::helper_main) first; `/proc/self/exe`
/// stands for this one.
///
/// # Errors
/// If that process cannot be started or does not answer. A stage that fails is
/// no error but an outcome.
pub fn probe(executable: &Path) -> Result<Probe, WorldError> {
    Err(WorldError {
        stage: format!("start the probe {executable:?}"),
        errno: None,
        evidence: String::new(),
        remedy: String::new(),
    })
}
