//! Of Unix sockets.

use std::os::fd::RawFd;
use std::path::PathBuf;

use crate::sys::Pid;

/// Which kind of Unix socket (`unix(7)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SocketKind {
    /// `SOCK_STREAM`.
    Stream,
    /// `SOCK_DGRAM`.
    Datagram,
}

/// The address of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnixAddr {
    /// A path.
    Path(PathBuf),
    /// A name in the abstract namespace, without the leading zero byte.
    Abstract(Vec<u8>),
}

/// Who was at the other end when the connection was made (`SO_PEERCRED` of
/// `unix(7)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Its PID; 0 where it is outside the PID namespace.
    pub pid: Pid,
    /// Its effective user id.
    pub uid: u32,
    /// Its effective group id.
    pub gid: u32,
}

/// What `recvmsg(2)` gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Message {
    /// The bytes.
    pub data: Vec<u8>,
    /// The descriptors that came with them.
    pub fds: Vec<RawFd>,
}
