//! What both sides say to each other, and whom they trust.

use std::net::SocketAddr;
use std::os::fd::RawFd;

use daemonlab::sys::{Credentials, Errno, Kernel, Sockets};

/// The question, with the version of all this.
pub const ASK: &[u8] = b"daemonlab upgrade 1\n";
/// What the new instance says when it is ready.
pub const READY: &[u8] = b"ready\n";
/// More than any of these messages has.
pub const BYTES_MAX: usize = 16 * 1024;
/// More sockets than one message carries: SCM_MAX_FD of `unix(7)`.
pub const FDS_MAX: usize = 253;

/// Whether the other end is the same user, or root.
///
/// # Errors
/// EACCES if not; the errno of asking.
pub fn trust<S: Kernel>(sys: &S, fd: RawFd) -> Result<(), Errno> {
    let own = sys.getresuid()?.effective;
    match sys.peer(fd)?.uid {
        0 => Ok(()),
        uid if uid == own => Ok(()),
        _ => Err(Errno::EACCES),
    }
}

/// The addresses as a message, one a line, in the order of their descriptors.
pub fn write_addresses<'a>(addresses: impl Iterator<Item = &'a SocketAddr>) -> Vec<u8> {
    let lines = addresses.map(|address| format!("{address}\n"));
    lines.collect::<String>().into_bytes()
}

/// The addresses of a message; `None` for anything else.
pub fn read_addresses(message: &[u8]) -> Option<Vec<SocketAddr>> {
    let text = std::str::from_utf8(message).ok()?;
    text.lines().map(|line| line.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_were_written() {
        let addresses = ["127.0.0.1:80", "[::1]:0"].map(|text| text.parse().unwrap());
        let message = write_addresses(addresses.iter());
        assert_eq!(read_addresses(&message).as_deref(), Some(&addresses[..]));
        assert_eq!(read_addresses(b""), Some(vec![]));
        assert_eq!(read_addresses(b"localhost\n"), None);
        assert_eq!(read_addresses(b"\xff"), None);
    }
}
