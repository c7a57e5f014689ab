//! Processes: fork, exit, wait, sessions.

use std::os::fd::RawFd;

use super::call::{Call, Ret};
use super::records::{WaitFor, WaitMode, Waited};
use super::{Fd, Kernel, Pid, Result};

/// Which side of a fork one is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forked {
    /// The process that called, with the PID of its new child.
    Parent(Pid),
    /// The new process.
    Child,
}

/// Processes and sessions (`fork(2)`, `wait(2)`, `setsid(2)`, `prctl(2)`).
pub trait Process: Kernel {
    /// Makes a copy of the calling process with its calling thread only;
    /// returns twice.
    ///
    /// # Errors
    /// EAGAIN, ENOMEM.
    fn fork(&self) -> Result<Forked> {
        let pid = self.call(Call::Fork).map(Ret::pid)?;
        Ok(if pid.as_raw() == 0 {
            Forked::Child
        } else {
            Forked::Parent(pid)
        })
    }

    /// Ends the calling process at once, with no handler and no buffer
    /// flushed (`_exit(2)`). `status` is cut to its low eight bits.
    fn exit(&self, status: i32) -> ! {
        let answer = self.call(Call::Exit { status });
        unreachable!("a backend returned from _exit with {answer:?}")
    }

    /// Waits for a child to end; `None` if none has and `mode` is
    /// [`WaitMode::NoHang`].
    ///
    /// # Errors
    /// ECHILD, EINTR.
    fn wait(&self, target: WaitFor, mode: WaitMode) -> Result<Option<Waited>> {
        self.call(Call::Wait { target, mode }).map(Ret::waited)
    }

    /// The caller's PID.
    fn getpid(&self) -> Result<Pid> {
        self.call(Call::GetPid).map(Ret::pid)
    }

    /// The parent's PID; 0 where it is outside the PID namespace.
    fn getppid(&self) -> Result<Pid> {
        self.call(Call::GetPpid).map(Ret::pid)
    }

    /// Makes the caller the leader of a new session and a new process group
    /// without a controlling terminal; gives the session's id.
    ///
    /// # Errors
    /// EPERM where the caller leads a process group already.
    fn setsid(&self) -> Result<Pid> {
        self.call(Call::SetSid).map(Ret::pid)
    }

    /// The session of `pid`, or of the caller for `None`.
    ///
    /// # Errors
    /// ESRCH, EPERM.
    fn getsid(&self, pid: Option<Pid>) -> Result<Pid> {
        self.call(Call::GetSid { pid }).map(Ret::pid)
    }

    /// The process group of `pid`, or of the caller for `None`.
    ///
    /// # Errors
    /// ESRCH, EPERM.
    fn getpgid(&self, pid: Option<Pid>) -> Result<Pid> {
        self.call(Call::GetPgid { pid }).map(Ret::pid)
    }

    /// Makes the caller the one that orphaned descendants are given to, or no
    /// longer (`PR_SET_CHILD_SUBREAPER`).
    ///
    /// # Errors
    /// EINVAL before Linux 3.4.
    fn set_child_subreaper(&self, on: bool) -> Result<()> {
        self.call(Call::SetChildSubreaper { on }).map(Ret::unit)
    }

    /// A descriptor that stands for the process `pid` and never for another
    /// that gets its number later (`pidfd_open(2)`); close-on-exec.
    ///
    /// # Errors
    /// ESRCH, EMFILE; ENOSYS before Linux 5.3.
    fn pidfd_open(&self, pid: Pid) -> Result<Fd<Self>> {
        let raw: RawFd = self.call(Call::PidfdOpen { pid }).map(Ret::fd)?;
        Ok(Fd::from_raw(self, raw))
    }

    /// How many threads the calling process has (`/proc/self/task`).
    ///
    /// # Errors
    /// ENOENT where `/proc` is not mounted.
    fn count_threads(&self) -> Result<usize> {
        self.call(Call::CountThreads).map(Ret::size)
    }
}

impl<K: Kernel> Process for K {}
