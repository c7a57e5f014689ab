//! The daemon's side of the line to its launcher.

use std::os::fd::RawFd;
use std::time::Duration;

use super::record::Record;
use super::retry::{Interruptions, uninterrupted, write_all};
use super::{Cause, Failure, OnLostLauncher, Stage};
use crate::sys::records::{KillTarget, PollFd};
use crate::sys::{Errno, Fd, Pid, Signal, System};

/// How long to wait after EPERM before the signal is tried again: what Pingora
/// does, and what its launchers are watched for.
const EPERM_PAUSE: Duration = Duration::from_millis(100);

/// The pipe's write end, and who reads it.
pub(super) struct Line<S: System> {
    pub(super) sys: S,
    pub(super) pipe: Fd<S>,
    /// The launcher, as it was before the first fork.
    pub(super) launcher: Pid,
    /// Stands for the launcher and never for another with its PID. None where
    /// the kernel has no pidfd, or no signal is to be sent.
    pub(super) pidfd: Option<Fd<S>>,
    pub(super) lost: OnLostLauncher,
    pub(super) notify_timeout: Duration,
}

impl<S: System> Line<S> {
    /// The descriptors that it needs.
    pub(super) fn fds(&self) -> Vec<RawFd> {
        let pidfd = self.pidfd.as_ref().map(Fd::raw);
        std::iter::once(self.pipe.raw()).chain(pidfd).collect()
    }

    /// Tells the launcher how far the start is.
    ///
    /// # Errors
    /// [`Cause::LauncherGone`], unless the daemon is to stay all the same; what
    /// else write(2) says.
    pub(super) fn report(&self, record: &Record) -> Result<(), Failure> {
        match (self.write(record), self.lost) {
            (
                Err(Failure {
                    cause: Cause::LauncherGone,
                    ..
                }),
                OnLostLauncher::Stay,
            ) => Ok(()),
            (told, _) => told,
        }
    }

    fn write(&self, record: &Record) -> Result<(), Failure> {
        match write_all(&self.sys, self.pipe.raw(), &record.encode()) {
            Err(Errno::EPIPE) => Err(gone()),
            answer => at("write", answer),
        }
    }

    /// Tells the launcher that the start has failed. Gives whether it heard.
    pub(super) fn fail(&self, failure: &Failure) -> bool {
        let record = Record::Failed(failure.clone());
        write_all(&self.sys, self.pipe.raw(), &record.encode()).is_ok()
    }

    /// Sends SIGUSR1 to the launcher, again while that meets EPERM; then says
    /// `ready` on the pipe, which is what decides.
    ///
    /// # Errors
    /// A failure of [`Stage::Notify`]: the window has passed, the launcher is
    /// gone, or what the signal met. None, if the daemon is to stay all the same.
    pub(super) fn ready(&self) -> Result<(), Failure> {
        match (self.announce(), self.lost) {
            (Err(_), OnLostLauncher::Stay) => Ok(()),
            (announced, _) => announced,
        }
    }

    fn announce(&self) -> Result<(), Failure> {
        let start = at("clock_gettime", self.sys.now())?;
        let end = start.saturating_add(self.notify_timeout);
        let mut interruptions = Interruptions::default();
        loop {
            match self.signal()? {
                Signalled::Sent => return self.write(&Record::Ready),
                Signalled::Gone => return Err(gone()),
                Signalled::NotPermitted => {}
            }
            let now = at("clock_gettime", self.sys.now())?;
            let left = end.saturating_sub(now);
            if left.is_zero() {
                let late = Cause::WindowPassed(self.notify_timeout);
                return Err(Failure::bare(Stage::Notify, late));
            }
            match self.launcher_gone(EPERM_PAUSE.min(left)) {
                Ok(true) => return Err(gone()),
                Ok(false) => {}
                // A shorter pause does no harm.
                Err(Errno::EINTR) => at("ppoll", interruptions.note(now))?,
                Err(errno) => return at("ppoll", Err(errno)),
            }
        }
    }

    fn signal(&self) -> Result<Signalled, Failure> {
        let sys = &self.sys;
        let (call, answer) = match &self.pidfd {
            Some(pidfd) => (
                "pidfd_send_signal",
                sys.pidfd_send_signal(pidfd.raw(), Some(Signal::USR1)),
            ),
            None => {
                // While the pipe has a reader, the launcher lives and its PID
                // is its own.
                let gone = uninterrupted(|| self.launcher_gone(Duration::ZERO));
                if at("ppoll", gone)? {
                    return Ok(Signalled::Gone);
                }
                let target = KillTarget::Process(self.launcher);
                ("kill", sys.kill(target, Some(Signal::USR1)))
            }
        };
        match answer {
            Ok(()) => Ok(Signalled::Sent),
            Err(Errno::ESRCH) => Ok(Signalled::Gone),
            Err(Errno::EPERM) => Ok(Signalled::NotPermitted),
            Err(errno) => at(call, Err(errno)),
        }
    }

    /// Whether the launcher vanishes within `time`.
    fn launcher_gone(&self, time: Duration) -> crate::sys::Result<bool> {
        let watch = PollFd {
            fd: self.pipe.raw(),
            read: false,
            write: false,
        };
        let events = self.sys.poll(&[watch], Some(time), None)?;
        Ok(events.first().is_some_and(|events| events.error))
    }
}

fn gone() -> Failure {
    Failure::bare(Stage::Notify, Cause::LauncherGone)
}

fn at<T>(call: &str, answer: crate::sys::Result<T>) -> Result<T, Failure> {
    answer.map_err(|errno| Failure::new(Stage::Notify, call, Cause::Errno(errno)))
}

enum Signalled {
    Sent,
    NotPermitted,
    Gone,
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
