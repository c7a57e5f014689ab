//! A supervisor, from the harness's side.

use std::path::Path;

use super::probe::Capability;
use super::world::RealWorld;
use crate::world::WorldError;
use crate::world::spec::SandboxSpec;

/// A supervisor: a process that owns one user namespace and makes worlds in
/// it, one after the other or at a time. One for each thread of the runner.
///
/// Dropping it ends it and every world that it made.
#[derive(Debug)]
pub struct Host {}

impl Host {
    /// Starts a supervisor by executing this process's own executable, whose
    /// `main` calls [`helper_main`](super::helper_main) first.
    ///
    /// # Errors
    /// The stage that failed, the errno, what was read that bears on it, and
    /// what to do next; as [`probe`](super::probe) says it.
    pub fn start() -> Result<Host, WorldError> {
        Host::start_with(Path::new("/proc/self/exe"))
    }

    /// The same, by another executable that calls the hook.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub fn start_with(executable: &Path) -> Result<Host, WorldError> {
        Err(WorldError {
            stage: format!("start the supervisor {executable:?}"),
            errno: None,
            evidence: String::new(),
            remedy: String::new(),
        })
    }

    /// Whether this host's worlds can do what a scenario requires. A capability
    /// that is about the machine, not the user namespace, is answered by the probe.
    pub fn has(&self, capability: Capability) -> bool {
        capability == Capability::Userns
    }

    /// Makes a world: new PID, mount, network, IPC and UTS namespaces, a fresh
    /// root and an init.
    ///
    /// # Errors
    /// What could not be made: a folder that is not there, an id that has no
    /// mapping. The host stays usable.
    pub fn world(&mut self, spec: &SandboxSpec) -> Result<RealWorld, WorldError> {
        let _ = spec;
        Err(WorldError {
            stage: "make a world".to_owned(),
            errno: None,
            evidence: String::new(),
            remedy: String::new(),
        })
    }
}
