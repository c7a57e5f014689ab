//! The listening sockets.

use std::net::SocketAddr;

use daemonlab::sys::Fd;

use super::log::Log;
use super::net::Net;

/// A listening socket, by the address of the conf file.
pub struct Listening<S: Net> {
    /// As it was written, which is how an instance asks another for it: port 0
    /// stays 0.
    pub address: SocketAddr,
    /// Non-blocking.
    pub socket: Fd<S>,
}

/// Binds `addresses` and listens.
///
/// # Errors
/// The first address that could not be had, and why.
pub fn bind_all<S: Net>(
    sys: &S,
    log: &Log<S>,
    addresses: &[SocketAddr],
) -> Result<Vec<Listening<S>>, String> {
    addresses
        .iter()
        .map(|address| bind(sys, log, *address))
        .collect()
}

fn bind<S: Net>(sys: &S, log: &Log<S>, address: SocketAddr) -> Result<Listening<S>, String> {
    let (socket, got) = sys
        .listen_tcp(address)
        .map_err(|errno| format!("cannot listen on {address}: {errno}"))?;
    log.info(format_args!("listening on {got}"));
    Ok(Listening { address, socket })
}

/// Listens on `addresses`: with the socket that is among `inherited`, or with
/// a new one. The others of `inherited` are closed.
///
/// # Errors
/// As [`bind_all`].
pub fn adopt<S: Net>(
    sys: &S,
    log: &Log<S>,
    addresses: &[SocketAddr],
    mut inherited: Vec<Listening<S>>,
) -> Result<Vec<Listening<S>>, String> {
    let listening = addresses.iter().map(|address| {
        match inherited.iter().position(|other| other.address == *address) {
            Some(found) => Ok(inherited.swap_remove(found)),
            None => bind(sys, log, *address),
        }
    });
    let listening = listening.collect::<Result<_, _>>()?;
    for left in inherited {
        log.info(format_args!("{} is given up", left.address));
    }
    Ok(listening)
}
