//! Sending signals, masks, dispositions, waiting for one.
//!
//! libc and not nix, whose `Signal` ends at 31: a daemonizer resets the
//! real-time signals too.

use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::ptr;
use std::time::Duration;

use super::clock::timespec;
use crate::sys::records::{Disposition, KillTarget, MaskHow, SignalInfo};
use crate::sys::{Errno, Pid, Result, Signal, SignalSet};

pub(super) fn kill(target: KillTarget, signal: Option<Signal>) -> Result<()> {
    let target = match target {
        // To kill(2), 0, -1 and -PID are groups, or everybody there is. No
        // process has such a number, and kill(-1) is not group 1.
        KillTarget::Process(pid) if pid.as_raw() > 0 => pid.as_raw(),
        KillTarget::Group(group) if group.as_raw() > 1 => -group.as_raw(),
        KillTarget::Process(_) | KillTarget::Group(_) => return Err(Errno::ESRCH),
    };
    // SAFETY: two integers, no pointer.
    Errno::result(unsafe { libc::kill(target, number(signal)) }).map(drop)
}

pub(super) fn pidfd_send_signal(pidfd: RawFd, signal: Option<Signal>) -> Result<()> {
    let info = ptr::null::<libc::siginfo_t>();
    // SAFETY: a null siginfo asks the kernel to fill one in as kill(2) does.
    let sent =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, number(signal), info, 0) };
    Errno::result(sent).map(drop)
}

pub(super) fn mask(how: MaskHow, set: SignalSet) -> Result<SignalSet> {
    let how = match how {
        MaskHow::Block => libc::SIG_BLOCK,
        MaskHow::Unblock => libc::SIG_UNBLOCK,
        MaskHow::Set => libc::SIG_SETMASK,
    };
    let set = sigset(set);
    let mut before = MaybeUninit::uninit();
    // SAFETY: `set` lives through the call, and `before` is only written.
    match unsafe { libc::pthread_sigmask(how, &raw const set, before.as_mut_ptr()) } {
        // SAFETY: on success the old mask has been written.
        0 => Ok(signal_set(&unsafe { before.assume_init() })),
        errno => Err(Errno::from_raw(errno)),
    }
}

pub(super) fn action(signal: Signal, disposition: Disposition) -> Result<Disposition> {
    // SIGCANCEL and SIGSETXID of glibc (nptl(7)), and one more of musl.
    if (32..libc::SIGRTMIN()).contains(&signal.number()) {
        return reserved_action(signal, disposition);
    }
    let interrupt = interrupt as extern "C" fn(libc::c_int) as libc::sighandler_t;
    let handler = match disposition {
        Disposition::Default => libc::SIG_DFL,
        Disposition::Ignore => libc::SIG_IGN,
        Disposition::Interrupt => interrupt,
        // Another's handler is an answer, never a wish.
        Disposition::Foreign => return Err(Errno::EINVAL),
    };
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: an all-zero sigaction is a valid one (default action, no flags,
    // empty mask); both pointers are to locals; the handler that is installed
    // does nothing, so it may interrupt anything.
    let before = unsafe {
        (*action.as_mut_ptr()).sa_sigaction = handler;
        Errno::result(libc::sigaction(
            signal.number(),
            action.as_ptr(),
            before.as_mut_ptr(),
        ))?;
        before.assume_init().sa_sigaction
    };
    Ok(match before {
        libc::SIG_DFL => Disposition::Default,
        libc::SIG_IGN => Disposition::Ignore,
        handler if handler == interrupt => Disposition::Interrupt,
        _ => Disposition::Foreign,
    })
}

/// The kernel's own `struct sigaction`, which the C library's is not.
#[repr(C)]
struct KernelAction {
    handler: libc::sighandler_t,
    /// Flags, restorer and mask, in the order of the architecture.
    rest: [usize; 3],
}

/// A signal that the C library keeps to itself. What was inherited as ignored
/// can be reset past the library, which knows nothing of it; its own handlers, which it installs once, must stay.
fn reserved_action(signal: Signal, disposition: Disposition) -> Result<Disposition> {
    let size = size_of::<SignalSet>();
    let call = |new: *const KernelAction, old: *mut KernelAction| {
        // SAFETY: each pointer is null or to a local as large as the kernel's
        // structure; the action that is set has no handler.
        Errno::result(unsafe {
            libc::syscall(libc::SYS_rt_sigaction, signal.number(), new, old, size)
        })
    };
    let mut now = KernelAction {
        handler: 0,
        rest: [0; 3],
    };
    call(ptr::null(), &raw mut now)?;
    let now = match now.handler {
        libc::SIG_DFL => Disposition::Default,
        libc::SIG_IGN => Disposition::Ignore,
        _ => Disposition::Foreign,
    };
    match (now, disposition) {
        (Disposition::Default, Disposition::Default) => Ok(now),
        (Disposition::Ignore, Disposition::Default) => {
            let default = KernelAction {
                handler: libc::SIG_DFL,
                rest: [0; 3],
            };
            call(&raw const default, ptr::null_mut())?;
            Ok(now)
        }
        _ => Err(Errno::EINVAL),
    }
}

pub(super) fn pending() -> Result<SignalSet> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the set is only written, and read after success alone.
    unsafe {
        Errno::result(libc::sigpending(set.as_mut_ptr()))?;
        Ok(signal_set(&set.assume_init()))
    }
}

pub(super) fn timed_wait(set: SignalSet, timeout: Option<Duration>) -> Result<SignalInfo> {
    let set = sigset(set);
    let timeout = timeout.map(timespec);
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: set and timeout live through the call, or the timeout is null,
    // which waits for ever; an all-zero siginfo is a valid one, and `si_pid`
    // and `si_uid` are plain integers whatever was written over them.
    let (taken, pid, uid) = unsafe {
        let taken = libc::sigtimedwait(&raw const set, info.as_mut_ptr(), timeout);
        let taken = Errno::result(taken)?;
        let info = info.assume_init();
        (taken, info.si_pid(), info.si_uid())
    };
    Ok(SignalInfo {
        signal: Signal::new(taken).expect("the kernel counts signals from 1 to 64"),
        pid: Pid::from_raw(pid),
        uid,
    })
}

pub(super) fn signalfd(set: SignalSet) -> Result<RawFd> {
    let set = sigset(set);
    // SAFETY: the set lives through the call; -1 asks for a new descriptor.
    Errno::result(unsafe {
        libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
    })
}

/// The set as the C library has it, less the signals that it keeps to itself.
pub(super) fn sigset(signals: SignalSet) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: `sigemptyset` initializes the set, and `sigaddset` refuses the
    // numbers that it does not like.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals.iter() {
            libc::sigaddset(set.as_mut_ptr(), signal.number());
        }
        set.assume_init()
    }
}

fn signal_set(set: &libc::sigset_t) -> SignalSet {
    Signal::all()
        // SAFETY: an initialized set and a number between 1 and 64.
        .filter(|signal| unsafe { libc::sigismember(set, signal.number()) } == 1)
        .collect()
}

fn number(signal: Option<Signal>) -> libc::c_int {
    signal.map_or(0, Signal::number)
}

/// The handler of [`Disposition::Interrupt`].
extern "C" fn interrupt(_signal: libc::c_int) {}
