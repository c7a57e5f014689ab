//! Clone into new namespaces, and pidfds.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;
use nix::unistd::Pid;

/// Which side of a clone this is.
#[derive(Debug)]
pub enum Cloned {
    /// The caller, with the new process.
    Parent(Pidfd),
    /// The new process.
    Child,
}

/// Makes a process as `fork(2)` does, in the new namespaces that `flags` name
/// (`clone(2)`). With `CLONE_PARENT` it becomes the caller's sibling.
///
/// # Safety
/// As `fork(2)`: the caller must have one thread only. glibc does not know of
/// the new process: its cache of the thread id is the parent's until it forks
/// itself, which nothing here asks for.
pub unsafe fn clone_into(flags: CloneFlags) -> Result<Cloned, Errno> {
    let mut pidfd: RawFd = -1;
    // CLONE_PARENT takes the exit signal from the caller.
    let signal = if flags.contains(CloneFlags::CLONE_PARENT) {
        0
    } else {
        libc::SIGCHLD
    };
    let flags = flags.bits() | libc::CLONE_PIDFD | signal;
    // SAFETY: without CLONE_VM and with no stack given, the new process goes on
    // with a copy of this one's memory, as after fork. The third argument is
    // where the pidfd goes; those after it are unused and zero, so that their
    // order, which differs between machines, does not matter.
    let pid = unsafe {
        libc::syscall(
            libc::SYS_clone,
            libc::c_ulong::from(flags as u32),
            0usize,
            &raw mut pidfd,
            0usize,
            0usize,
        )
    };
    match Errno::result(pid)? {
        0 => Ok(Cloned::Child),
        // SAFETY: the kernel has just made this descriptor, and nobody else has it.
        _ => Ok(Cloned::Parent(Pidfd(unsafe {
            OwnedFd::from_raw_fd(pidfd)
        }))),
    }
}

/// A process by descriptor, which no other process can come to stand for.
#[derive(Debug)]
pub struct Pidfd(OwnedFd);

impl Pidfd {
    /// The process that has this PID now (`pidfd_open(2)`).
    pub fn open(pid: Pid) -> Result<Pidfd, Errno> {
        // SAFETY: numbers only.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
        let fd = Errno::result(fd)?;
        // SAFETY: the kernel has just made this descriptor, and nobody else has it.
        Ok(Pidfd(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }))
    }

    /// Kills it by SIGKILL; one that has ended already is no error.
    pub fn kill(&self) -> Result<(), Errno> {
        let info: *const libc::siginfo_t = std::ptr::null();
        // SAFETY: without a record the kernel fills in that of `kill(2)`.
        let done = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.0.as_raw_fd(),
                libc::SIGKILL,
                info,
                0,
            )
        };
        match Errno::result(done) {
            Ok(_) | Err(Errno::ESRCH) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// Waits until it has ended, which for an init means that everything in
    /// its PID namespace has; gives whether it did within `at_most`.
    pub fn wait(&self, at_most: Duration) -> bool {
        let timeout = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        loop {
            let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout) {
                Ok(0) => return false,
                Ok(_) => return true,
                Err(Errno::EINTR) => {}
                Err(_) => return false,
            }
        }
    }
}

impl From<OwnedFd> for Pidfd {
    fn from(fd: OwnedFd) -> Pidfd {
        Pidfd(fd)
    }
}

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Ends this process with nothing run at its end: in a forked child, what
/// `atexit(3)` and destructors would do is the parent's.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: it does not return, and takes a number.
    unsafe { libc::_exit(status) }
}
