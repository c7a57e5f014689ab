//! The one way to wait.

use std::ptr;
use std::time::Duration;

use super::clock::timespec;
use super::signals::sigset;
use crate::sys::records::{PollEvents, PollFd};
use crate::sys::{Errno, Result, SignalSet};

pub(super) fn poll(
    fds: &[PollFd],
    timeout: Option<Duration>,
    mask: Option<SignalSet>,
) -> Result<Vec<PollEvents>> {
    let mut polled: Vec<libc::pollfd> = fds.iter().map(wish).collect();
    let count = polled.len() as libc::nfds_t;
    let timeout = timeout.map(timespec);
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let mask = mask.map(sigset);
    let mask = mask.as_ref().map_or(ptr::null(), ptr::from_ref);
    // libc and not nix, which takes descriptors that are known to be open: a
    // closed one has an answer of its own here.
    // SAFETY: `polled` has `count` entries; time and mask live through the
    // call, or are null, which means for ever and unchanged.
    Errno::result(unsafe { libc::ppoll(polled.as_mut_ptr(), count, timeout, mask) })?;
    Ok(polled.iter().map(found).collect())
}

fn wish(poll: &PollFd) -> libc::pollfd {
    let read = if poll.read { libc::POLLIN } else { 0 };
    let write = if poll.write { libc::POLLOUT } else { 0 };
    libc::pollfd {
        fd: poll.fd,
        events: read | write,
        revents: 0,
    }
}

fn found(polled: &libc::pollfd) -> PollEvents {
    let has = |event| polled.revents & event != 0;
    PollEvents {
        readable: has(libc::POLLIN),
        writable: has(libc::POLLOUT),
        hung_up: has(libc::POLLHUP),
        error: has(libc::POLLERR),
        invalid: has(libc::POLLNVAL),
    }
}
