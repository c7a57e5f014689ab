//! Giving the names up, for oneself or for a daemon that died.

use std::ffi::OsStr;
use std::path::Path;

use super::Place;
use super::place::Occupant;
use super::turn::Turn;
use crate::daemon::{Cause, Failure};
use crate::sys::records::{Replace, Stat};
use crate::sys::{Errno, Pid, System};

/// Who has the first name now.
pub(super) enum NameIs {
    Free,
    /// An older instance lives and has it back.
    TheOlders,
}

impl<S: System> Place<S> {
    /// Removes what the daemon `dead`, which has ended, could not remove
    /// itself. If it had the name from an older instance that lives, that one
    /// gets it back. What another holds stays as it is.
    ///
    /// # Errors
    /// Why its PID file stays behind; none where there is no such file.
    pub(in crate::daemon) fn sweep(&self, dead: Pid) -> Result<(), Failure> {
        let kept = match Turn::wait(self) {
            Ok(Some(_turn)) => return self.sweep_names(dead),
            Ok(None) => self.failure(Cause::Held(None)),
            Err(failure) => failure,
        };
        match self.occupant(&self.name) {
            Ok(Occupant::Stale { file, .. }) if self.read_pid(&file) == Some(dead) => Err(kept),
            _ => Ok(()),
        }
    }

    fn sweep_names(&self, dead: Pid) -> Result<(), Failure> {
        let old = self.old();
        match self.occupant(&self.name)? {
            Occupant::Stale { file, stat } if self.names(&file, dead)? => {
                self.give_name_up(&stat)?;
                return Ok(());
            }
            // It ended before it could take the first name, too.
            Occupant::Living { stat, .. } if self.is_called(&stat, &old)? => {
                return self.remove(&old);
            }
            _ => {}
        }
        match self.occupant(&old)? {
            // A third has taken over from it.
            Occupant::Stale { file, .. } if self.names(&file, dead)? => self.remove(&old),
            _ => Ok(()),
        }
    }

    /// Takes the first name from the file `ours`, which has it. The turn must
    /// be held. Where it cannot be told whether an older instance lives, the
    /// name stays: whoever can tell may still give it back.
    ///
    /// # Errors
    /// What kept the second name from being looked at; what rename(2) or
    /// unlink(2) said.
    pub(super) fn give_name_up(&self, ours: &Stat) -> Result<NameIs, Failure> {
        match self.older()? {
            Some((_, older)) if !older.same_file(ours) => {
                let old = self.old();
                let (from, to) = (Path::new(&old), Path::new(&self.name));
                let renamed = self.sys.rename(self.at(), from, to, Replace::Yes);
                self.done(renamed).map(|()| NameIs::TheOlders)
            }
            _ => self.remove(&self.name).map(|()| NameIs::Free),
        }
    }

    /// Removes `name`; it may be gone already.
    ///
    /// # Errors
    /// What unlink(2) said.
    pub(super) fn remove(&self, name: &OsStr) -> Result<(), Failure> {
        self.done(self.sys.unlink(self.at(), Path::new(name)))
    }

    fn done(&self, answer: crate::sys::Result<()>) -> Result<(), Failure> {
        match answer {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(self.errno(errno)),
        }
    }
}
