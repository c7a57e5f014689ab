//! The deadline of a timer, which may come again and again.

use std::time::Duration;

use super::{as_timespec, timespec};
use crate::world::real::tracer::memory;

/// When a timer ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadline {
    /// The next time; `None`: never again.
    pub at: Option<Duration>,
    /// After which time it comes again; zero: it does not.
    pub interval: Duration,
}

impl Deadline {
    /// Reads what arms a timer (`struct itimerspec`). `base`: what its clock
    /// showed at the world's beginning, if it is the time of that clock and no
    /// span. `None` if it is not there, or is none.
    pub fn read(tid: i32, address: u64, base: Option<Duration>, now: Duration) -> Option<Deadline> {
        let interval = timespec(tid, address)?;
        let value = timespec(tid, address.wrapping_add(16))?;
        let at = match base {
            Some(base) => value.saturating_sub(base),
            None => now.saturating_add(value),
        };
        Some(Deadline {
            at: (!value.is_zero()).then_some(at),
            interval,
        })
    }

    /// Writes the span that is left, and the interval; gives whether it could.
    pub fn write(mut self, tid: i32, address: u64, now: Duration) -> bool {
        self.pass(now);
        let left = self.at.map_or(Duration::ZERO, |at| at - now);
        let bytes = [as_timespec(self.interval), as_timespec(left)].concat();
        memory::write(tid, address, &bytes)
    }

    /// Whether it has come.
    pub fn is_over(&self, now: Duration) -> bool {
        self.at.is_some_and(|at| at <= now)
    }

    /// Gives how often it has come, and looks for the next.
    pub fn pass(&mut self, now: Duration) -> u64 {
        let Some(at) = self.at.filter(|at| *at <= now) else {
            return 0;
        };
        if self.interval.is_zero() {
            self.at = None;
            return 1;
        }
        let (late, interval) = ((now - at).as_nanos(), self.interval.as_nanos());
        // It is less than what it is late, which fits.
        let since = Duration::from_nanos((late % interval) as u64);
        self.at = Some((now - since).saturating_add(self.interval));
        (late / interval) as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::not_yet(9, 10, 0, Some(10))]
    #[case::just_now(10, 10, 1, Some(17))]
    #[case::late(16, 10, 1, Some(17))]
    #[case::twice(17, 10, 2, Some(24))]
    #[case::often(710, 10, 101, Some(717))]
    fn it_comes_as_often_as_its_interval_says(
        #[case] now: u64,
        #[case] at: u64,
        #[case] times: u64,
        #[case] next: Option<u64>,
    ) {
        let mut deadline = Deadline {
            at: Some(Duration::from_millis(at)),
            interval: Duration::from_millis(7),
        };
        assert_eq!(deadline.pass(Duration::from_millis(now)), times);
        assert_eq!(deadline.at, next.map(Duration::from_millis));
    }

    #[test]
    fn without_an_interval_it_comes_once() {
        let mut deadline = Deadline {
            at: Some(Duration::from_secs(1)),
            interval: Duration::ZERO,
        };
        assert_eq!(deadline.pass(Duration::from_secs(9)), 1);
        assert_eq!(deadline.pass(Duration::from_secs(9)), 0);
    }
}
