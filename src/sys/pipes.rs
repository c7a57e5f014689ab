//! Pipes.

use super::call::{Call, Ret};
use super::{Fd, Kernel, Result};

/// Pipes (`pipe(7)`).
pub trait Pipes: Kernel {
    /// A new pipe, both ends close-on-exec: first the end to read from, then
    /// the end to write to (`pipe2(2)`).
    ///
    /// # Errors
    /// EMFILE, ENFILE.
    fn pipe(&self) -> Result<(Fd<Self>, Fd<Self>)> {
        let (read, write) = self.call(Call::Pipe).map(Ret::fds)?;
        Ok((Fd::from_raw(self, read), Fd::from_raw(self, write)))
    }
}

impl<K: Kernel> Pipes for K {}
