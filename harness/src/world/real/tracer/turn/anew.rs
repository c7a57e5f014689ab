//! Waits that the kernel ends for a signal that means nothing to the process.
//!
//! To a thread that is traced the kernel sends ignored signals as well, a SIGCHLD
//! that nobody handles above all, so that the tracer sees them (`sig_ignored` in
//! kernel/signal.c). For most calls that makes no difference: they are made again
//! by themselves. Some give EINTR whatever the signal (`signal(7)`, "Interruption
//! of system calls and library functions by stop signals"), which without a tracer
//! would not have happened. So those are made again as well, unless a handler runs.

use std::time::Duration;

use nix::errno::Errno;

use crate::world::real::tracer::memory;
use crate::world::real::tracer::pending::is_signalled;
use crate::world::real::tracer::tracee::{RawCall, Stopped};
use crate::world::syscalls;

/// What a call gives to be made again by the kernel if no handler runs, and to
/// fail with EINTR if one does (`linux/errno.h`, ERESTARTNOHAND).
const NO_HANDLER: i32 = 514;

/// Where below a stack there is room that nobody uses: past the red zone (System V
/// ABI, 3.2.2).
const ROOM: u64 = 512;

/// How a call says for how long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    /// It does not.
    None,
    /// In milliseconds, in this argument; without end below zero.
    Millis(usize),
    /// By the record at this argument, if there is one.
    Timespec(usize),
}

/// Nothing for calls that go on by themselves.
fn limit(number: i64) -> Option<Limit> {
    match syscalls::name(number)? {
        "rt_sigtimedwait" => Some(Limit::Timespec(2)),
        "epoll_wait" | "epoll_pwait" => Some(Limit::Millis(3)),
        "epoll_pwait2" | "semtimedop" => Some(Limit::Timespec(3)),
        "semop" => Some(Limit::None),
        _ => None,
    }
}

/// A call is over with this result: what it is to give instead.
pub(super) fn instead(
    stopped: &mut Stopped,
    number: i64,
    result: Result<i64, i32>,
) -> Result<i64, i32> {
    let ended = result == Err(Errno::EINTR as i32) && limit(number).is_some();
    // Only then does the kernel look what it gives before the caller does.
    if ended && is_signalled(stopped.tid()) && stopped.set_result(-i64::from(NO_HANDLER)).is_ok() {
        return Err(NO_HANDLER);
    }
    result
}

/// Takes what it has waited already from a call that is made again. Gives the
/// argument that was changed, and what it was.
pub(super) fn shorten(
    stopped: &mut Stopped,
    call: &RawCall,
    waited: Duration,
) -> Option<(usize, u64)> {
    let (index, value) = match limit(call.number)? {
        Limit::None => return None,
        Limit::Millis(index) => {
            let whole = u64::try_from(call.args[index] as i32).ok()?;
            let left = Duration::from_millis(whole).saturating_sub(waited);
            // Rounded up, as the kernel does.
            (index, left.as_micros().div_ceil(1000) as u64)
        }
        Limit::Timespec(index) => {
            let tid = stopped.tid();
            let at = call.args[index];
            let (seconds, nanos) = (
                memory::word(tid, at)?,
                memory::word(tid, at.checked_add(8)?)?,
            );
            let whole = Duration::new(seconds, u32::try_from(nanos).ok()?);
            let left = whole.saturating_sub(waited);
            let room = stopped.stack_pointer().ok()?.checked_sub(ROOM)? & !15;
            let mut record = left.as_secs().to_ne_bytes().to_vec();
            record.extend(u64::from(left.subsec_nanos()).to_ne_bytes());
            if !memory::write(tid, room, &record) {
                return None;
            }
            (index, room)
        }
    };
    let former = call.args[index];
    stopped.set_argument(index, value).ok()?;
    Some((index, former))
}
