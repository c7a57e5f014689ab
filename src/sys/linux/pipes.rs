//! Pipes.

use std::os::fd::{IntoRawFd, RawFd};

use nix::fcntl::OFlag;

use crate::sys::Result;

pub(super) fn pipe() -> Result<(RawFd, RawFd)> {
    let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    Ok((read.into_raw_fd(), write.into_raw_fd()))
}
