//! Unix sockets: what `sd_notify` and the upgrade need.

use std::os::fd::RawFd;

use super::call::{Call, Ret};
use super::records::{Message, Peer, SocketKind, UnixAddr};
use super::{Fd, Kernel, Result};

/// Unix sockets (`unix(7)`).
pub trait Sockets: Kernel {
    /// A new Unix socket, close-on-exec and non-blocking (`socket(2)`).
    ///
    /// # Errors
    /// EMFILE, ENFILE.
    fn socket(&self, kind: SocketKind) -> Result<Fd<Self>> {
        let raw = self.call(Call::Socket { kind }).map(Ret::fd)?;
        Ok(Fd::from_raw(self, raw))
    }

    /// Gives the socket its address (`bind(2)`).
    ///
    /// # Errors
    /// EADDRINUSE, EACCES, ENOENT.
    fn bind(&self, fd: RawFd, address: UnixAddr) -> Result<()> {
        self.call(Call::Bind { fd, address }).map(Ret::unit)
    }

    /// Accepts connections from now on (`listen(2)`).
    ///
    /// # Errors
    /// EOPNOTSUPP, EINVAL.
    fn listen(&self, fd: RawFd, backlog: u32) -> Result<()> {
        self.call(Call::Listen { fd, backlog }).map(Ret::unit)
    }

    /// Connects to `address` (`connect(2)`).
    ///
    /// # Errors
    /// ECONNREFUSED, ENOENT, EACCES; EAGAIN where the backlog is full.
    fn connect(&self, fd: RawFd, address: UnixAddr) -> Result<()> {
        self.call(Call::Connect { fd, address }).map(Ret::unit)
    }

    /// Takes the first waiting connection, close-on-exec and non-blocking
    /// (`accept4(2)`).
    ///
    /// # Errors
    /// EAGAIN, EINTR, ECONNABORTED, EMFILE.
    fn accept(&self, fd: RawFd) -> Result<Fd<Self>> {
        let raw = self.call(Call::Accept { fd }).map(Ret::fd)?;
        Ok(Fd::from_raw(self, raw))
    }

    /// Sends no more on a connection: its other end is told, and may still answer (`shutdown(2)`,
    /// `SHUT_WR`).
    ///
    /// # Errors
    /// EBADF, ENOTSOCK; ENOTCONN for TCP.
    fn end_sending(&self, fd: RawFd) -> Result<()> {
        self.call(Call::EndSending { fd }).map(Ret::unit)
    }

    /// Who is at the other end (`getsockopt(2)`, `SO_PEERCRED`). Of a socket
    /// without connection the PID is 0, and both ids are `u32::MAX`.
    ///
    /// # Errors
    /// EBADF, ENOTSOCK.
    fn peer(&self, fd: RawFd) -> Result<Peer> {
        self.call(Call::GetPeer { fd }).map(Ret::peer)
    }

    /// Sends `data` and copies of the descriptors `fds` (`sendmsg(2)` with
    /// SCM_RIGHTS); with `to`, to that address. Gives the number of bytes sent.
    ///
    /// # Errors
    /// EPIPE, ECONNREFUSED, EAGAIN, EMSGSIZE.
    fn send(&self, fd: RawFd, data: &[u8], fds: &[RawFd], to: Option<UnixAddr>) -> Result<usize> {
        self.call(Call::Send {
            fd,
            data: data.to_vec(),
            fds: fds.to_vec(),
            to,
        })
        .map(Ret::size)
    }

    /// Receives up to `max_bytes` and `max_fds` descriptors, each of them
    /// close-on-exec (`recvmsg(2)`). No bytes mean that the peer has closed.
    ///
    /// # Errors
    /// EAGAIN, EINTR, ECONNRESET.
    fn receive(&self, fd: RawFd, max_bytes: usize, max_fds: usize) -> Result<Message> {
        self.call(Call::Receive {
            fd,
            max_bytes,
            max_fds,
        })
        .map(Ret::message)
    }
}

impl<K: Kernel> Sockets for K {}
