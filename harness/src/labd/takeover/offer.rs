//! The running instance's side.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use daemonlab::sys::records::{At, FileKind, Follow, SocketKind, UnixAddr};
use daemonlab::sys::{Errno, Fd, System};

use super::words::{ASK, READY, trust, write_addresses};
use crate::labd::listen::Listening;
use crate::labd::log::Log;
use crate::labd::net::Net;

/// What a running instance offers to one that takes over.
pub struct Offer<S: Net> {
    sys: S,
    log: Log<S>,
    path: PathBuf,
    control: Fd<S>,
    heirs: Vec<Fd<S>>,
    taken: bool,
}

impl<S: Net> Offer<S> {
    /// Listens on `path`; a socket there that nobody listens on any more is
    /// replaced.
    ///
    /// # Errors
    /// EADDRINUSE if somebody does, or if it is no socket; the errno of
    /// `bind(2)`.
    pub fn open(sys: &S, log: &Log<S>, path: &Path) -> Result<Offer<S>, Errno> {
        let control = sys.socket(SocketKind::Stream)?;
        let address = UnixAddr::Path(path.to_path_buf());
        match sys.bind(control.raw(), address.clone()) {
            Err(Errno::EADDRINUSE) if is_left_behind(sys, path)? => {
                sys.unlink(At::Cwd, path)?;
                sys.bind(control.raw(), address)?;
            }
            bound => bound?,
        }
        sys.listen(control.raw(), 8)?;
        Ok(Offer::inherited(sys, log, path, control))
    }

    /// Goes on with the socket of the instance before.
    pub fn inherited(sys: &S, log: &Log<S>, path: &Path, control: Fd<S>) -> Offer<S> {
        Offer {
            sys: sys.clone(),
            log: log.clone(),
            path: path.to_path_buf(),
            control,
            heirs: Vec::new(),
            taken: false,
        }
    }

    /// What wakes it.
    pub fn fds(&self) -> impl Iterator<Item = RawFd> {
        let heirs = self.heirs.iter().map(Fd::raw);
        heirs.chain((!self.taken).then_some(self.control.raw()))
    }

    /// Whether another instance has taken over and is ready.
    pub fn is_taken(&self) -> bool {
        self.taken
    }

    /// Answers who asks for `listening`, and hears who is ready.
    pub fn attend(&mut self, listening: &[Listening<S>]) {
        // Who has taken over answers on this socket now.
        while !self.taken {
            match self.sys.accept(self.control.raw()) {
                Ok(heir) => self.heirs.push(heir),
                Err(Errno::EAGAIN) => break,
                Err(Errno::EINTR | Errno::ECONNABORTED) => {}
                Err(errno) => {
                    let path = self.path.display();
                    self.log
                        .error(format_args!("cannot accept on {path}: {errno}"));
                    break;
                }
            }
        }
        self.hear(listening);
    }

    fn hear(&mut self, listening: &[Listening<S>]) {
        let heirs = std::mem::take(&mut self.heirs);
        for heir in heirs {
            match self.answer(&heir, listening) {
                Ok(true) => self.heirs.push(heir),
                Ok(false) => {}
                Err(errno) => self
                    .log
                    .warn(format_args!("an upgrade came to nothing: {errno}")),
            }
        }
    }

    /// Whether more is to be expected of the heir.
    fn answer(&mut self, heir: &Fd<S>, listening: &[Listening<S>]) -> Result<bool, Errno> {
        trust(&self.sys, heir.raw())?;
        let message = match self.sys.receive(heir.raw(), ASK.len(), 0) {
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(true),
            message => message?,
        };
        match message.data.as_slice() {
            ASK => {
                let addresses = write_addresses(listening.iter().map(|one| &one.address));
                let sockets = listening.iter().map(|one| one.socket.raw());
                let fds: Vec<RawFd> = [self.control.raw()].into_iter().chain(sockets).collect();
                self.sys.send(heir.raw(), &addresses, &fds, None)?;
                self.log
                    .info("another instance has asked for the listening sockets");
                Ok(true)
            }
            READY => {
                self.log.info("another instance has taken over");
                self.taken = true;
                Ok(false)
            }
            b"" => {
                self.log
                    .warn("the instance that was to take over is gone; this one goes on");
                Ok(false)
            }
            _ => Err(Errno::EPROTO),
        }
    }

    /// Takes the socket's name away, unless it is another's now, or will be: an
    /// heir that has the socket may be ready, and have had us told to stop,
    /// before it has said so here.
    pub fn close(mut self) {
        self.hear(&[]);
        if self.taken || !self.heirs.is_empty() {
            return;
        }
        // What stays behind is replaced by the next start.
        if let Err(errno) = self.sys.unlink(At::Cwd, &self.path) {
            let path = self.path.display();
            self.log.info(format_args!("{path} stays: {errno}"));
        }
    }
}

/// Whether `path` is a socket that nobody listens on.
fn is_left_behind<S: System>(sys: &S, path: &Path) -> Result<bool, Errno> {
    if sys.stat(At::Cwd, path, Follow::No)?.kind != FileKind::Socket {
        return Ok(false);
    }
    let probe = sys.socket(SocketKind::Stream)?;
    let connected = sys.connect(probe.raw(), UnixAddr::Path(path.to_path_buf()));
    Ok(connected == Err(Errno::ECONNREFUSED))
}
