//! Calls that wait until a time: how long, what makes them wait without one,
//! and what they give when it has come.

use std::time::Duration;

use nix::errno::Errno;

use super::read::Bases;
use super::{as_timespec, as_timeval, timespec, timeval};
use crate::world::real::tracer::memory;
use crate::world::real::tracer::tracee::RawCall;
use crate::world::syscalls;

/// Them.
#[rustfmt::skip]
pub const NAMES: &[&str] = &[
    "nanosleep", "clock_nanosleep", "poll", "ppoll", "select", "pselect6", "epoll_wait",
    "epoll_pwait", "epoll_pwait2", "rt_sigtimedwait", "futex", "futex_waitv", "semtimedop",
    "mq_timedsend", "mq_timedreceive", "io_getevents", "io_pgetevents",
];

/// Those that cannot be had in virtual time: the timeout of `recvmmsg` is
/// looked at only when something arrives, and a ring waits without a call.
pub const REFUSED: &[&str] = &["recvmmsg", "io_uring_setup"];

/// What makes a call wait without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another argument: its index from 0, and the value.
    Argument(usize, u64),
    /// It is `pause(2)` instead.
    Pause,
}

/// Where a call writes what is left of its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It does not.
    Nowhere,
    /// Here, if the handler of a signal has interrupted it.
    Interrupted(u64),
    /// Here, whatever has ended it.
    Timespec(u64),
    /// The same, as a `struct timeval`.
    Timeval(u64),
}

/// A wait with an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// When, by the world's time.
    pub until: Duration,
    /// What makes it wait without.
    pub change: Change,
    /// What it gives then: 0, or a negative errno.
    pub gives: i64,
    /// Where it writes what is left.
    pub left: Left,
    /// Whether it only looks, and does not wait at all.
    pub looks: bool,
    /// Its sets of descriptors, which are empty then.
    sets: Option<[u64; 4]>,
}

/// Whether the call waits for real, where nothing can be done about it.
pub fn is_refused(call: &RawCall) -> bool {
    match syscalls::name(call.number) {
        Some("recvmmsg") => call.args[4] != 0,
        Some("io_uring_setup") => true,
        _ => false,
    }
}

/// Whether it goes on after a handler with `SA_RESTART`, though it has an end:
/// that is a moment, and stays the same (`signal(7)`).
pub fn goes_on(number: i64) -> bool {
    let name = syscalls::name(number);
    matches!(name, Some("mq_timedsend" | "mq_timedreceive"))
}

