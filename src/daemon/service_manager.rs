//! Telling the service manager (`sd_notify(3)`).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use super::retry::uninterrupted;
use super::{Cause, Failure, Stage};
use crate::sys::records::{PollFd, SocketKind, UnixAddr};
use crate::sys::{Errno, Pid, Result as Answer, System};

/// Sends `READY=1` and `MAINPID` to the socket that `NOTIFY_SOCKET` names: a
/// path, or with a leading `@` an abstract name. Waits up to `timeout` where
/// its queue is full.
///
/// # Errors
/// A failure of [`Stage::ServiceManager`] with the socket.
pub(super) fn ready<S: System>(
    sys: &S,
    socket: &OsStr,
    pid: Pid,
    timeout: Duration,
) -> Result<(), Failure> {
    let message = format!("READY=1\nMAINPID={pid}");
    send(sys, socket, message.as_bytes(), timeout).map_err(|errno| {
        let socket = format!("NOTIFY_SOCKET={}", socket.display());
        Failure::new(Stage::ServiceManager, socket, Cause::Errno(errno))
    })
}

fn send<S: System>(sys: &S, socket: &OsStr, message: &[u8], timeout: Duration) -> Answer<()> {
    let address = match socket.as_bytes() {
        [b'/', ..] => UnixAddr::Path(PathBuf::from(socket)),
        [b'@', name @ ..] => UnixAddr::Abstract(name.to_vec()),
        // vsock and the like.
        _ => return Err(Errno::EAFNOSUPPORT),
    };
    let fd = sys.socket(SocketKind::Datagram)?;
    // Connected, so that ppoll(2) tells when the other side has room.
    uninterrupted(|| sys.connect(fd.raw(), address.clone()))?;
    let attempt = || uninterrupted(|| sys.send(fd.raw(), message, &[], None));
    let sent = match attempt() {
        Err(Errno::EAGAIN) => {
            let room = PollFd {
                fd: fd.raw(),
                read: false,
                write: true,
            };
            uninterrupted(|| sys.poll(&[room], Some(timeout), None))?;
            attempt()?
        }
        sent => sent?,
    };
    // A datagram goes whole or not at all.
    if sent != message.len() {
        return Err(Errno::EMSGSIZE);
    }
    Ok(())
}

#[cfg(test)]
#[path = "service_manager_tests.rs"]
mod tests;
