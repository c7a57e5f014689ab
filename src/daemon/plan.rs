//! What can fail before the first fork is tried before it.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use super::identity::Identity;
use super::launcher::Launcher;
use super::pid_file::{Place, Wanted, parent};
use super::say::say;
use super::{
    Cause, Failure, InheritedFds, Mode, PidFileOwner, Settings, Stage, clean, privileges, streams,
};
use crate::sys::records::{At, FileKind, Follow, Stat};
use crate::sys::{Fd, Pid, System};

/// All that a start needs, found and opened.
pub(super) struct Plan<S: System> {
    pub(super) sys: S,
    pub(super) settings: Settings,
    pub(super) identity: Option<Identity>,
    inherited: InheritedFds,
    place: Place<S>,
    /// The living PID file that an upgrade is to replace.
    replaces: Option<Stat>,
    error_log: Option<Fd<S>>,
    /// `NOTIFY_SOCKET`, before the environment is cleaned.
    pub(super) notify_socket: Option<OsString>,
}

impl<S: System> Plan<S> {
    /// Looks everything up and opens it.
    ///
    /// # Errors
    /// What would fail the start later.
    pub(super) fn make(
        sys: S,
        inherited: InheritedFds,
        mut settings: Settings,
    ) -> Result<Plan<S>, Failure> {
        settings.validate()?;
        let identity = Identity::look_up(&sys, &settings)?;
        if let Some(identity) = &identity {
            privileges::check(&sys, identity, settings.groups_denied)?;
        }
        streams::fill_gaps(&sys)?;
        let mut error_log = None;
        if settings.mode == Mode::Background {
            inherited.noted()?;
            warn_of_threads(&sys);
            is_directory(&sys, working_directory(&settings), Stage::WorkingDirectory)?;
            if let Some(path) = &settings.error_log {
                error_log = Some(streams::open_log(&sys, path)?);
            }
        } else if let Some(path) = &settings.working_directory {
            is_directory(&sys, path, Stage::WorkingDirectory)?;
        }
        settings.upgrade_sock = absolute(&sys, settings.upgrade_sock)?;
        let place = Place::open(&sys, &settings.pid_file)?;
        let replaces = place.test(settings.start)?;
        let notify_socket = sys.var("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        Ok(Plan {
            sys,
            settings,
            identity,
            inherited,
            place,
            replaces,
            error_log,
            notify_socket,
        })
    }

    /// Enters the working directory. In the foreground only one that is named.
    ///
    /// # Errors
    /// A failure of [`Stage::WorkingDirectory`].
    pub(super) fn enter_directory(&self) -> Result<(), Failure> {
        let path = working_directory(&self.settings);
        if self.settings.mode == Mode::Foreground && self.settings.working_directory.is_none() {
            return Ok(());
        }
        self.sys
            .chdir(path)
            .map_err(|errno| about(Stage::WorkingDirectory, path, Cause::Errno(errno)))
    }

    /// Removes the variables that are not to be kept.
    pub(super) fn clean_environment(&self) {
        clean::environment(&self.sys, &self.settings.environment);
    }

    /// Points the standard streams away, and closes what was inherited, less
    /// what is to be kept and `own`, the start's own descriptors.
    ///
    /// # Errors
    /// A failure of [`Stage::Streams`] or [`Stage::Descriptors`].
    pub(super) fn clean_descriptors(&mut self, own: &[RawFd]) -> Result<(), Failure> {
        streams::redirect(&self.sys, self.error_log.as_ref())?;
        // It is stderr now.
        self.error_log = None;
        let mut keep = self.settings.keep_fds.clone();
        keep.extend(own);
        keep.push(self.place.dir_fd());
        self.inherited.close(&self.sys, &keep)
    }

    /// What the launcher needs once the daemon is on its way; the rest of its
    /// copy is closed.
    pub(super) fn launcher(self) -> Launcher<S> {
        Launcher {
            sys: self.sys,
            identity: self.identity,
            groups_denied: self.settings.groups_denied,
            waits: self.settings.launcher_waits,
            on_timeout: self.settings.on_timeout,
            place: self.place,
            ready_timeout: self.settings.ready_timeout,
        }
    }

    /// Takes the plan apart: the PID file's place, what it is to be, and the
    /// rest.
    pub(super) fn pid_file(self, pid: Pid) -> (Place<S>, Wanted, Rest<S>) {
        let ids = self.identity.as_ref().and_then(|identity| {
            let user = identity.user.as_ref()?;
            Some((user.uid, identity.gid))
        });
        let wanted = Wanted {
            pid,
            start: self.settings.start,
            replaces: self.replaces,
            owner: match self.settings.pid_file_owner {
                PidFileOwner::Starter => None,
                PidFileOwner::User => ids,
            },
        };
        let rest = Rest {
            sys: self.sys,
            settings: self.settings,
            identity: self.identity,
            notify_socket: self.notify_socket,
        };
        (self.place, wanted, rest)
    }
}

/// What is left of a plan once the PID file has its place.
pub(super) struct Rest<S: System> {
    pub(super) sys: S,
    pub(super) settings: Settings,
    pub(super) identity: Option<Identity>,
    pub(super) notify_socket: Option<OsString>,
}

/// What `-t` does: names, paths and values; opens nothing, makes nothing.
///
/// # Errors
/// What would fail the start.
pub(super) fn check<S: System>(sys: &S, settings: &Settings) -> Result<(), Failure> {
    settings.validate()?;
    Identity::look_up(sys, settings)?;
    is_directory(sys, working_directory(settings), Stage::WorkingDirectory)?;
    let pid_dir = parent(&settings.pid_file);
    is_directory(sys, pid_dir, Stage::PidFile)?;
    if let Some(log) = &settings.error_log {
        is_directory(sys, parent(log), Stage::ErrorLog)?;
    }
    Ok(())
}

fn working_directory(settings: &Settings) -> &Path {
    settings
        .working_directory
        .as_deref()
        .unwrap_or(Path::new("/"))
}

fn is_directory<S: System>(sys: &S, path: &Path, stage: Stage) -> Result<(), Failure> {
    match sys.stat(At::Cwd, path, Follow::Yes) {
        Ok(stat) if stat.kind == FileKind::Directory => Ok(()),
        Ok(_) => Err(about(stage, path, Cause::Errno(crate::sys::Errno::ENOTDIR))),
        Err(errno) => Err(about(stage, path, Cause::Errno(errno))),
    }
}

/// A relative path means the directory of the start, for everybody; the daemon
/// is about to leave it.
fn absolute<S: System>(sys: &S, path: PathBuf) -> Result<PathBuf, Failure> {
    if path.is_absolute() {
        return Ok(path);
    }
    match sys.getcwd() {
        Ok(start) => Ok(start.join(path)),
        Err(errno) => Err(about(Stage::Upgrade, &path, Cause::Errno(errno))),
    }
}

fn warn_of_threads<S: System>(sys: &S) {
    // Where /proc is missing there is nothing to count, and nothing to warn of.
    if let Ok(threads @ 2..) = sys.count_threads() {
        say(
            sys,
            format_args!(
                "warning: {threads} threads are running, and only this one survives the fork; start threads after it"
            ),
        );
    }
}

fn about(stage: Stage, path: &Path, cause: Cause) -> Failure {
    Failure::new(stage, path.display().to_string(), cause)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
