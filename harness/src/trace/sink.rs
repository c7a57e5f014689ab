//! Who takes a recording.

use std::io;

use super::told::{Begun, Finished, Happening};

/// Something that a recording is told to, in order: its beginning, what
/// happens, its end.
pub trait Sink {
    /// It begins.
    ///
    /// # Errors
    /// If it cannot be written down.
    fn begun(&mut self, begun: &Begun) -> io::Result<()>;

    /// Something has happened.
    ///
    /// # Errors
    /// If it cannot be written down.
    fn happened(&mut self, happening: &Happening) -> io::Result<()>;

    /// It is over.
    ///
    /// # Errors
    /// If it cannot be written down.
    fn finished(&mut self, finished: &Finished) -> io::Result<()>;
}
