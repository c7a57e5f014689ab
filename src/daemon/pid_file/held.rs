//! The PID file of a living daemon.

use super::Place;
use super::sweep::NameIs;
use super::turn::Turn;
use crate::daemon::{Cause, Failure};
use crate::sys::records::Stat;
use crate::sys::{Errno, Fd, Pid, System};

/// Holds the lock for as long as it lives, and removes the file when it is
/// dropped, as [`PidFile::remove`] does.
pub(in crate::daemon) struct PidFile<S: System> {
    place: Place<S>,
    /// Never read: it holds the lock.
    _file: Fd<S>,
    stat: Stat,
    pid: Pid,
    /// Whether it is over.
    removed: bool,
}

/// What became of the PID file at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is gone, or an older instance that lives on has its name back.
    Removed,
    /// It was another's: a newer instance has the name.
    NotOurs,
    /// The directory belongs to somebody else. The file that stays behind is
    /// harmless: nobody has it locked.
    NotAllowed,
    /// Another instance has been starting all the while. The file that stays
    /// behind is harmless: nobody has it locked.
    Starting,
}

impl<S: System> PidFile<S> {
    pub(super) fn new(place: Place<S>, file: Fd<S>, stat: Stat, pid: Pid) -> PidFile<S> {
        PidFile {
            place,
            _file: file,
            stat,
            pid,
            removed: false,
        }
    }

    /// Removes the file if it is still this process's, and may be removed. If
    /// it came from an upgrade and the old instance still lives, that one gets
    /// its name back.
    ///
    /// # Errors
    /// What kept it from being looked at or removed, other than permission.
    pub(in crate::daemon) fn remove(mut self) -> Result<Removal, Failure> {
        self.remove_once()
    }

    fn remove_once(&mut self) -> Result<Removal, Failure> {
        self.removed = true;
        let place = &self.place;
        // A child that was forked from the daemon holds a copy of this value.
        match place.sys.getpid() {
            Ok(pid) if pid == self.pid => {}
            Ok(_) => return Ok(Removal::NotOurs),
            Err(errno) => return Err(place.errno(errno)),
        }
        let turn = match Turn::wait(place) {
            Ok(Some(turn)) => turn,
            Ok(None) => return Ok(Removal::Starting),
            Err(failure) => return not_allowed(failure),
        };
        let removed = self.give_up_names();
        drop(turn);
        removed.or_else(not_allowed)
    }

    fn give_up_names(&self) -> Result<Removal, Failure> {
        let place = &self.place;
        let old = place.old();
        let mut removed = Removal::NotOurs;
        if place.is_called(&self.stat, &place.name)? {
            removed = Removal::Removed;
            if let NameIs::TheOlders = place.give_name_up(&self.stat)? {
                return Ok(removed);
            }
        }
        // After an upgrade, or after one that was killed half-way.
        if place.is_called(&self.stat, &old)? {
            place.remove(&old)?;
            removed = Removal::Removed;
        }
        Ok(removed)
    }
}

fn not_allowed(failure: Failure) -> Result<Removal, Failure> {
    match failure.cause {
        Cause::Errno(Errno::EACCES | Errno::EPERM | Errno::EROFS) => Ok(Removal::NotAllowed),
        _ => Err(failure),
    }
}

impl<S: System> Drop for PidFile<S> {
    fn drop(&mut self) {
        if !self.removed {
            // A file that stays behind is harmless: its lock ends with us.
            let _ = self.remove_once();
        }
    }
}
