//! The clock.

use std::time::Duration;

use super::call::{Call, Ret};
use super::{Kernel, Result};

/// The monotonic clock (`clock_gettime(2)`).
pub trait Clock: Kernel {
    /// The time since some fixed point, which never goes back.
    ///
    /// # Errors
    /// None that Linux documents for `CLOCK_MONOTONIC`; a simulated fault may
    /// give one.
    fn now(&self) -> Result<Duration> {
        self.call(Call::Now).map(Ret::time)
    }
}

impl<K: Kernel> Clock for K {}
