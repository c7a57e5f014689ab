//! A descriptor that closes itself.

use std::fmt;
use std::mem::ManuallyDrop;
use std::os::fd::RawFd;

use super::Kernel;
use super::call::Call;

/// An open descriptor of a process, closed through [`Call::Close`] when dropped.
///
/// After a fork both sides hold one, as both processes do, and each drops its
/// own.
pub struct Fd<K: Kernel> {
    raw: RawFd,
    kernel: K,
}

impl<K: Kernel> Fd<K> {
    /// Takes over the descriptor `raw`, which nobody else may close.
    pub fn from_raw(kernel: &K, raw: RawFd) -> Fd<K> {
        Fd {
            raw,
            kernel: kernel.clone(),
        }
    }

    /// Its number.
    pub fn raw(&self) -> RawFd {
        self.raw
    }

    /// Gives the descriptor away: it stays open.
    pub fn into_raw(self) -> RawFd {
        ManuallyDrop::new(self).raw
    }
}

impl<K: Kernel> Drop for Fd<K> {
    fn drop(&mut self) {
        // Nothing is left to do about a failing close: the descriptor is
        // released all the same (close(2), "Dealing with error returns").
        let _ = self.kernel.call(Call::Close { fd: self.raw });
    }
}

impl<K: Kernel> fmt::Debug for Fd<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fd({})", self.raw)
    }
}
