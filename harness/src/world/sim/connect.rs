//! Talking to a server as a client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use daemonlab::sys::Errno;
use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::records::{SocketKind, UnixAddr};

use super::world::SimWorld;
use super::{error, refusal};
use crate::labd::simulated;
use crate::world::WorldError;

/// The most bytes that are received, whatever is called enough.
const MOST: usize = 16 << 20;

/// How many bytes are received at a time.
const PIECE: usize = 16 * 1024;

impl SimWorld {
    pub(super) fn talk(
        &mut self,
        address: &str,
        data: &[u8],
        enough: usize,
        within: Duration,
    ) -> Result<Vec<u8>, WorldError> {
        let stage = format!("connect to {address}");
        let to = parse(address, &stage)?;
        self.settle()?;
        let came = self.connected(&stage, to, data, enough, within);
        self.rest()?;
        came
    }

    fn connected(
        &mut self,
        stage: &str,
        to: Vec<UnixAddr>,
        data: &[u8],
        enough: usize,
        within: Duration,
    ) -> Result<Vec<u8>, WorldError> {
        let kind = SocketKind::Stream;
        let fd = self
            .live
            .outside(&Call::Socket { kind })
            .map_err(|errno| error(stage, errno))?
            .fd();
        let came = self.converse(stage, fd, to, data, enough.min(MOST), within);
        let closed = self.live.outside(&Call::Close { fd });
        let came = came?;
        closed.map_err(|errno| error(stage, errno))?;
        Ok(came)
    }

    fn converse(
        &mut self,
        stage: &str,
        fd: i32,
        to: Vec<UnixAddr>,
        data: &[u8],
        enough: usize,
        within: Duration,
    ) -> Result<Vec<u8>, WorldError> {
        let until = self.live.machine().clock() + within;
        let mut addresses = to.into_iter().peekable();
        while let Some(address) = addresses.peek().cloned() {
            match self.live.outside(&Call::Connect { fd, address }) {
                Ok(_) => break,
                Err(Errno::ECONNREFUSED) if addresses.len() > 1 => {
                    addresses.next();
                }
                // The backlog is full.
                Err(Errno::EAGAIN) if self.go_on(until)? => {}
                Err(Errno::EAGAIN) => return Err(error(stage, Errno::ETIMEDOUT)),
                Err(errno) => return Err(error(stage, errno)),
            }
        }
        if !data.is_empty() {
            let (data, fds) = (data.to_vec(), Vec::new());
            let to = None;
            // What the peer said before it closed is still there to be read.
            let _ = self.live.outside(&Call::Send { fd, data, fds, to });
        }
        let mut came = Vec::new();
        while came.len() < enough {
            let receive = Call::Receive {
                fd,
                max_bytes: PIECE.min(enough - came.len()),
                max_fds: 0,
            };
            match self.live.outside(&receive).map(Ret::message) {
                Ok(message) if message.data.is_empty() => break,
                Ok(message) => came.extend(message.data),
                Err(Errno::ECONNRESET) => break,
                Err(Errno::EAGAIN) if self.go_on(until)? => {}
                Err(Errno::EAGAIN) => break,
                Err(errno) => return Err(error(stage, errno)),
            }
        }
        Ok(came)
    }
}

/// The sockets that an address may reach, the first that listens is meant: who
/// listens on every address has a name of its own.
fn parse(address: &str, stage: &str) -> Result<Vec<UnixAddr>, WorldError> {
    if let Some(path) = address.strip_prefix("unix:") {
        return Ok(vec![match path.strip_prefix('@') {
            Some(name) => UnixAddr::Abstract(name.as_bytes().to_vec()),
            None => UnixAddr::Path(path.into()),
        }]);
    }
    match address.parse::<SocketAddr>() {
        Ok(address) => {
            let every = match address {
                SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            };
            let every = SocketAddr::new(every, address.port());
            Ok(vec![simulated(address), simulated(every)])
        }
        Err(_) => Err(refusal(
            stage,
            format_args!("{address:?} is no address"),
            "write 127.0.0.1:80, [::1]:80, unix:/path or unix:@name",
        )),
    }
}
