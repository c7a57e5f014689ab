//! What the kernel says of a traced thread, by `waitid(2)`: why it has
//! stopped, or that it has ended.

use std::mem::MaybeUninit;
use std::time::Duration;

use libc::{c_int, siginfo_t};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::time::TimeSpec;

use super::tracee::Running;
use crate::world::event::End;

/// Why a thread has stopped (`ptrace(2)`, "Stopped states").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The filter has stopped a call.
    Call,
    /// The call that was gone through is over.
    CallOver,
    /// It has made a process, or a thread.
    Forked,
    /// It has executed a program.
    Executed,
    /// It is about to end; its files are still open, and nobody was told.
    Exiting,
    /// A signal is about to be delivered.
    Signal,
    /// Job control has stopped it by this signal.
    JobControl(i32),
    /// It is new, was interrupted, or has been continued.
    Trap,
}

impl Reason {
    /// Reads `si_status` of a stop: the signal, and above it the event.
    pub fn of(status: c_int) -> Reason {
        let (signal, event) = (status & 0xff, status >> 8);
        match event {
            libc::PTRACE_EVENT_SECCOMP => Reason::Call,
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
                Reason::Forked
            }
            libc::PTRACE_EVENT_EXEC => Reason::Executed,
            libc::PTRACE_EVENT_EXIT => Reason::Exiting,
            libc::PTRACE_EVENT_STOP if signal != libc::SIGTRAP => Reason::JobControl(signal),
            0 if signal == libc::SIGTRAP | 0x80 => Reason::CallOver,
            0 => Reason::Signal,
            _ => Reason::Trap,
        }
    }
}

/// Takes the next stop there is, of any thread.
pub fn next_stop() -> Option<(i32, Reason)> {
    loop {
        let (pid, code, status) = wait(libc::P_ALL, 0, libc::WSTOPPED | libc::WNOHANG)?;
        // Other stops are of children that nobody traces.
        if code == libc::CLD_TRAPPED {
            return Some((pid, Reason::of(status)));
        }
    }
}

/// What became of a thread next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It has stopped.
    Stopped(Reason),
    /// It has ended.
    Ended(End),
}

impl Next {
    /// Reads `si_code` and `si_status`.
    fn of(code: c_int, status: c_int) -> Next {
        match code {
            libc::CLD_EXITED => Next::Ended(End::Exit(status)),
            libc::CLD_KILLED | libc::CLD_DUMPED => Next::Ended(End::Signal(status)),
            _ => Next::Stopped(Reason::of(status)),
        }
    }
}

/// Waits for what becomes of one thread, and takes it; nothing, if it is
/// nobody's child.
pub fn next_of(tid: i32) -> Option<Next> {
    let (_, code, status) = wait(libc::P_PID, tid, libc::WEXITED | libc::WSTOPPED)?;
    Some(Next::of(code, status))
}

/// Waits for the end of a child that was killed, and takes it.
pub fn bury(pid: i32) {
    let flags = libc::WEXITED | libc::WSTOPPED;
    while let Some((_, code, _)) = wait(libc::P_PID, pid, flags) {
        match code {
            libc::CLD_TRAPPED => drop(Running::attached(pid).stopped().go_on(None)),
            libc::CLD_STOPPED => {}
            _ => return,
        }
    }
}

/// Sees what there is of any thread, and leaves it to be taken. The kernel
/// tells a tracer of stops even where only ends are asked for.
pub fn peek() -> Option<(i32, Next)> {
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    let (pid, code, status) = wait(libc::P_ALL, 0, flags)?;
    Some((pid, Next::of(code, status)))
}

/// Sees whether this thread has ended, and leaves its end to be taken.
pub fn has_ended(tid: i32) -> Option<End> {
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    let (_, code, status) = wait(libc::P_PID, tid, flags)?;
    match Next::of(code, status) {
        Next::Ended(end) => Some(end),
        Next::Stopped(_) => None,
    }
}

/// Sees whether this thread has stopped, and leaves its stop to be taken.
pub fn is_stopped(tid: i32) -> bool {
    let flags = libc::WSTOPPED | libc::WNOHANG | libc::WNOWAIT;
    wait(libc::P_PID, tid, flags).is_some()
}

/// Whether init has no child any more. Who loses its parent becomes one, so there
/// is nobody else in its PID namespace then (`pid_namespaces(7)`).
pub fn nobody_is_left() -> bool {
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    let mut info = MaybeUninit::<siginfo_t>::zeroed();
    // SAFETY: the record outlives the call, which fills it in.
    let looked = unsafe { libc::waitid(libc::P_ALL, 0, info.as_mut_ptr(), flags) };
    Errno::result(looked) == Err(Errno::ECHILD)
}

/// Takes the end of a thread that was seen: whose child it is learns of it
/// now. Gives whether it was there.
pub fn take_end(tid: i32) -> bool {
    wait(libc::P_PID, tid, libc::WEXITED | libc::WNOHANG).is_some()
}

/// Sleeps until something has stopped or ended, or for so long. It takes the
/// signal that tells so, and may end at once if that is an earlier one's.
pub fn nap(at_most: Duration) {
    let mut told = SigSet::empty();
    told.add(Signal::SIGCHLD);
    let at_most = TimeSpec::from(at_most);
    let info: *mut siginfo_t = std::ptr::null_mut();
    // SAFETY: the set and the time outlive the call, which only reads them; no
    // record of the signal is asked for.
    unsafe { libc::sigtimedwait(told.as_ref(), info, at_most.as_ref()) };
}

fn wait(kind: libc::idtype_t, id: i32, flags: c_int) -> Option<(i32, c_int, c_int)> {
    loop {
        let mut info = MaybeUninit::<siginfo_t>::zeroed();
        // SAFETY: the record outlives the call, which fills it in.
        let done = unsafe {
            libc::waitid(
                kind,
                id as libc::id_t,
                info.as_mut_ptr(),
                flags | libc::__WALL,
            )
        };
        match Errno::result(done) {
            Err(Errno::EINTR) => {}
            Err(_) => return None,
            Ok(_) => {
                // SAFETY: it was zeroed, which is a value of it, and the
                // kernel may have filled it in.
                let info = unsafe { info.assume_init() };
                // SAFETY: after a wait it is that of SIGCHLD, or zero.
                let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
                return (pid != 0).then_some((pid, info.si_code, status));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(libc::SIGTRAP | libc::PTRACE_EVENT_SECCOMP << 8, Reason::Call)]
    #[case(libc::SIGTRAP | libc::PTRACE_EVENT_VFORK << 8, Reason::Forked)]
    #[case(libc::SIGTRAP | libc::PTRACE_EVENT_EXIT << 8, Reason::Exiting)]
    #[case(libc::SIGTRAP | libc::PTRACE_EVENT_STOP << 8, Reason::Trap)]
    #[case(libc::SIGTSTP | libc::PTRACE_EVENT_STOP << 8, Reason::JobControl(libc::SIGTSTP))]
    #[case(libc::SIGTRAP | 0x80, Reason::CallOver)]
    #[case(libc::SIGTRAP, Reason::Signal)]
    #[case(libc::SIGSTOP, Reason::Signal)]
    fn a_status_has_one_reason(#[case] status: c_int, #[case] reason: Reason) {
        assert_eq!(Reason::of(status), reason);
    }
}
