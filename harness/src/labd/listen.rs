//! The listening sockets.

use std::net::{SocketAddr, TcpListener};

/// A listening socket, by the address of the conf file.
pub struct Listening {
    /// As it was written, which is how an instance asks another for it: port 0
    /// stays 0.
    pub address: SocketAddr,
    /// Non-blocking.
    pub socket: TcpListener,
}

/// Binds `addresses` and listens.
///
/// # Errors
/// The first address that could not be had, and why.
pub fn bind_all(addresses: &[SocketAddr]) -> Result<Vec<Listening>, String> {
    addresses.iter().map(bind).collect()
}

fn bind(address: &SocketAddr) -> Result<Listening, String> {
    let listening = TcpListener::bind(address).and_then(|socket| {
        socket.set_nonblocking(true)?;
        log::info!("listening on {}", socket.local_addr()?);
        Ok(Listening {
            address: *address,
            socket,
        })
    });
    listening.map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// Listens on `addresses`: with the socket that is among `inherited`, or with
/// a new one. The others of `inherited` are closed.
///
/// # Errors
/// As [`bind_all`].
pub fn adopt(
    addresses: &[SocketAddr],
    mut inherited: Vec<Listening>,
) -> Result<Vec<Listening>, String> {
    let listening = addresses.iter().map(|address| {
        match inherited.iter().position(|other| other.address == *address) {
            Some(found) => Ok(inherited.swap_remove(found)),
            None => bind(address),
        }
    });
    let listening = listening.collect::<Result<_, _>>()?;
    for left in inherited {
        log::info!("{} is given up", left.address);
    }
    Ok(listening)
}
