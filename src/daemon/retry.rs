//! Calls that a handler interrupted, and writes that fell short.

use std::os::fd::RawFd;
use std::time::Duration;

use crate::sys::{Errno, Result, System};

/// How often a call is made again after EINTR. Far more often than handlers
/// run while one short call lasts, and still an end.
const INTERRUPTS: usize = 64;

/// Makes the call again while it answers EINTR.
///
/// # Errors
/// What the call gives; EINTR after too many of them.
pub(super) fn uninterrupted<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..INTERRUPTS {
        match call() {
            Err(Errno::EINTR) => {}
            answer => return answer,
        }
    }
    call()
}

/// Writes all of `data`.
///
/// # Errors
/// As write(2); EIO for a write that takes nothing.
pub(super) fn write_all<S: System>(sys: &S, fd: RawFd, data: &[u8]) -> Result<()> {
    let mut rest = data;
    while !rest.is_empty() {
        match uninterrupted(|| sys.write(fd, rest))? {
            0 => return Err(Errno::EIO),
            written => rest = &rest[written.min(rest.len())..],
        }
    }
    Ok(())
}

/// Counts interruptions of a wait that has a deadline: the deadline ends it,
/// provided that time passes between them.
#[derive(Debug, Default)]
pub(super) struct Interruptions {
    at: Duration,
    count: usize,
}

impl Interruptions {
    /// Notes one at `now`.
    ///
    /// # Errors
    /// EINTR when there were too many while the clock stood still.
    pub(super) fn note(&mut self, now: Duration) -> Result<()> {
        if now != self.at {
            *self = Interruptions { at: now, count: 0 };
        }
        self.count += 1;
        if self.count > INTERRUPTS {
            return Err(Errno::EINTR);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eintr_is_tried_again_but_not_for_ever() {
        let mut left = 3;
        let answer = uninterrupted(|| {
            left -= 1;
            if left > 0 { Err(Errno::EINTR) } else { Ok(7) }
        });
        assert_eq!(answer, Ok(7));
        let mut calls = 0;
        let answer: Result<()> = uninterrupted(|| {
            calls += 1;
            Err(Errno::EINTR)
        });
        assert_eq!((answer, calls), (Err(Errno::EINTR), INTERRUPTS));
    }

    #[test]
    fn interruptions_end_a_wait_only_while_the_clock_stands_still() {
        let mut interruptions = Interruptions::default();
        for second in 0..1000 {
            assert_eq!(interruptions.note(Duration::from_secs(second)), Ok(()));
        }
        let still = Duration::from_secs(1000);
        let noted = (0..1000).map(|_| interruptions.note(still));
        assert_eq!(noted.take_while(|noted| noted.is_ok()).count(), INTERRUPTS);
    }
}