/// How the call waits; `None` if it does not, or without end.
pub fn of(tid: i32, call: &RawCall, bases: &Bases, now: Duration) -> Option<Wait> {
    let args = &call.args;
    let millis = |value: u64| u64::try_from(value as i32).ok().map(Duration::from_millis);
    let after = |span: Option<Duration>| span.map(|span| now.saturating_add(span));
    let at =
        |clock: i32, time: Option<Duration>| Some(time?.saturating_sub(bases.of(clock as u64)?));
    let wait = |until: Option<Duration>, change| {
        Some(Wait {
            until: until?,
            change,
            gives: 0,
            left: Left::Nowhere,
            looks: until? == now,
            sets: None,
        })
    };
    let spec = |index: usize| timespec(tid, args[index]);
    let null = |index| Change::Argument(index, 0);
    let forever = |index| Change::Argument(index, u64::MAX);
    let sets = Some([args[0], args[1], args[2], args[3]]);
    match syscalls::name(call.number)? {
        "nanosleep" => Some(Wait {
            left: Left::Interrupted(args[1]),
            ..wait(after(spec(0)), Change::Pause)?
        }),
        "clock_nanosleep" if args[1] as i32 & libc::TIMER_ABSTIME != 0 => {
            wait(at(args[0] as i32, spec(2)), Change::Pause)
        }
        "clock_nanosleep" => bases.of(args[0]).and(Some(Wait {
            left: Left::Interrupted(args[3]),
            ..wait(after(spec(2)), Change::Pause)?
        })),
        "poll" => wait(after(millis(args[2])), forever(2)),
        "epoll_wait" | "epoll_pwait" => wait(after(millis(args[3])), forever(3)),
        "epoll_pwait2" => wait(after(spec(3)), null(3)),
        "ppoll" => Some(Wait {
            left: Left::Timespec(args[2]),
            ..wait(after(spec(2)), null(2))?
        }),
        "select" => Some(Wait {
            left: Left::Timeval(args[4]),
            sets,
            ..wait(after(timeval(tid, args[4])), null(4))?
        }),
        "pselect6" => Some(Wait {
            left: Left::Timespec(args[4]),
            sets,
            ..wait(after(spec(4)), null(4))?
        }),
        "rt_sigtimedwait" => Some(Wait {
            gives: -(Errno::EAGAIN as i64),
            ..wait(after(spec(2)), null(2))?
        }),
        "semtimedop" => Some(Wait {
            gives: -(Errno::EAGAIN as i64),
            ..wait(after(spec(3)), null(3))?
        }),
        "mq_timedsend" | "mq_timedreceive" => Some(Wait {
            gives: -(Errno::ETIMEDOUT as i64),
            ..wait(at(libc::CLOCK_REALTIME, spec(4)), null(4))?
        }),
        "io_getevents" | "io_pgetevents" => wait(after(spec(4)), null(4)),
        "futex" => Some(Wait {
            gives: -(Errno::ETIMEDOUT as i64),
            ..wait(futex(args[1] as i32, spec(3), after, at), null(3))?
        }),
        "futex_waitv" => Some(Wait {
            gives: -(Errno::ETIMEDOUT as i64),
            ..wait(at(args[4] as i32, spec(3)), null(3))?
        }),
        _ => None,
    }
}

/// Until when a futex is waited for (`futex(2)`). Only these operations take a
/// time; FUTEX_WAIT alone counts from now.
fn futex(
    operation: i32,
    time: Option<Duration>,
    after: impl Fn(Option<Duration>) -> Option<Duration>,
    at: impl Fn(i32, Option<Duration>) -> Option<Duration>,
) -> Option<Duration> {
    const LOCK_PI2: i32 = 13; // linux/futex.h
    let clock = match operation & libc::FUTEX_CLOCK_REALTIME {
        0 => libc::CLOCK_MONOTONIC,
        _ => libc::CLOCK_REALTIME,
    };
    match operation & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME) {
        libc::FUTEX_WAIT => after(time),
        libc::FUTEX_WAIT_BITSET | libc::FUTEX_WAIT_REQUEUE_PI | LOCK_PI2 => at(clock, time),
        libc::FUTEX_LOCK_PI => at(libc::CLOCK_REALTIME, time),
        _ => None,
    }
}

impl Wait {
    /// Writes what is left of its time now that it has ended, or is about to
    /// be made again.
    pub fn write_left(&self, tid: i32, now: Duration) {
        let left = self.until.saturating_sub(now);
        let _ = match self.left {
            Left::Timespec(address) => memory::write(tid, address, &as_timespec(left)),
            Left::Timeval(address) => memory::write(tid, address, &as_timeval(left)),
            Left::Nowhere | Left::Interrupted(_) => true,
        };
    }

    /// Writes what is left of its time now that a handler has interrupted it.
    pub fn write_rest(&self, tid: i32, now: Duration) {
        if let Left::Interrupted(address) = self.left
            && address != 0
        {
            let _ = memory::write(tid, address, &as_timespec(self.until.saturating_sub(now)));
        }
    }

    /// Empties its sets of descriptors: nothing was ready (`select(2)`).
    pub fn empty_sets(&self, tid: i32) {
        let Some([count, sets @ ..]) = self.sets else {
            return;
        };
        let bytes = (count as u32).min(1 << 20).div_ceil(64) as usize * 8;
        for set in sets.into_iter().filter(|set| *set != 0) {
            let _ = memory::write(tid, set, &vec![0; bytes]);
        }
    }
}
