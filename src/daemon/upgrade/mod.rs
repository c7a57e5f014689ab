//! Handing the listening sockets from an old instance to a new one.
//!
//! ```text
//! old instance                       new instance (--upgrade)
//! OldSide::listen                    daemonize: takes the PID file's name over
//!   │◀──────── connects ────────────── take
//! serve ── names and sockets ───────▶   │
//!   │                                OldSide::listen: the name is its own now
//!   │                                notify: ready, the launcher exits with 0
//!   │◀── SIGQUIT from the service manager, and only now
//! stops accepting, finishes, exits
//! ```
//!
//! Both have the same sockets open all the while, so no connection is refused.
//! If the new instance fails at any point, the old one has lost nothing.
//!
//! Pingora has the old instance connect to the new one, once SIGQUIT has told
//! it to; a new instance that then fails leaves nobody to accept. Here the new
//! one asks.
//!
//! Each side checks that the other is root or has its own user id
//! (SO_PEERCRED of unix(7)).

mod message;
mod old;
mod take;

pub use old::{OldSide, Served};
pub use take::{Socket, take};

use std::path::Path;

use super::{Cause, Failure, Stage};
use crate::sys::records::Peer;
use crate::sys::{Errno, System};

fn failure(path: &Path, cause: Cause) -> Failure {
    Failure::new(Stage::Upgrade, path.display().to_string(), cause)
}

fn errno(path: &Path) -> impl Fn(Errno) -> Failure {
    move |errno| failure(path, Cause::Errno(errno))
}

/// Whether the peer is root or has the caller's effective user id.
fn trusted<S: System>(sys: &S, peer: &Peer) -> Result<bool, Errno> {
    Ok(peer.uid == 0 || peer.uid == sys.getresuid()?.effective)
}

#[cfg(test)]
mod tests;
