//! The old instance's side.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::message::encode;
use super::{errno, failure, trusted};
use crate::daemon::retry::uninterrupted;
use crate::daemon::{Cause, Failure};
use crate::sys::records::{
    At, FileKind, Follow, Peer, PollFd, Replace, SocketKind, Stat, UnixAddr,
};
use crate::sys::{Errno, Fd, Pid, System};

/// Connections that wait while the program is busy; a second new instance is
/// the only reason for more than one.
const BACKLOG: u32 = 8;

/// Listens on `upgrade_sock` for a new instance. Dropped, it removes the name
/// if it is still its own.
pub struct OldSide<S: System> {
    sys: S,
    socket: Fd<S>,
    path: PathBuf,
    /// The name's file, to tell it from a newer instance's.
    file: Stat,
    pid: Pid,
}

/// What became of a call of [`OldSide::serve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Nobody had asked, or had gone again.
    Nobody,
    /// This process has the sockets. It is not ready yet: go on accepting
    /// until SIGQUIT comes.
    Handed(Peer),
    /// Somebody else asked, and got nothing.
    Refused(Peer),
}

impl<S: System> OldSide<S> {
    /// Listens at `path`. A socket that has the name already, of an older
    /// instance or of one that was killed, loses it in one step. Call it before
    /// `notify`.
    ///
    /// # Errors
    /// A failure of [`crate::daemon::Stage::Upgrade`] with the path: it is taken
    /// by something that is no socket, is too long (108 bytes), or its directory
    /// may not be written.
    pub fn listen(sys: &S, path: &Path) -> Result<OldSide<S>, Failure> {
        let at = errno(path);
        match sys.stat(At::Cwd, path, Follow::No) {
            Ok(stat) if stat.kind == FileKind::Socket => {}
            Err(Errno::ENOENT) => {}
            Ok(_) => {
                let why = "something that is no socket has the name";
                return Err(failure(path, Cause::Text(why.to_owned())));
            }
            Err(errno) => return Err(at(errno)),
        }
        let pid = sys.getpid().map_err(&at)?;
        let socket = sys.socket(SocketKind::Stream).map_err(&at)?;
        let making = making(path, pid);
        // Of a killed process that had the same PID.
        match sys.unlink(At::Cwd, &making) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(at(errno)),
        }
        sys.bind(socket.raw(), UnixAddr::Path(making.clone()))
            .map_err(&at)?;
        let named = sys
            .listen(socket.raw(), BACKLOG)
            .and_then(|()| sys.stat(At::Cwd, &making, Follow::No))
            .and_then(|file| {
                sys.rename(At::Cwd, &making, path, Replace::Yes)?;
                Ok(file)
            });
        match named {
            Ok(file) => Ok(OldSide {
                sys: sys.clone(),
                socket,
                path: path.to_path_buf(),
                file,
                pid,
            }),
            Err(errno) => {
                // The first error is the one to tell.
                let _ = sys.unlink(At::Cwd, &making);
                Err(at(errno))
            }
        }
    }

    /// The descriptor to wait for: readable when a new instance asks.
    pub fn fd(&self) -> RawFd {
        self.socket.raw()
    }

    /// Gives `sockets`, each with its name, to whoever asks, if that is root or
    /// has this process's user id. Never waits for somebody to ask, and up to
    /// `timeout` for who has asked.
    ///
    /// # Errors
    /// A failure of [`crate::daemon::Stage::Upgrade`]; this instance has lost
    /// nothing and goes on.
    pub fn serve(&self, sockets: &[(&str, RawFd)], timeout: Duration) -> Result<Served, Failure> {
        let sys = &self.sys;
        let at = errno(&self.path);
        let asks = match uninterrupted(|| sys.accept(self.socket.raw())) {
            Ok(asks) => asks,
            Err(Errno::EAGAIN | Errno::ECONNABORTED) => return Ok(Served::Nobody),
            Err(errno) => return Err(at(errno)),
        };
        let peer = sys.peer(asks.raw()).map_err(&at)?;
        if !trusted(sys, &peer).map_err(&at)? {
            return Ok(Served::Refused(peer));
        }
        let (names, fds): (Vec<&str>, Vec<RawFd>) = sockets.iter().copied().unzip();
        let message = encode(&names).map_err(|why| failure(&self.path, Cause::Text(why)))?;
        match self.send(&asks, &message, &fds, timeout) {
            Ok(()) => Ok(Served::Handed(peer)),
            Err(failure) if failure.errno() == Some(Errno::EPIPE) => Ok(Served::Nobody),
            Err(failure) => Err(failure),
        }
    }

    fn send(
        &self,
        asks: &Fd<S>,
        message: &[u8],
        fds: &[RawFd],
        timeout: Duration,
    ) -> Result<(), Failure> {
        let sys = &self.sys;
        let at = errno(&self.path);
        let end = sys.now().map_err(&at)?.saturating_add(timeout);
        // The descriptors go with the first byte.
        let (mut rest, mut fds) = (message, fds);
        while !rest.is_empty() {
            match uninterrupted(|| sys.send(asks.raw(), rest, fds, None)) {
                Ok(sent) => {
                    rest = &rest[sent.min(rest.len())..];
                    fds = &[];
                }
                Err(Errno::EAGAIN) => {
                    let left = end.saturating_sub(sys.now().map_err(&at)?);
                    if left.is_zero() {
                        return Err(failure(&self.path, Cause::TimedOut(timeout)));
                    }
                    let room = PollFd {
                        fd: asks.raw(),
                        read: false,
                        write: true,
                    };
                    uninterrupted(|| sys.poll(&[room], Some(left), None)).map_err(&at)?;
                }
                Err(errno) => return Err(at(errno)),
            }
        }
        Ok(())
    }
}

impl<S: System> Drop for OldSide<S> {
    fn drop(&mut self) {
        // Not for a forked child, and not where a newer instance has the name.
        // A name that stays behind is replaced by the next one.
        let own = |pid: Pid| pid == self.pid;
        if self.sys.getpid().is_ok_and(own)
            && let Ok(file) = self.sys.stat(At::Cwd, &self.path, Follow::No)
            && file.same_file(&self.file)
        {
            let _ = self.sys.unlink(At::Cwd, &self.path);
        }
    }
}

/// The name of a socket that does not listen yet.
fn making(path: &Path, pid: Pid) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{pid}"));
    path.with_file_name(name)
}
