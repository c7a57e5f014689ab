//! The namespaces that inits are born into besides their own: network, IPC and
//! UTS. A template is in those of the init that it has made last.

use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::failure::{At, Failure};
use super::stage::StageId;
use super::wire::message::Network;

/// Which ones a template is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surroundings {
    /// Those that it was started in.
    #[default]
    Foreign,
    /// Those that it has made for an init.
    Made,
}

impl Surroundings {
    /// Makes sure that the next init is born into namespaces as a world asks for
    /// them, and gives those that are to be made with it.
    ///
    /// # Errors
    /// The stage that failed.
    pub fn ready(&mut self, wanted: Network) -> Result<CloneFlags, Failure> {
        if wanted == Network::Kept && *self == Surroundings::Made {
            return Ok(CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS);
        }
        *self = Surroundings::Foreign;
        let flags = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS;
        unshare(flags).at(
            StageId::Processes,
            "make network, IPC and UTS namespaces for a world",
        )?;
        loopback_up().at(StageId::Mounts, "bring loopback up")?;
        *self = Surroundings::Made;
        Ok(CloneFlags::empty())
    }
}

/// Sets `IFF_UP` on `lo` (`netdevice(7)`), which also gives it its addresses.
fn loopback_up() -> Result<(), Errno> {
    let socket = socket(
        AddressFamily::Inet,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    // SAFETY: the record is plain data, for which zeroes are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the request is for this record, which outlives the call.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    Errno::result(done).map(drop)
}
