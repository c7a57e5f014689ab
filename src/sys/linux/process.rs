//! fork, exit, wait, sessions' kin.

use std::os::fd::RawFd;

use nix::unistd::ForkResult;

use super::descriptors::io_errno;
use crate::sys::records::{Ended, WaitFor, WaitMode, Waited};
use crate::sys::{Errno, Pid, Result, Signal};

pub(super) fn fork() -> Result<Pid> {
    // SAFETY: what the child of a threaded process may do is the caller's
    // contract, which the docs of `Linux` state; nothing happens here between
    // the fork and the return on either side.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => Ok(Pid::from_raw(0)),
    }
}

pub(super) fn exit(status: i32) -> ! {
    // SAFETY: `_exit` runs no handler and touches no memory of ours.
    unsafe { libc::_exit(status) }
}

pub(super) fn wait(target: WaitFor, mode: WaitMode) -> Result<Option<Waited>> {
    let target = match target {
        WaitFor::Any => -1,
        // 0 and below would mean a process group, which nobody asked for.
        WaitFor::Pid(pid) if pid.as_raw() <= 0 => return Err(Errno::ECHILD),
        WaitFor::Pid(pid) => pid.as_raw(),
    };
    let options = match mode {
        WaitMode::Block => 0,
        WaitMode::NoHang => libc::WNOHANG,
    };
    loop {
        let mut status = 0;
        // nix's waitpid answers EINVAL for a child that a real-time signal
        // killed, after having reaped it.
        // SAFETY: the only pointer is to a local integer.
        let pid = Errno::result(unsafe { libc::waitpid(target, &raw mut status, options) })?;
        if pid == 0 {
            return Ok(None);
        }
        let end = if libc::WIFEXITED(status) {
            Ended::Exited(libc::WEXITSTATUS(status))
        } else if libc::WIFSIGNALED(status) {
            let number = libc::WTERMSIG(status);
            Ended::Killed(Signal::new(number).expect("the kernel counts signals from 1 to 64"))
        } else {
            // A stop, which only the tracer of the child is told of.
            continue;
        };
        let pid = Pid::from_raw(pid);
        return Ok(Some(Waited { pid, end }));
    }
}

pub(super) fn set_child_subreaper(on: bool) -> Result<()> {
    // SAFETY: this option takes an integer and no pointer.
    let done = unsafe {
        libc::prctl(
            libc::PR_SET_CHILD_SUBREAPER,
            libc::c_ulong::from(on),
            0,
            0,
            0,
        )
    };
    Errno::result(done).map(drop)
}

pub(super) fn pidfd_open(pid: Pid) -> Result<RawFd> {
    // SAFETY: two integers, no pointer.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    Errno::result(fd).map(|fd| fd as RawFd)
}

pub(super) fn count_threads() -> Result<usize> {
    let tasks = std::fs::read_dir("/proc/self/task").map_err(io_errno)?;
    Ok(tasks.count())
}
