//! Worlds: where a scenario happens.
//!
//! A [`World`] carries out what the runner asks and tells facts and events; it
//! judges nothing. Process ids are those of the world, as a PID file holds them.
//!
//! - [`facts`]: what can be seen;
//! - [`event`]: what happened, in order;
//! - [`spec`]: what a world is asked to do;
//! - [`limits`]: what a process may take;
//! - [`steered`]: what stands still in a world whose order is chosen;
//! - [`common`]: what both worlds have in common of what a program does;
//! - [`syscalls`]: the system calls by name; [`panicked`]: what a panic has said;
//! - [`real`]: the sandbox, on Linux; [`sim`]: the simulated kernel.

mod capability;
pub mod common;
mod delegate;
pub mod event;
pub mod facts;
mod kind;
pub mod limits;
pub mod panicked;
pub mod real;
pub mod sim;
pub mod spec;
pub mod steered;
pub mod syscalls;

pub use capability::Capability;
pub use kind::WorldKind;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use daemonlab::sys::Signal;

use event::Event;
use facts::{FileFacts, LaunchFacts, ProcessFacts, SocketFacts};
use spec::{FileSpec, LaunchSpec};

/// Where a scenario happens. One scenario case gets one world, which ends with
/// everything in it. One that is another one but for a few things delegates the rest
/// by [`delegate_world!`](crate::delegate_world).
pub trait World {
    /// Starts a program and returns the launcher's PID as soon as it runs.
    ///
    /// # Errors
    /// If the program cannot be started: the stage and the errno.
    fn launch(&mut self, launch: &LaunchSpec) -> Result<i32, WorldError>;

    /// What is known of the launch `id` now.
    ///
    /// # Errors
    /// If there is no such launch, or the world is gone.
    fn launch_facts(&mut self, id: &str) -> Result<LaunchFacts, WorldError>;

    /// Every process of the world but its init, in the order of their PIDs.
    /// `environment` and `descriptors` are filled too.
    ///
    /// # Errors
    /// If the world is gone.
    fn processes(&mut self) -> Result<Vec<ProcessFacts>, WorldError>;

    /// The processes when nothing but the end of the world comes after, and how
    /// many there are besides: a world may leave out most of a great number,
    /// and may stop them all to look at them.
    ///
    /// # Errors
    /// If the world is gone.
    fn remaining(&mut self) -> Result<(Vec<ProcessFacts>, usize), WorldError> {
        Ok((self.processes()?, 0))
    }

    /// What is known of the file `path`; links are not followed. That it does
    /// not exist is a fact, not an error.
    ///
    /// # Errors
    /// If the world is gone.
    fn file(&mut self, path: &Path) -> Result<FileFacts, WorldError>;

    /// Who listens where.
    ///
    /// # Errors
    /// If the world is gone.
    fn sockets(&mut self) -> Result<Vec<SocketFacts>, WorldError>;

    /// Sends a signal to a process, as the sandbox's root.
    ///
    /// # Errors
    /// The errno: ESRCH where there is no such process.
    fn signal(&mut self, pid: i32, signal: Signal) -> Result<(), WorldError>;

    /// Closes the terminal that the launch `id` was started from, so that the
    /// kernel sends SIGHUP to its session.
    ///
    /// # Errors
    /// If that launch has no terminal.
    fn hang_up(&mut self, id: &str) -> Result<(), WorldError>;

    /// Makes or replaces a file, directory, link or FIFO.
    ///
    /// # Errors
    /// The stage and the errno.
    fn write_file(&mut self, file: &FileSpec) -> Result<(), WorldError>;

    /// Connects to `address` (`127.0.0.1:80`, `[::1]:80`, or `unix:/path`),
    /// sends `data`, and gives what comes back until the peer closes, `enough`
    /// bytes have come, or `within` has passed.
    ///
    /// # Errors
    /// The errno of the connection: ECONNREFUSED and the like.
    fn connect(
        &mut self,
        address: &str,
        data: &[u8],
        enough: usize,
        within: Duration,
    ) -> Result<Vec<u8>, WorldError>;

    /// Waits until something has happened that can change a fact, or until
    /// `at_most` has passed, and gives the events since the last call.
    ///
    /// # Errors
    /// If the world is gone.
    fn wait(&mut self, at_most: Duration) -> Result<Vec<Event>, WorldError>;

    /// How long it may take at most until a fact that changes without an event
    /// is looked at again, in the world's time. A world that returns from
    /// [`World::wait`] on every change has no need of that.
    // Without a default, which a world around another one would fall back on
    // unnoticed: in virtual time that one has to look less often.
    fn tick(&self) -> Duration;

    /// The world's own time since it was made. It is virtual in a simulation.
    fn now(&self) -> Duration;

    /// Ends everything in the world, waits until it has ended, and gives the
    /// remaining events.
    ///
    /// # Errors
    /// If something could not be ended.
    fn finish(self: Box<Self>) -> Result<Vec<Event>, WorldError>;
}

/// Why a world could not do what it was asked to: the stage, the errno, the
/// evidence, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WorldError {
    /// What was being done, as it fits after "cannot": `start "/bin/x"`.
    pub stage: String,
    /// The errno by number, if the kernel gave one.
    pub errno: Option<i32>,
    /// What was read or seen that bears on it.
    pub evidence: String,
    /// What to do next.
    pub remedy: String,
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.stage)?;
        if let Some(errno) = self.errno {
            let errno = nix::errno::Errno::from_raw(errno);
            write!(f, ": {} ({errno:?})", errno.desc())?;
        }
        if !self.evidence.is_empty() {
            write!(f, "; {}", self.evidence)?;
        }
        if !self.remedy.is_empty() {
            write!(f, "\n  = help: {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for WorldError {}
