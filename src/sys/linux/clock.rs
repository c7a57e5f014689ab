//! The clock, and times as the kernel wants them.

use std::time::Duration;

use nix::time::ClockId;

use crate::sys::Result;

pub(super) fn now() -> Result<Duration> {
    nix::time::clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from)
}

/// A time that is longer than the kernel can count waits as long as it can.
pub(super) fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}
