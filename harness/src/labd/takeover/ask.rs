//! The new instance's side.

use std::os::fd::RawFd;
use std::path::Path;
use std::time::Duration;

use daemonlab::daemon::{Cause, Failure, Stage};
use daemonlab::sys::records::{PollFd, SocketKind, UnixAddr};
use daemonlab::sys::{Errno, Fd, System};

use super::Offer;
use super::words::{ASK, BYTES_MAX, FDS_MAX, READY, read_addresses, trust};
use crate::labd::listen::Listening;
use crate::labd::log::Log;
use crate::labd::net::Net;

/// The running instance answers at once, unless something is wrong with it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the running instance has handed over.
pub struct Estate<S: Net> {
    /// Its listening sockets.
    pub listening: Vec<Listening<S>>,
    /// Its place on `upgrade_sock`.
    pub offer: Offer<S>,
    /// It hears there when we are ready.
    pub line: Line<S>,
}

/// The connection to the running instance.
pub struct Line<S: System> {
    sys: S,
    log: Log<S>,
    fd: Fd<S>,
}

impl<S: System> Line<S> {
    /// Says that this instance is ready and has taken over.
    pub fn ready(self) {
        // An old instance that is gone has nothing left to do.
        if let Err(errno) = self.sys.send(self.fd.raw(), READY, &[], None) {
            self.log
                .warn(format_args!("the old instance is gone already: {errno}"));
        }
    }
}

/// Asks the instance that listens on `path` for its sockets.
///
/// # Errors
/// A failure of [`Stage::Upgrade`]: nobody listens (ENOENT, ECONNREFUSED), or
/// another user does (EACCES), or no proper answer came.
pub fn ask<S: Net>(sys: &S, log: &Log<S>, path: &Path) -> Result<Estate<S>, Failure> {
    let failed = |cause| Failure::new(Stage::Upgrade, path.display().to_string(), cause);
    let errno = |errno| failed(Cause::Errno(errno));
    let line = sys.socket(SocketKind::Stream).map_err(errno)?;
    let address = UnixAddr::Path(path.to_path_buf());
    sys.connect(line.raw(), address).map_err(errno)?;
    trust(sys, line.raw()).map_err(errno)?;
    sys.send(line.raw(), ASK, &[], None).map_err(errno)?;
    if !answers(sys, line.raw()).map_err(errno)? {
        return Err(failed(Cause::TimedOut(PATIENCE)));
    }
    let message = sys.receive(line.raw(), BYTES_MAX, FDS_MAX).map_err(errno)?;
    // Owned from here on, whatever is wrong with them.
    let fds: Vec<_> = message
        .fds
        .iter()
        .map(|fd| Fd::from_raw(sys, *fd))
        .collect();
    let mut fds = fds.into_iter();
    let addresses = read_addresses(&message.data);
    let (Some(control), Some(addresses)) = (fds.next(), addresses) else {
        return Err(failed(Cause::Text("no proper answer".to_owned())));
    };
    if fds.len() != addresses.len() {
        let why = format!("{} sockets for {} addresses", fds.len(), addresses.len());
        return Err(failed(Cause::Text(why)));
    }
    let listening = addresses.into_iter().zip(fds).map(|(address, socket)| {
        log.info(format_args!("taking over {address}"));
        Listening { address, socket }
    });
    Ok(Estate {
        listening: listening.collect(),
        offer: Offer::inherited(sys, log, path, control),
        line: Line {
            sys: sys.clone(),
            log: log.clone(),
            fd: line,
        },
    })
}

/// Whether an answer has come in time.
fn answers<S: System>(sys: &S, fd: RawFd) -> Result<bool, Errno> {
    let wish = [PollFd {
        fd,
        read: true,
        write: false,
    }];
    let deadline = sys.now()? + PATIENCE;
    loop {
        let left = deadline.saturating_sub(sys.now()?);
        match sys.poll(&wish, Some(left), None) {
            Err(Errno::EINTR) => {}
            found => return Ok(found?[0].any()),
        }
    }
}
