//! TCP, which the table of calls does not have: a daemon's start needs none.
//!
//! Only how a listening socket is made is said here; accepting, sending, receiving and ending are
//! calls of the table.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::os::fd::IntoRawFd;

use daemonlab::sim::Sys;
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{SocketKind, UnixAddr};
use daemonlab::sys::{Credentials, Errno, Fd, Sockets, System};

/// A system that has TCP. The default is Linux.
pub trait Net: System {
    /// A socket that listens on `address`, close-on-exec and non-blocking, and
    /// the address that it has got: port 0 asks for any.
    ///
    /// # Errors
    /// As `bind(2)` and `listen(2)`.
    fn listen_tcp(&self, address: SocketAddr) -> Result<(Fd<Self>, SocketAddr), Errno> {
        let listening = TcpListener::bind(address).and_then(|socket| {
            socket.set_nonblocking(true)?;
            let address = socket.local_addr()?;
            Ok((socket, address))
        });
        let (socket, address) = listening.map_err(|error| errno_of(&error))?;
        Ok((Fd::from_raw(self, socket.into_raw_fd()), address))
    }
}

impl Net for Linux {}

/// Addresses are names of the abstract namespace here; the machine has its
/// loopback and nothing else.
impl Net for Sys {
    fn listen_tcp(&self, address: SocketAddr) -> Result<(Fd<Self>, SocketAddr), Errno> {
        let capable = self.capabilities()?.effective & 1 << BIND_SERVICE != 0;
        let socket = self.socket(SocketKind::Stream)?;
        if let Some(refusal) = refusal(address, capable) {
            // The attempt is a call all the same.
            let _ = self.bind(socket.raw(), simulated(address));
            return Err(refusal);
        }
        let ports = match address.port() {
            0 => EPHEMERAL_PORTS,
            port => port..=port,
        };
        for port in ports {
            let address = SocketAddr::new(address.ip(), port);
            match self.bind(socket.raw(), simulated(address)) {
                Err(Errno::EADDRINUSE) => {}
                bound => {
                    bound?;
                    self.listen(socket.raw(), 128)?;
                    return Ok((socket, address));
                }
            }
        }
        Err(Errno::EADDRINUSE)
    }
}

/// Why an address may not be bound, see `ip(7)`.
fn refusal(address: SocketAddr, capable: bool) -> Option<Errno> {
    if !address.ip().is_loopback() && !address.ip().is_unspecified() {
        return Some(Errno::EADDRNOTAVAIL);
    }
    let is_privileged = (1..FIRST_FREE_PORT).contains(&address.port());
    (is_privileged && !capable).then_some(Errno::EACCES)
}

/// `CAP_NET_BIND_SERVICE`.
const BIND_SERVICE: u32 = 10;

/// `net.ipv4.ip_unprivileged_port_start`.
const FIRST_FREE_PORT: u16 = 1024;

/// `net.ipv4.ip_local_port_range`.
const EPHEMERAL_PORTS: RangeInclusive<u16> = 32_768..=60_999;

/// What a TCP address is called on the simulated kernel.
pub fn simulated(address: SocketAddr) -> UnixAddr {
    UnixAddr::Abstract(format!("{SIMULATED_TCP}{address}").into_bytes())
}

/// What the names of simulated TCP addresses begin with.
pub const SIMULATED_TCP: &str = "tcp/";

fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}
