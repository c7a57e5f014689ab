//! What init does to itself before anything else.

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::{Mode, umask};
use nix::unistd::setsid;

use crate::world::real::failure::{At, Failure};
use crate::world::real::kernel::null_streams;
use crate::world::real::stage::StageId;

/// What init is from then on.
#[derive(Debug)]
pub(super) struct Prepared {
    /// What there is to reap or to trace is heard from it.
    pub(super) signals: SignalFd,
    /// How late timers may be for its children, in nanoseconds.
    pub(super) slack: u64,
}

/// Becomes the init of a world.
pub(super) fn prepare() -> Result<Prepared, Failure> {
    let what = "become the init of a world";
    let at = |errno: Errno| Failure::new(StageId::Processes, what, errno);
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(at)?;
    prctl::set_name(c"daemonlab-init").map_err(at)?;
    forget_keys();
    null_streams().at(StageId::Processes, what)?;
    // Signals of the harness's terminal are not for init. The leader of a
    // group cannot have a session of its own, but needs none.
    let _ = setsid();
    umask(Mode::from_bits_truncate(0o022));
    // The template ignores it, and then there would be nothing to reap.
    // SAFETY: the default disposition runs no code of this process.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }.map_err(at)?;
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&mask), None).map_err(at)?;
    // It naps for microseconds at a time while it waits for somebody to fall asleep.
    let slack = prctl::get_timerslack().map_err(at)?;
    prctl::set_timerslack(1).map_err(at)?;
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    let signals = SignalFd::with_flags(&mask, flags).map_err(at)?;
    Ok(Prepared {
        signals,
        slack: slack as u64,
    })
}

/// Takes a session keyring of its own, as an empty login does: keys of who
/// started the harness are not for the sandbox (`session-keyring(7)`). A kernel
/// without keys has none to forget.
fn forget_keys() {
    const JOIN_SESSION_KEYRING: libc::c_int = 1; // linux/keyctl.h
    let name: *const libc::c_char = std::ptr::null();
    // SAFETY: without a name it takes nothing of this process's memory.
    unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, name) };
}
