//! The readiness of the program, which it can declare once.

use std::fmt::Display;
use std::path::Path;

use super::line::Line;
use super::pid_file::PidFile;
use super::plan::Rest;
use super::{Cause, Failure, Removal, Settings, Stage, service_manager};
use crate::sys::{Pid, System};

/// A daemon (or a foreground process) that is detached, has its PID file and
/// has dropped its privileges, and is not ready yet.
///
/// Dropped without a word, it removes the PID file; a launcher that waits sees
/// that as a daemon that gave up.
#[must_use = "the launcher and the service manager wait for `notify`"]
pub struct Ready<S: System> {
    rest: Rest<S>,
    pid: Pid,
    // Before the line: the file is gone before the launcher hears of the end.
    file: PidFile<S>,
    line: Option<Line<S>>,
}

impl<S: System> Ready<S> {
    pub(super) fn new(rest: Rest<S>, pid: Pid, file: PidFile<S>, line: Option<Line<S>>) -> Self {
        Ready {
            rest,
            pid,
            file,
            line,
        }
    }

    /// The kernel that it speaks to.
    pub fn sys(&self) -> &S {
        &self.rest.sys
    }

    /// The daemon's PID.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// The settings of the start.
    pub fn settings(&self) -> &Settings {
        &self.rest.settings
    }

    /// Where an old instance hands its sockets over: `upgrade_sock`, absolute.
    pub fn upgrade_sock(&self) -> &Path {
        &self.rest.settings.upgrade_sock
    }

    /// Tells the service manager, if `NOTIFY_SOCKET` asks for it, and the
    /// launcher, if it waits.
    ///
    /// # Errors
    /// [`Stage::ServiceManager`] or [`Stage::Notify`]. The PID file is gone,
    /// the launcher has been told what could be told, and the program must
    /// exit with [`Failure::status`].
    pub fn notify(self) -> Result<Running<S>, Failure> {
        match self.tell() {
            Ok(()) => Ok(Running {
                pid: self.pid,
                file: self.file,
            }),
            Err(failure) => Err(self.end(failure)),
        }
    }

    // The service manager first: once the launcher exits, it may take the
    // start for over, and for failed if it has not heard MAINPID.
    fn tell(&self) -> Result<(), Failure> {
        let Rest { sys, settings, .. } = &self.rest;
        if let Some(socket) = &self.rest.notify_socket {
            service_manager::ready(sys, socket, self.pid, settings.notify_timeout)?;
        }
        match &self.line {
            Some(line) => line.ready(),
            None => Ok(()),
        }
    }

    /// The program cannot start. Removes the PID file and tells the launcher,
    /// which exits with `status` (1 to 255) and says `why`. The program must
    /// exit with [`Failure::status`].
    pub fn fail(self, status: i32, why: impl Display) -> Failure {
        let why = why.to_string();
        self.end(Failure::bare(
            Stage::Program,
            Cause::Program { status, why },
        ))
    }

    /// As [`Ready::fail`], for a failure with a stage of its own, such as that
    /// of an upgrade.
    pub fn fail_with(self, failure: Failure) -> Failure {
        self.end(failure)
    }

    fn end(self, failure: Failure) -> Failure {
        // A file that stays behind is harmless: its lock ends with us.
        let _ = self.file.remove();
        if let Some(line) = &self.line {
            // Where nobody hears it, the program still has it.
            let _ = line.fail(&failure);
        }
        failure
    }
}

/// A daemon that is ready. Holds the lock of the PID file; dropped, it removes
/// the file as [`Running::stop`] does.
#[must_use = "dropped, it gives up the PID file"]
pub struct Running<S: System> {
    pid: Pid,
    file: PidFile<S>,
}

impl<S: System> Running<S> {
    /// The daemon's PID.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// A clean stop: removes the PID file if it is still this process's and
    /// may be removed.
    ///
    /// # Errors
    /// A failure of [`Stage::PidFile`]. The file that stays behind is harmless.
    pub fn stop(self) -> Result<Removal, Failure> {
        self.file.remove()
    }
}
