//! What this machine can do for a sandbox, found by making one, stage by
//! stage: what the probe tells is what a run would meet.
//!
//! - `outcome`: what a probe tells.

mod outcome;

pub use outcome::{Outcome, Probe, Stage};

use std::path::{Path, PathBuf};

use super::diagnosis::Machine;
use super::failure::Failure;
use super::host::Host;
use super::wire::message::Trial;

/// Tries every stage of a sandbox by a supervisor of its own: `executable`,
/// whose `main` calls [`helper_main`](super::helper_main) first;
/// `/proc/self/exe` stands for this one. It takes a few dozen milliseconds.
///
/// It stops at the first stage that every sandbox needs and that fails; what
/// only some need (several ids, watching calls) is tried on its own.
pub fn probe(executable: &Path) -> Probe {
    probe_for(executable, &[]).0
}

/// The same, and the supervisor if it can be used: a world that binds these
/// folders is made by it without delay.
pub fn probe_for(executable: &Path, binds: &[PathBuf]) -> (Probe, Option<Host>) {
    let mut failures = Vec::new();
    let (host, end) = match attempt(executable, binds, &mut failures) {
        Ok(host) => (Some(host), None),
        Err(failure) => (None, Some(failure)),
    };
    let stopped = end.as_ref().map(|failure| failure.stage);
    failures.extend(end);
    let machine = match failures.is_empty() {
        // What explains a failure need not be read if there is none.
        true => Machine::default(),
        false => Machine::read(),
    };
    (Probe::new(&failures, stopped, &machine), host)
}

/// Gives the failure that nothing can follow; others are added to `failures`.
fn attempt(
    executable: &Path,
    binds: &[PathBuf],
    failures: &mut Vec<Failure>,
) -> Result<Host, Failure> {
    let mut host = Host::try_start(executable)?;
    failures.extend(host.single().cloned());
    let mut world = host.bare_world(binds)?;
    if host.single().is_none() {
        failures.extend(world.trial(Trial::Ids).err());
    }
    failures.extend(world.trial(Trial::Trace).err());
    drop(world);
    Ok(host)
}
