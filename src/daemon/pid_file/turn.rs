//! One start at a time: the file `.NAME.starting`.
//!
//! It is made with O_EXCL and locked at once. Whoever holds the lock of the
//! file that has this name may touch the PID file's names. A start that was
//! killed leaves it behind unlocked; the next one locks it, sees that it still
//! has the name, and removes it. Only a holder of the lock ever removes or
//! renames it.

use std::path::Path;

use super::Place;
use super::place::{Occupant, ROUNDS};
use crate::daemon::Failure;
use crate::daemon::retry::uninterrupted;
use crate::sys::records::{Access, Lock, OpenHow, Stat};
use crate::sys::{Errno, Fd, System};

/// How often one looks again when others come and go.
const TRIES: usize = 8;

/// The right to touch the names, and the file that is about to get one.
pub(super) struct Turn<'a, S: System> {
    place: &'a Place<S>,
    file: Option<Fd<S>>,
    stat: Stat,
}

impl<'a, S: System> Turn<'a, S> {
    /// Takes the turn; `None` while another has it.
    ///
    /// # Errors
    /// Why the file cannot be made.
    pub(super) fn take(place: &'a Place<S>) -> Result<Option<Turn<'a, S>>, Failure> {
        for _ in 0..TRIES {
            match create(place)? {
                Created::Ours(turn) => return Ok(Some(turn)),
                Created::Lost => {}
                Created::Exists => match place.occupant(&place.starting())? {
                    Occupant::Living { .. } => return Ok(None),
                    Occupant::None | Occupant::Changing => {}
                    // Locked until the name is gone.
                    Occupant::Stale { file: _file, .. } => {
                        let starting = place.starting();
                        match place.sys.unlink(place.at(), Path::new(&starting)) {
                            Ok(()) | Err(Errno::ENOENT) => {}
                            Err(errno) => return Err(place.errno(errno)),
                        }
                    }
                },
            }
        }
        Ok(None)
    }

    /// As [`Turn::take`], and waits a while for another who has it.
    ///
    /// # Errors
    /// As [`Turn::take`].
    pub(super) fn wait(place: &'a Place<S>) -> Result<Option<Turn<'a, S>>, Failure> {
        for _ in 1..ROUNDS {
            if let Some(turn) = Turn::take(place)? {
                return Ok(Some(turn));
            }
            place.pause()?;
        }
        Turn::take(place)
    }

    /// The file that is in the making.
    pub(super) fn file(&self) -> &Fd<S> {
        self.file.as_ref().expect("it is there until it is placed")
    }

    /// The file has got its name: the turn is over, and the file stays.
    pub(super) fn placed(mut self) -> (Fd<S>, Stat) {
        let file = self.file.take().expect("it is placed once");
        (file, self.stat)
    }
}

impl<S: System> Drop for Turn<'_, S> {
    fn drop(&mut self) {
        if self.file.is_some() {
            // A file that cannot be removed is found unlocked by the next start.
            let starting = self.place.starting();
            let _ = self.place.sys.unlink(self.place.at(), Path::new(&starting));
        }
    }
}

enum Created<'a, S: System> {
    Ours(Turn<'a, S>),
    /// Another took it for left behind before it was locked.
    Lost,
    Exists,
}

fn create<'a, S: System>(place: &'a Place<S>) -> Result<Created<'a, S>, Failure> {
    let sys = &place.sys;
    let name = place.starting();
    let how = OpenHow {
        create: true,
        exclusive: true,
        no_follow: true,
        ..OpenHow::new(Access::Write)
    };
    let file = match uninterrupted(|| sys.open(place.at(), Path::new(&name), how, 0o644)) {
        Ok(file) => file,
        Err(Errno::EEXIST) => return Ok(Created::Exists),
        Err(errno) => return Err(place.errno(errno)),
    };
    let abandon = |failure: Failure| {
        // Not locked by us: the worst that this can do to another start is to
        // fail it.
        let _ = sys.unlink(place.at(), Path::new(&name));
        failure
    };
    match uninterrupted(|| sys.flock(file.raw(), Lock::Exclusive)) {
        Ok(()) => {}
        Err(Errno::EWOULDBLOCK) => return Ok(Created::Lost),
        Err(errno) => return Err(abandon(place.errno(errno))),
    }
    let stat = sys
        .fstat(file.raw())
        .map_err(|errno| abandon(place.errno(errno)))?;
    if !place.is_called(&stat, &name).map_err(abandon)? {
        return Ok(Created::Lost);
    }
    Ok(Created::Ours(Turn {
        place,
        file: Some(file),
        stat,
    }))
}
