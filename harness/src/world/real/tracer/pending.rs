//! Which signals wait for a stopped thread (`ptrace(2)`, `PTRACE_PEEKSIGINFO`).

use std::cell::OnceCell;
use std::mem::MaybeUninit;

use libc::siginfo_t;

use super::tracee::ask;

/// Whether a signal waits for a stopped thread, or for its process, that it
/// does not block. One that came when no more could be queued is not seen
/// (`RLIMIT_SIGPENDING`).
pub(super) fn is_signalled(tid: i32) -> bool {
    const SHARED: u32 = 1; // PTRACE_PEEKSIGINFO_SHARED, linux/ptrace.h
    // Nearly always there is none, and nobody asks which are blocked.
    let mask = OnceCell::new();
    let waits = |signal: i32| {
        let blocked = mask.get_or_init(|| blocked(tid));
        blocked.is_some_and(|blocked| blocked & 1 << (signal - 1) == 0)
    };
    [0, SHARED].into_iter().any(|queue| {
        (0..)
            .map_while(|place| queued(tid, queue, place))
            .any(waits)
    })
}

/// The signals that a stopped thread blocks.
fn blocked(tid: i32) -> Option<u64> {
    let mut blocked = 0_u64;
    let mask = &raw mut blocked as usize;
    ask(libc::PTRACE_GETSIGMASK, tid, size_of::<u64>(), mask).ok()?;
    Some(blocked)
}

/// The signal at this place of a queue of a stopped thread.
fn queued(tid: i32, queue: u32, place: u64) -> Option<i32> {
    let which = libc::ptrace_peeksiginfo_args {
        off: place,
        flags: queue,
        nr: 1,
    };
    let mut info = MaybeUninit::<siginfo_t>::zeroed();
    let (address, data) = (&raw const which as usize, info.as_mut_ptr() as usize);
    match ask(libc::PTRACE_PEEKSIGINFO, tid, address, data) {
        // SAFETY: it was zeroed, which is a value of it, and the kernel has
        // filled it in.
        Ok(1) => Some(unsafe { info.assume_init() }.si_signo),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::super::Running;
    use super::super::stop::{Next, bury, next_of};
    use super::*;

    /// A process of its own, stopped.
    fn stopped() -> (Child, i32) {
        let child = Command::new("sleep").arg("1000").spawn().unwrap();
        let pid = child.id() as i32;
        let running = Running::seize(pid).unwrap();
        running.interrupt().unwrap();
        assert!(matches!(next_of(pid), Some(Next::Stopped(_))));
        (child, pid)
    }

    fn end(mut child: Child) {
        child.kill().unwrap();
        bury(child.id() as i32);
        // It was taken already.
        let _ = child.wait();
    }

    #[test]
    fn a_signal_for_the_process_or_the_thread_waits() {
        let (child, pid) = stopped();
        assert!(!is_signalled(pid));
        kill(Pid::from_raw(pid), Signal::SIGUSR1).unwrap();
        assert!(is_signalled(pid));
        end(child);
        let (child, pid) = stopped();
        // SAFETY: numbers only.
        let _ = unsafe { libc::syscall(libc::SYS_tgkill, pid, pid, libc::SIGUSR1) };
        assert!(is_signalled(pid));
        end(child);
    }

    #[test]
    fn one_that_is_blocked_does_not() {
        let (child, pid) = stopped();
        let blocked = 1_u64 << (libc::SIGUSR1 - 1);
        let mask = &raw const blocked as usize;
        ask(libc::PTRACE_SETSIGMASK, pid, size_of::<u64>(), mask).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGUSR1).unwrap();
        assert!(!is_signalled(pid));
        kill(Pid::from_raw(pid), Signal::SIGUSR2).unwrap();
        assert!(is_signalled(pid));
        end(child);
    }

    #[test]
    fn for_one_that_is_not_stopped_none_is_seen() {
        assert!(!is_signalled(std::process::id() as i32));
    }
}
