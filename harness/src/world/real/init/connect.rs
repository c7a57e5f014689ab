//! Talking to a server as a client, without waiting anywhere but in the loop.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, SockaddrStorage, UnixAddr, connect,
    getsockopt, socket, sockopt,
};

use crate::world::WorldError;
use crate::world::real::failure::{error, refusal};

/// A connection on its way.
#[derive(Debug)]
pub struct Connection {
    stage: String,
    socket: File,
    connected: bool,
    data: Vec<u8>,
    sent: usize,
    received: Vec<u8>,
    enough: usize,
    until: Duration,
}

/// The most bytes that are received, whatever is called enough.
const MOST: usize = 16 << 20;

impl Connection {
    /// Starts to connect; it has until `until`, a moment of the world.
    pub fn start(
        address: &str,
        data: Vec<u8>,
        enough: usize,
        until: Duration,
    ) -> Result<Connection, WorldError> {
        let stage = format!("connect to {address}");
        let (family, to) = parse(address, &stage)?;
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket = socket(family, SockType::Stream, flags, None).map_err(|e| error(&stage, e))?;
        let done = match to {
            Address::Unix(to) => connect(socket.as_raw_fd(), &to),
            Address::V4(to) => connect(socket.as_raw_fd(), &to),
            Address::V6(to) => connect(socket.as_raw_fd(), &to),
        };
        let connected = match done {
            Ok(()) => true,
            Err(Errno::EINPROGRESS) => false,
            Err(errno) => return Err(error(stage, errno)),
        };
        Ok(Connection {
            stage,
            socket: socket.into(),
            connected,
            data,
            sent: 0,
            received: Vec::new(),
            enough: enough.min(MOST),
            until,
        })
    }

    /// What to wait for.
    pub fn source(&self) -> (BorrowedFd<'_>, PollFlags) {
        let writing = !self.connected || self.sent < self.data.len();
        let flags = if writing {
            PollFlags::POLLIN | PollFlags::POLLOUT
        } else {
            PollFlags::POLLIN
        };
        (self.socket.as_fd(), flags)
    }

    /// When its time is over.
    pub fn until(&self) -> Duration {
        self.until
    }

    /// Goes on as far as possible; gives what came once there is no more to wait for.
    pub fn go_on(&mut self, now: Duration) -> Option<Result<Vec<u8>, WorldError>> {
        match self.advance() {
            Ok(false) if now < self.until => None,
            Ok(false) if !self.connected => Some(Err(error(&self.stage, Errno::ETIMEDOUT))),
            Ok(_) => Some(Ok(std::mem::take(&mut self.received))),
            Err(errno) => Some(Err(error(&self.stage, errno))),
        }
    }

    /// Whether it is complete.
    fn advance(&mut self) -> Result<bool, Errno> {
        if !self.connected {
            match getsockopt(&self.socket, sockopt::SocketError)? {
                0 => {}
                errno => return Err(Errno::from_raw(errno)),
            }
            // No error yet, but perhaps no connection either.
            match nix::sys::socket::getpeername::<SockaddrStorage>(self.socket.as_raw_fd()) {
                Ok(_) => self.connected = true,
                Err(Errno::ENOTCONN) => return Ok(false),
                Err(errno) => return Err(errno),
            }
        }
        while self.sent < self.data.len() {
            match self.socket.write(&self.data[self.sent..]) {
                Ok(n) => self.sent += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // What the peer said before it closed is still there to be read.
                Err(_) => self.sent = self.data.len(),
            }
        }
        let mut buffer = [0; 16 * 1024];
        while self.received.len() < self.enough {
            match self.socket.read(&mut buffer) {
                Ok(0) => return Ok(true),
                Ok(n) => self.received.extend(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(true),
                Err(_) => return Err(Errno::last()),
            }
        }
        Ok(self.sent == self.data.len())
    }
}

enum Address {
    Unix(UnixAddr),
    V4(SockaddrIn),
    V6(SockaddrIn6),
}

fn parse(address: &str, stage: &str) -> Result<(AddressFamily, Address), WorldError> {
    if let Some(path) = address.strip_prefix("unix:") {
        let address = match path.strip_prefix('@') {
            Some(name) => UnixAddr::new_abstract(name.as_bytes()),
            None => UnixAddr::new(path),
        };
        let address = address.map_err(|errno| error(stage, errno))?;
        return Ok((AddressFamily::Unix, Address::Unix(address)));
    }
    let parsed: SocketAddr = address.parse().map_err(|_| {
        let evidence = format!("{address:?} is no address");
        refusal(
            stage,
            evidence,
            "write 127.0.0.1:80, [::1]:80, unix:/path or unix:@name",
        )
    })?;
    Ok(match parsed {
        SocketAddr::V4(address) => (AddressFamily::Inet, Address::V4(address.into())),
        SocketAddr::V6(address) => (AddressFamily::Inet6, Address::V6(address.into())),
    })
}
