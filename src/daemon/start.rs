//! The daemonizer's front.

use super::plan::{self, Plan};
use super::ready::Ready;
use super::say::say;
use super::{Failure, InheritedFds, Mode, Settings, exit_code, launch};
use crate::sys::linux::Linux;
use crate::sys::{Pid, System};

/// A start, not begun yet.
pub struct Daemon<S: System = Linux> {
    sys: S,
    inherited: InheritedFds,
    settings: Settings,
}

/// In which process a start goes on.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one in the life of a process"
)]
pub enum Started<S: System> {
    /// In the launcher. The daemon is detached, or ready: whatever the
    /// settings wait for. Nothing is left to do but to exit with
    /// [`exit_code::READY`]; signals are blocked and privileges are gone.
    Launcher {
        /// The daemon.
        daemon: Pid,
    },
    /// In the daemon, or in the foreground.
    Daemon(Ready<S>),
}

impl<S: System> Daemon<S> {
    /// A start with these settings. Does nothing yet.
    pub fn new(sys: S, inherited: InheritedFds, settings: Settings) -> Daemon<S> {
        Daemon {
            sys,
            inherited,
            settings,
        }
    }

    /// What `-t` does: looks the names and the directories up, opens nothing,
    /// changes nothing.
    ///
    /// # Errors
    /// What would fail the start.
    pub fn check(&self) -> Result<(), Failure> {
        plan::check(&self.sys, &self.settings)
    }

    /// Starts. In the background it returns in two processes, as fork(2) does.
    /// Flush what is buffered before, or both will write it.
    ///
    /// # Errors
    /// In the launcher or in the foreground: why the start failed, in whichever
    /// process. Nothing is left to do but to say so and to exit with
    /// [`Failure::status`]. A daemon that fails ends by itself.
    pub fn daemonize(self) -> Result<Started<S>, Failure> {
        let plan = Plan::make(self.sys, self.inherited, self.settings)?;
        match plan.settings.mode {
            Mode::Background => launch::background(plan),
            Mode::Foreground => launch::foreground(plan).map(Started::Daemon),
        }
    }

    /// Starts, runs `program` in the daemon or in the foreground, and ends the
    /// process through `_exit(2)`: the launcher with a status of
    /// [`exit_code`], after it has said on stderr what failed; the daemon with
    /// what `program` gives. Flush what is buffered before, and in `program`.
    pub fn run_forever(self, program: impl FnOnce(Ready<S>) -> i32) -> ! {
        let sys = self.sys.clone();
        let status = match self.daemonize() {
            Ok(Started::Launcher { .. }) => exit_code::READY,
            Ok(Started::Daemon(ready)) => program(ready),
            Err(failure) => {
                say(&sys, &failure);
                failure.status()
            }
        };
        sys.exit(status)
    }
}
