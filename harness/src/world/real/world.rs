//! A world, from the harness's side.

use std::path::Path;
use std::time::Duration;

use daemonlab::sys::Signal;

use crate::world::event::Event;
use crate::world::facts::{FileFacts, LaunchFacts, ProcessFacts, SocketFacts};
use crate::world::spec::{FileSpec, LaunchSpec};
use crate::world::{World, WorldError};

/// A sandbox on Linux. Dropping it ends everything in it.
#[derive(Debug)]
pub struct RealWorld {}

fn gone() -> WorldError {
    WorldError {
        stage: "reach the world".to_owned(),
        errno: None,
        evidence: String::new(),
        remedy: String::new(),
    }
}

impl RealWorld {
    /// Copies what is evidence into `folder` of the host, which is made if it
    /// is not there: `files/` (what lies under `/run`, `/tmp`, `/var` and
    /// `/home`, bounded), `processes.json`, and `LAUNCH.stdout`, `LAUNCH.stderr`.
    ///
    /// # Errors
    /// What could not be read or written.
    pub fn keep(&mut self, folder: &Path) -> Result<(), WorldError> {
        let _ = folder;
        Err(gone())
    }
}

impl World for RealWorld {
    fn launch(&mut self, _: &LaunchSpec) -> Result<i32, WorldError> {
        Err(gone())
    }

    fn launch_facts(&mut self, _: &str) -> Result<LaunchFacts, WorldError> {
        Err(gone())
    }

    fn processes(&mut self) -> Result<Vec<ProcessFacts>, WorldError> {
        Err(gone())
    }

    fn file(&mut self, _: &Path) -> Result<FileFacts, WorldError> {
        Err(gone())
    }

    fn sockets(&mut self) -> Result<Vec<SocketFacts>, WorldError> {
        Err(gone())
    }

    fn signal(&mut self, _: i32, _: Signal) -> Result<(), WorldError> {
        Err(gone())
    }

    fn hang_up(&mut self, _: &str) -> Result<(), WorldError> {
        Err(gone())
    }

    fn write_file(&mut self, _: &FileSpec) -> Result<(), WorldError> {
        Err(gone())
    }

    fn connect(&mut self, _: &str, _: &[u8], _: usize, _: Duration) -> Result<Vec<u8>, WorldError> {
        Err(gone())
    }

    fn wait(&mut self, _: Duration) -> Result<Vec<Event>, WorldError> {
        Err(gone())
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn finish(self: Box<Self>) -> Result<Vec<Event>, WorldError> {
        Err(gone())
    }
}
