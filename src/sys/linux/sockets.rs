//! Unix sockets, and descriptors sent over them.

use std::io::{IoSlice, IoSliceMut};
use std::mem;
use std::os::fd::{IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;

use nix::sys::socket::{
    self, AddressFamily, Backlog, ControlMessage, MsgFlags, SockFlag, SockType,
};

use super::descriptors::borrow;
use crate::sys::records::{Message, Peer, SocketKind, UnixAddr};
use crate::sys::{Errno, Pid, Result};

pub(super) fn socket(kind: SocketKind) -> Result<RawFd> {
    let kind = match kind {
        SocketKind::Stream => SockType::Stream,
        SocketKind::Datagram => SockType::Datagram,
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socket::socket(AddressFamily::Unix, kind, flags, None).map(IntoRawFd::into_raw_fd)
}

pub(super) fn bind(fd: RawFd, to: &UnixAddr) -> Result<()> {
    socket::bind(fd, &address(to)?)
}

pub(super) fn listen(fd: RawFd, backlog: u32) -> Result<()> {
    // The kernel cuts a backlog to its own limit; nix refuses one instead.
    let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
    let backlog = Backlog::new(backlog).unwrap_or(Backlog::MAXCONN);
    socket::listen(&borrow(fd)?, backlog)
}

pub(super) fn connect(fd: RawFd, to: &UnixAddr) -> Result<()> {
    socket::connect(fd, &address(to)?)
}

pub(super) fn accept(fd: RawFd) -> Result<RawFd> {
    socket::accept4(fd, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK)
}

pub(super) fn end_sending(fd: RawFd) -> Result<()> {
    socket::shutdown(fd, socket::Shutdown::Write)
}

pub(super) fn peer(fd: RawFd) -> Result<Peer> {
    let peer = socket::getsockopt(&borrow(fd)?, socket::sockopt::PeerCredentials)?;
    Ok(Peer {
        pid: Pid::from_raw(peer.pid()),
        uid: peer.uid(),
        gid: peer.gid(),
    })
}

pub(super) fn send(fd: RawFd, data: &[u8], fds: &[RawFd], to: Option<&UnixAddr>) -> Result<usize> {
    let rights = [ControlMessage::ScmRights(fds)];
    let control: &[ControlMessage<'_>] = if fds.is_empty() { &[] } else { &rights };
    let to = to.map(address).transpose()?;
    // EPIPE is an answer; SIGPIPE would be the end of the daemon.
    let flags = MsgFlags::MSG_NOSIGNAL;
    socket::sendmsg(fd, &[IoSlice::new(data)], control, flags, to.as_ref())
}

/// libc and not nix: where not all descriptors fit, nix gives an error and
/// leaves open, unnamed, those that did.
pub(super) fn receive(fd: RawFd, max_bytes: usize, max_fds: usize) -> Result<Message> {
    let mut data = vec![0; max_bytes];
    let mut parts = [IoSliceMut::new(&mut data)];
    // SAFETY: CMSG_LEN only computes.
    let room = unsafe { libc::CMSG_LEN((max_fds * size_of::<RawFd>()) as libc::c_uint) } as usize;
    // Words, so that the header in it is aligned.
    let mut control = vec![0_u64; room.div_ceil(size_of::<u64>())];
    // SAFETY: an all-zero msghdr is a valid one.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    // IoSliceMut is an iovec (its docs promise it).
    header.msg_iov = parts.as_mut_ptr().cast();
    header.msg_iovlen = 1;
    if max_fds > 0 {
        header.msg_control = control.as_mut_ptr().cast();
        // CMSG_LEN and not CMSG_SPACE, whose padding has room for one more.
        header.msg_controllen = room as _;
    }
    // SAFETY: the header points to `data` and `control`, which live on and are
    // as long as it says.
    let length = unsafe { libc::recvmsg(fd, &raw mut header, libc::MSG_CMSG_CLOEXEC) };
    let length = Errno::result(length)?.unsigned_abs();
    // SAFETY: the kernel has filled the header's control part.
    let fds = unsafe { rights(&header) };
    data.truncate(length);
    Ok(Message { data, fds })
}

/// The descriptors of a received message.
///
/// # Safety
/// recvmsg(2) has filled `header`, and its control part is still there.
#[allow(clippy::unnecessary_cast, reason = "cmsg_len is narrower with musl")]
unsafe fn rights(header: &libc::msghdr) -> Vec<RawFd> {
    let mut fds = Vec::new();
    // SAFETY: the macros walk the control messages that the kernel wrote, and
    // yield null behind the last.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while let Some(found) = message.as_ref() {
            if found.cmsg_level == libc::SOL_SOCKET && found.cmsg_type == libc::SCM_RIGHTS {
                let bytes = found.cmsg_len as usize - libc::CMSG_LEN(0) as usize;
                let first = libc::CMSG_DATA(message).cast::<RawFd>();
                fds.extend((0..bytes / size_of::<RawFd>()).map(|i| first.add(i).read_unaligned()));
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    fds
}

/// # Errors
/// EINVAL for an empty path, which bind(2) takes for "choose a name", and for
/// one with a zero byte, at which the kernel would cut it off; ENAMETOOLONG for
/// more than 108 bytes.
fn address(address: &UnixAddr) -> Result<socket::UnixAddr> {
    match address {
        UnixAddr::Path(path) if path.as_os_str().as_bytes().is_empty() => Err(Errno::EINVAL),
        UnixAddr::Path(path) if path.as_os_str().as_bytes().contains(&0) => Err(Errno::EINVAL),
        UnixAddr::Path(path) => socket::UnixAddr::new(path),
        UnixAddr::Abstract(name) => socket::UnixAddr::new_abstract(name),
    }
}
