//! Keeping descriptors from those who must not have them.

use std::fs::OpenOptions;
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout};

/// Closes every descriptor from `first` on (`close_range(2)`, 5.9 and newer).
///
/// # Safety
/// Nothing may still own one of them.
pub unsafe fn close_all_from(first: RawFd) -> Result<(), Errno> {
    let first = libc::c_uint::try_from(first).map_err(|_| Errno::EBADF)?;
    // SAFETY: that nobody owns them is the caller's promise.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) };
    Errno::result(done).map(drop)
}

/// Puts `/dev/null` on descriptors 0, 1 and 2.
pub fn null_streams() -> std::io::Result<()> {
    let null = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    Ok(())
}
