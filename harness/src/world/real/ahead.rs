//! What takes the longest of a sandbox, and nothing that is asked of it changes:
//! its network, IPC and UTS namespaces. A template makes those of the next world
//! while the last one is at work.

use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::failure::{At, Failure};
use super::probe::StageId;
use super::wire::message::Network;

/// The namespaces that a template is in, which the init that it makes next is
/// born into.
#[derive(Debug, Default)]
pub struct Ahead {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// They are those that it was started in.
    #[default]
    Foreign,
    /// A world has them, or has had them.
    Given,
    /// Nobody has had them.
    Fresh,
}

impl Ahead {
    /// Makes sure that the next init is born into namespaces as a world asks for
    /// them, and gives those that are to be made with it.
    ///
    /// # Errors
    /// The stage that failed.
    pub fn ready(&mut self, wanted: Network) -> Result<CloneFlags, Failure> {
        let keeps = wanted == Network::Kept && self.state != State::Foreign;
        if !keeps && self.state != State::Fresh {
            self.make()?;
        }
        let before = std::mem::replace(&mut self.state, State::Given);
        Ok(match before {
            State::Fresh => CloneFlags::empty(),
            // Only the network is as it was.
            _ => CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS,
        })
    }

    /// Makes those of the next world. What fails is tried again, and told, when
    /// that world is asked for.
    pub fn make_ahead(&mut self) {
        if self.state == State::Given {
            let _ = self.make();
        }
    }

    fn make(&mut self) -> Result<(), Failure> {
        let flags = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS;
        unshare(flags).at(
            StageId::Processes,
            "make network, IPC and UTS namespaces for a world",
        )?;
        self.state = State::Given;
        loopback_up().at(StageId::Mounts, "bring loopback up")?;
        self.state = State::Fresh;
        Ok(())
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
