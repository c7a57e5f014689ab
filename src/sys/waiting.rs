//! The one way to wait.

use std::time::Duration;

use super::call::{Call, Ret};
use super::records::{PollEvents, PollFd};
use super::{Kernel, Result, SignalSet};

/// Waiting for descriptors, signals and time, all at once (`ppoll(2)`).
pub trait Waiting: Kernel {
    /// Waits until one of `fds` is ready, a handler has run, or `timeout` has
    /// passed; `None` waits for ever. While it waits, `mask` replaces the
    /// signal mask. Gives what each descriptor is ready for, in the order of
    /// `fds`: all empty after the time has passed.
    ///
    /// # Errors
    /// EINTR when a handler has run; EINVAL, ENOMEM.
    fn poll(
        &self,
        fds: &[PollFd],
        timeout: Option<Duration>,
        mask: Option<SignalSet>,
    ) -> Result<Vec<PollEvents>> {
        self.call(Call::Poll {
            fds: fds.to_vec(),
            timeout,
            mask,
        })
        .map(Ret::polled)
    }
}

impl<K: Kernel> Waiting for K {}
