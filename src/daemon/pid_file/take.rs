//! Writing the PID file and giving it its name.

use std::path::Path;

use super::place::{Occupant, ROUNDS};
use super::turn::Turn;
use super::{PidFile, Place};
use crate::daemon::retry::write_all;
use crate::daemon::{Cause, Failure, Start};
use crate::sys::records::{Replace, Stat};
use crate::sys::{Errno, Gid, Pid, Result as Answer, System, Uid};

/// What the file is to be.
pub(in crate::daemon) struct Wanted {
    /// The PID to write.
    pub(in crate::daemon) pid: Pid,
    /// Whether another may hold the name.
    pub(in crate::daemon) start: Start,
    /// The living file that an upgrade saw before its first fork: this one and
    /// no other may be replaced.
    pub(in crate::daemon) replaces: Option<Stat>,
    /// To whom it is given; to whoever makes it, with none.
    pub(in crate::daemon) owner: Option<(Uid, Gid)>,
}

impl<S: System> Place<S> {
    /// Makes the PID file.
    ///
    /// # Errors
    /// A failure of [`crate::daemon::Stage::PidFile`]; nothing of ours is left.
    pub(in crate::daemon) fn take(self, wanted: &Wanted) -> Result<PidFile<S>, Failure> {
        let mut holder = None;
        for round in 0..ROUNDS {
            if round > 0 {
                self.pause()?;
            }
            match self.attempt(wanted)? {
                Attempt::Placed { file, stat } => {
                    return Ok(PidFile::new(self, file, stat, wanted.pid));
                }
                Attempt::Busy(pid) => holder = pid,
            }
        }
        Err(self.failure(Cause::Held(holder)))
    }

    fn attempt(&self, wanted: &Wanted) -> Result<Attempt<S>, Failure> {
        let Some(turn) = Turn::take(self)? else {
            return Ok(Attempt::Busy(None));
        };
        let place = match self.occupant(&self.name)? {
            Occupant::None => Naming::Free,
            Occupant::Stale { file, .. } => Naming::Over(file),
            Occupant::Changing => return Ok(Attempt::Busy(None)),
            Occupant::Living { pid, stat } => {
                let expected = wanted.replaces.is_some_and(|saw| saw.same_file(&stat));
                if wanted.start == Start::Fresh || !expected {
                    return Ok(Attempt::Busy(pid));
                }
                Naming::TakeOver
            }
        };
        if wanted.start == Start::Fresh
            && let Some((pid, _)) = self.older()?
        {
            return Ok(Attempt::Busy(pid));
        }
        self.fill(&turn, wanted)
            .map_err(|errno| self.errno(errno))?;
        match self.give_name(place) {
            Ok(()) => {
                let (file, stat) = turn.placed();
                Ok(Attempt::Placed { file, stat })
            }
            // Somebody who takes no turns was faster.
            Err(Errno::EEXIST) => Ok(Attempt::Busy(None)),
            Err(errno) => Err(self.errno(errno)),
        }
    }

    fn fill(&self, turn: &Turn<'_, S>, wanted: &Wanted) -> Answer<()> {
        let file = turn.file().raw();
        write_all(&self.sys, file, format!("{}\n", wanted.pid).as_bytes())?;
        // The umask is not asked: others read it to find the daemon.
        self.sys.fchmod(file, 0o644)?;
        match wanted.owner {
            None => Ok(()),
            Some((uid, gid)) => self.sys.fchown(file, Some(uid), Some(gid)),
        }
    }

    fn give_name(&self, naming: Naming<S>) -> Answer<()> {
        let starting = self.starting();
        let rename = |replace| {
            let (from, to) = (Path::new(&starting), Path::new(&self.name));
            self.sys.rename(self.at(), from, to, replace)
        };
        match naming {
            Naming::Free => rename(Replace::No),
            // The stale file stays locked until it has lost its name.
            Naming::Over(_stale) => rename(Replace::Yes),
            Naming::TakeOver => {
                self.link_old()?;
                rename(Replace::Yes).inspect_err(|_| {
                    // The old instance has both names; it keeps the first.
                    let _ = self.sys.unlink(self.at(), Path::new(&self.old()));
                })
            }
        }
    }

    /// Gives the old instance's file its second name, so that no moment passes
    /// in which the first is nobody's.
    fn link_old(&self) -> Answer<()> {
        let old = self.old();
        match self.sys.unlink(self.at(), Path::new(&old)) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
        self.sys
            .link(self.at(), Path::new(&self.name), Path::new(&old))
    }
}

enum Attempt<S: System> {
    Placed {
        file: crate::sys::Fd<S>,
        stat: Stat,
    },
    /// Another lives, or has its turn.
    Busy(Option<Pid>),
}

/// How the file gets its name.
enum Naming<S: System> {
    /// Nobody has it.
    Free,
    /// From a stale file, which is locked.
    Over(crate::sys::Fd<S>),
    /// From the living instance.
    TakeOver,
}
