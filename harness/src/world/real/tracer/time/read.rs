//! Calls that ask for the time.

use std::time::Duration;

use nix::errno::Errno;
use nix::time::{ClockId, clock_gettime};

use super::{as_timespec, as_timeval};
use crate::world::real::tracer::memory;
use crate::world::real::tracer::tracee::RawCall;
use crate::world::syscalls;

/// Them.
pub const NAMES: &[&str] = &["clock_gettime", "gettimeofday", "time"];

/// What the machine's clocks showed when the world was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bases {
    realtime: Duration,
    monotonic: Duration,
    boottime: Duration,
}

impl Bases {
    /// 2026-01-01 00:00:00 UTC, on a machine that runs since more than eleven days:
    /// what is written of the time is the same, whenever that is.
    pub const FIXED: Bases = Bases {
        realtime: Duration::from_secs(1_767_225_600),
        monotonic: Duration::from_secs(1_000_000),
        boottime: Duration::from_secs(1_000_000),
    };

    /// What they show now.
    pub fn now() -> Bases {
        let read = |id| clock_gettime(id).map_or(Duration::ZERO, Duration::from);
        Bases {
            realtime: read(ClockId::CLOCK_REALTIME),
            monotonic: read(ClockId::CLOCK_MONOTONIC),
            boottime: read(ClockId::CLOCK_BOOTTIME),
        }
    }

    /// What a clock showed, by its number (`clock_gettime(2)`); `None` for
    /// those that do not show the time but who has run how long.
    pub fn of(&self, clock: u64) -> Option<Duration> {
        match clock as i32 {
            libc::CLOCK_REALTIME
            | libc::CLOCK_REALTIME_COARSE
            | libc::CLOCK_REALTIME_ALARM
            | libc::CLOCK_TAI => Some(self.realtime),
            libc::CLOCK_MONOTONIC | libc::CLOCK_MONOTONIC_RAW | libc::CLOCK_MONOTONIC_COARSE => {
                Some(self.monotonic)
            }
            libc::CLOCK_BOOTTIME | libc::CLOCK_BOOTTIME_ALARM => Some(self.boottime),
            _ => None,
        }
    }
}

/// Answers a call that asks for the time; `None` if it is none of them.
pub fn answer(tid: i32, call: &RawCall, bases: &Bases, now: Duration) -> Option<Result<i64, i32>> {
    let [first, second, ..] = call.args;
    let put = |address, bytes: &[u8]| match memory::write(tid, address, bytes) {
        true => Ok(0),
        false => Err(Errno::EFAULT as i32),
    };
    Some(match syscalls::name(call.number)? {
        "clock_gettime" => put(second, &as_timespec(bases.of(first)? + now)),
        "gettimeofday" => {
            let given = match first {
                0 => Ok(0),
                _ => put(first, &as_timeval(bases.realtime + now)),
            };
            match second {
                0 => given,
                // A time zone: none.
                _ => given.and_then(|_| put(second, &[0; 8])),
            }
        }
        "time" => {
            let seconds = (bases.realtime + now).as_secs() as i64;
            match first {
                0 => Ok(seconds),
                _ => put(first, &seconds.to_ne_bytes()).map(|_| seconds),
            }
        }
        _ => return None,
    })
}
