//! The new instance's side.

use std::path::Path;
use std::time::Duration;

use super::message::{FDS_MAX, LENGTH_MAX, decode};
use super::{errno, failure, trusted};
use crate::daemon::retry::{Interruptions, uninterrupted};
use crate::daemon::{Cause, Failure};
use crate::sys::records::{PollFd, SocketKind, UnixAddr};
use crate::sys::{Errno, Fd, System};

/// How long to wait before a full backlog is tried again, which nothing tells
/// the end of.
const PAUSE: Duration = Duration::from_millis(100);

/// A socket of the old instance.
#[derive(Debug)]
pub struct Socket<S: System> {
    /// What the old instance calls it.
    pub name: String,
    /// It listens, and is close-on-exec.
    pub fd: Fd<S>,
}

/// Asks the old instance, which listens at `path`, for its sockets. Call it
/// between `daemonize` and `notify`.
///
/// # Errors
/// A failure of [`crate::daemon::Stage::Upgrade`] with the path: nobody listens,
/// who listens is neither root nor of this process's user id, the answer is no
/// hand-over, or it did not come within `timeout`. Give it to
/// `Ready::fail_with`.
pub fn take<S: System>(sys: &S, path: &Path, timeout: Duration) -> Result<Vec<Socket<S>>, Failure> {
    let mut asking = Asking {
        sys,
        path,
        timeout,
        end: sys.now().map_err(errno(path))?.saturating_add(timeout),
        interruptions: Interruptions::default(),
    };
    let socket = sys.socket(SocketKind::Stream).map_err(errno(path))?;
    asking.connect(&socket)?;
    let peer = sys.peer(socket.raw()).map_err(errno(path))?;
    if !trusted(sys, &peer).map_err(errno(path))? {
        let why = format!("a process of user id {} listens there", peer.uid);
        return Err(failure(path, Cause::Text(why)));
    }
    asking.receive(&socket)
}

struct Asking<'a, S: System> {
    sys: &'a S,
    path: &'a Path,
    timeout: Duration,
    end: Duration,
    interruptions: Interruptions,
}

impl<S: System> Asking<'_, S> {
    fn connect(&mut self, socket: &Fd<S>) -> Result<(), Failure> {
        let address = UnixAddr::Path(self.path.to_path_buf());
        loop {
            match uninterrupted(|| self.sys.connect(socket.raw(), address.clone())) {
                Ok(()) => return Ok(()),
                Err(Errno::EAGAIN) => self.wait(&[], PAUSE)?,
                Err(errno) => return Err(failure(self.path, Cause::Errno(errno))),
            }
        }
    }

    fn receive(&mut self, socket: &Fd<S>) -> Result<Vec<Socket<S>>, Failure> {
        let wrong = |why: &str| failure(self.path, Cause::Text(why.to_owned()));
        let mut bytes = Vec::new();
        let mut fds = Vec::new();
        let names = loop {
            let received = uninterrupted(|| self.sys.receive(socket.raw(), LENGTH_MAX, FDS_MAX));
            match received {
                Ok(message) => {
                    let owned = message.fds.into_iter();
                    fds.extend(owned.map(|fd| Fd::from_raw(self.sys, fd)));
                    if message.data.is_empty() {
                        return Err(wrong("the old instance closed the connection"));
                    }
                    bytes.extend(message.data);
                    if let Some(names) = decode(&bytes).map_err(wrong)? {
                        break names;
                    }
                }
                Err(Errno::EAGAIN) => {
                    let answer = PollFd {
                        fd: socket.raw(),
                        read: true,
                        write: false,
                    };
                    self.wait(&[answer], Duration::MAX)?;
                }
                Err(errno) => return Err(failure(self.path, Cause::Errno(errno))),
            }
        };
        if names.len() != fds.len() {
            let why = format!("{} names came with {} sockets", names.len(), fds.len());
            return Err(wrong(&why));
        }
        let pairs = names.into_iter().zip(fds);
        Ok(pairs.map(|(name, fd)| Socket { name, fd }).collect())
    }

    /// Waits for `fds`, at most `pause`, and not past the end.
    fn wait(&mut self, fds: &[PollFd], pause: Duration) -> Result<(), Failure> {
        let now = self.sys.now().map_err(errno(self.path))?;
        let left = self.end.saturating_sub(now);
        if left.is_zero() {
            return Err(failure(self.path, Cause::TimedOut(self.timeout)));
        }
        match self.sys.poll(fds, Some(left.min(pause)), None) {
            Ok(_) => Ok(()),
            Err(Errno::EINTR) => self.interruptions.note(now).map_err(errno(self.path)),
            Err(errno) => Err(failure(self.path, Cause::Errno(errno))),
        }
    }
}
