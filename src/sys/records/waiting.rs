//! Of waiting for descriptors.

use std::os::fd::RawFd;

/// One descriptor of a `ppoll(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PollFd {
    /// The descriptor.
    pub fd: RawFd,
    /// Wait until it can be read (`POLLIN`).
    pub read: bool,
    /// Wait until it can be written (`POLLOUT`).
    pub write: bool,
}

/// What a descriptor is ready for (`poll(2)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PollEvents {
    /// `POLLIN`.
    pub readable: bool,
    /// `POLLOUT`.
    pub writable: bool,
    /// `POLLHUP`: the other end is closed.
    pub hung_up: bool,
    /// `POLLERR`, which the write end of a pipe without readers shows.
    pub error: bool,
    /// `POLLNVAL`: not open.
    pub invalid: bool,
}

impl PollEvents {
    /// Whether anything at all is to be said of the descriptor.
    pub fn any(self) -> bool {
        self != PollEvents::default()
    }
}
