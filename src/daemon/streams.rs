//! The standard streams.

use std::path::Path;

use super::retry::uninterrupted;
use super::{Cause, Failure, Stage};
use crate::sys::records::{Access, At, OpenHow};
use crate::sys::{Errno, Fd, System};

const NULL: &str = "/dev/null";

/// Opens what is closed of 0, 1 and 2, so that none of the start's own
/// descriptors can come to lie there and be taken for a standard stream.
///
/// # Errors
/// A failure of [`Stage::Streams`].
pub(super) fn fill_gaps<S: System>(sys: &S) -> Result<(), Failure> {
    for fd in 0..=2 {
        match sys.fstat(fd) {
            Ok(_) => {}
            Err(Errno::EBADF) => {
                // The lowest free number, which is this one.
                let null = open_null(sys)?;
                if null.raw() == fd {
                    let _ = null.into_raw();
                } else {
                    dup(sys, &null, fd)?;
                }
            }
            Err(errno) => {
                return Err(Failure::new(
                    Stage::Streams,
                    fd.to_string(),
                    Cause::Errno(errno),
                ));
            }
        }
    }
    Ok(())
}

/// Opens the error log, to append to.
///
/// # Errors
/// A failure of [`Stage::ErrorLog`].
pub(super) fn open_log<S: System>(sys: &S, path: &Path) -> Result<Fd<S>, Failure> {
    let how = OpenHow {
        create: true,
        append: true,
        // A FIFO that nobody reads must not hold the start up: ENXIO.
        non_blocking: true,
        ..OpenHow::new(Access::Write)
    };
    uninterrupted(|| sys.open(At::Cwd, path, how, 0o644)).map_err(|errno| {
        Failure::new(
            Stage::ErrorLog,
            path.display().to_string(),
            Cause::Errno(errno),
        )
    })
}

/// stdin becomes `/dev/null`; with a log, stderr becomes the log and stdout
/// `/dev/null`; without, both stay.
///
/// # Errors
/// A failure of [`Stage::Streams`].
pub(super) fn redirect<S: System>(sys: &S, log: Option<&Fd<S>>) -> Result<(), Failure> {
    let null = open_null(sys)?;
    dup(sys, &null, 0)?;
    if let Some(log) = log {
        dup(sys, &null, 1)?;
        dup(sys, log, 2)?;
    }
    Ok(())
}

fn open_null<S: System>(sys: &S) -> Result<Fd<S>, Failure> {
    let how = OpenHow {
        // 0, 1 and 2 are there for what the daemon executes, too.
        close_on_exec: false,
        ..OpenHow::new(Access::ReadWrite)
    };
    uninterrupted(|| sys.open(At::Cwd, Path::new(NULL), how, 0))
        .map_err(|errno| Failure::new(Stage::Streams, NULL, Cause::Errno(errno)))
}

fn dup<S: System>(sys: &S, from: &Fd<S>, to: i32) -> Result<(), Failure> {
    // EBUSY: open(2) and dup2(2) of two threads at one number.
    uninterrupted(|| sys.dup2(from.raw(), to))
        .map_err(|errno| Failure::new(Stage::Streams, to.to_string(), Cause::Errno(errno)))
}

#[cfg(test)]
#[path = "streams_tests.rs"]
mod tests;
