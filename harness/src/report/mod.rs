//! Reports: one file a format. A reporter reads the runner's events and
//! nothing else, so that each can be tested on a list of them.
//!
//! - [`console`]: for a person at a terminal, in nextest's manner, in the words
//!   of `wording`;
//! - [`json`]: one event a line, for programs;
//! - [`junit`]: for the dashboards of continuous integration;
//! - [`keep`]: the evidence of every case, in a folder;
//! - [`evidence`]: how evidence reads as text, which several of them use;
//! - [`outlet`]: a stream whose reader may go away.

pub mod console;
pub mod evidence;
pub mod json;
pub mod junit;
pub mod keep;
pub mod outlet;
#[cfg(test)]
mod sample;
mod wording;

use std::io;

use crate::run::event::RunEvent;

/// Something that reads a run's events.
pub trait Reporter {
    /// Takes the next event.
    ///
    /// # Errors
    /// If it cannot be written down.
    fn event(&mut self, event: &RunEvent) -> io::Result<()>;
}
