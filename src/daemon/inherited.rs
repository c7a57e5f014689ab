//! The descriptors that were inherited at exec.

use std::os::fd::RawFd;

use super::{Cause, Failure, Stage};
use crate::sys::records::Stat;
use crate::sys::{Errno, System};

/// The descriptors above 2 that were open when the program began, which a
/// daemon closes: whoever started it may wait for their end, and secrets may
/// lie behind them.
///
/// What the program opens itself after the note stays open. If it closes a
/// noted descriptor and the number goes to a file of its own, the number is
/// left alone, because what is behind it has changed.
#[derive(Clone, Debug)]
pub struct InheritedFds {
    noted: Result<Vec<(RawFd, Stat)>, Errno>,
}

impl InheritedFds {
    /// Notes what is open now. Make it the first line of `main`. An error is
    /// kept, and fails the start.
    pub fn note<S: System>(sys: &S) -> InheritedFds {
        let noted = sys.list_fds().map(|fds| {
            fds.into_iter()
                .filter(|fd| *fd > 2)
                // One that cannot be looked at has been closed meanwhile.
                .filter_map(|fd| Some((fd, sys.fstat(fd).ok()?)))
                .collect()
        });
        InheritedFds { noted }
    }

    /// For a program that knows that it inherits nothing, or wants to keep it.
    pub fn none() -> InheritedFds {
        InheritedFds {
            noted: Ok(Vec::new()),
        }
    }

    /// What was noted.
    ///
    /// # Errors
    /// A failure of [`Stage::Descriptors`] where it could not be.
    pub(super) fn noted(&self) -> Result<&[(RawFd, Stat)], Failure> {
        match &self.noted {
            Ok(noted) => Ok(noted),
            Err(errno) => Err(Failure::new(
                Stage::Descriptors,
                "/proc/self/fd",
                Cause::Errno(*errno),
            )),
        }
    }

    /// Closes what was noted, less `keep`.
    ///
    /// # Errors
    /// A failure of [`Stage::Descriptors`] with the number.
    pub(super) fn close<S: System>(&self, sys: &S, keep: &[RawFd]) -> Result<(), Failure> {
        for (fd, noted) in self.noted()? {
            if keep.contains(fd) {
                continue;
            }
            match sys.fstat(*fd) {
                Ok(now) if now.same_file(noted) => {}
                // It is another file's by now, or nobody's.
                Ok(_) | Err(Errno::EBADF) => continue,
                Err(errno) => return Err(failure(*fd, errno)),
            }
            match sys.close(*fd) {
                // Released all the same: close(2).
                Ok(()) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(failure(*fd, errno)),
            }
        }
        Ok(())
    }
}

fn failure(fd: RawFd, errno: Errno) -> Failure {
    Failure::new(Stage::Descriptors, fd.to_string(), Cause::Errno(errno))
}

#[cfg(test)]
#[path = "inherited_tests.rs"]
mod tests;
