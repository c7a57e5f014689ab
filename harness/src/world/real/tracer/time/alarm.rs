//! The timer of a process that ends in SIGALRM: `alarm(2)`, and `setitimer(2)`
//! with `ITIMER_REAL`. The other two count who has run how long.

use std::time::Duration;

use nix::errno::Errno;

use super::{as_timeval, timeval};
use crate::world::real::tracer::memory;
use crate::world::real::tracer::tracee::RawCall;
use crate::world::syscalls;

/// The calls for it.
pub const NAMES: &[&str] = &["alarm", "setitimer", "getitimer"];

/// One that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alarm {
    /// When it ends.
    pub at: Duration,
    /// After which time it ends again; zero: never.
    pub interval: Duration,
}

/// Answers such a call; `None` if it is none of them.
pub fn answer(
    tid: i32,
    call: &RawCall,
    alarm: &mut Option<Alarm>,
    now: Duration,
) -> Option<Result<i64, i32>> {
    let [first, second, third, ..] = call.args;
    let fault = Errno::EFAULT as i32;
    let left = |alarm: &Option<Alarm>| alarm.map_or(Duration::ZERO, |a| a.at.saturating_sub(now));
    let show = |alarm: &Option<Alarm>, address| {
        let interval = alarm.map_or(Duration::ZERO, |alarm| alarm.interval);
        let bytes = [as_timeval(interval), as_timeval(left(alarm))].concat();
        memory::write(tid, address, &bytes)
    };
    Some(match syscalls::name(call.number)? {
        "alarm" => {
            let former = left(alarm);
            let seconds = Duration::from_secs(u64::from(first as u32));
            *alarm = (!seconds.is_zero()).then(|| Alarm {
                at: now.saturating_add(seconds),
                interval: Duration::ZERO,
            });
            // Never 0 for one that ran; rounded to the nearest else.
            let rounded = (former + Duration::from_millis(500)).as_secs() as i64;
            Ok(rounded.max(i64::from(!former.is_zero())))
        }
        "setitimer" if first as i32 == libc::ITIMER_REAL => {
            let new = match second {
                0 => Some((Duration::ZERO, Duration::ZERO)),
                _ => timeval(tid, second).zip(timeval(tid, second.wrapping_add(16))),
            };
            // What is wrong, the kernel says: it changes nothing then.
            let (interval, value) = new?;
            if third != 0 && !show(alarm, third) {
                return Some(Err(fault));
            }
            *alarm = (!value.is_zero()).then(|| Alarm {
                at: now.saturating_add(value),
                interval,
            });
            Ok(0)
        }
        "getitimer" if first as i32 == libc::ITIMER_REAL => match show(alarm, second) {
            true => Ok(0),
            false => Err(fault),
        },
        _ => return None,
    })
}
