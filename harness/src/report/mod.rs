//! Reports: one file a format. A reporter reads the runner's events and
//! nothing else, so that each can be tested on a list of them.
//!
//! - [`console`]: for a person at a terminal, in nextest's manner, in the words
//!   of `wording`;
//! - [`json`]: one event a line, for programs; `reference` holds the manual
//!   against it, by `manual`;
//! - [`junit`]: for the dashboards of continuous integration;
//! - [`merge`]: JUnit reports of several machines as one;
//! - [`tap`]: the Test Anything Protocol, version 14;
//! - [`github`]: annotations, and a console without workflow commands;
//! - [`markdown`]: for a page, such as the summary of a GitHub job;
//! - [`keep`]: the evidence of every case, in a folder;
//! - [`evidence`]: how evidence reads as text, which several of them use;
//! - [`progress`]: the bar on a terminal;
//! - `problem`, `slowest`: what is wrong with a case in one form for several of
//!   them, and which cases took longest;
//! - [`outlet`]: a stream whose reader may go away.

pub mod console;
pub mod evidence;
pub mod github;
pub mod json;
pub mod junit;
pub mod keep;
#[cfg(test)]
pub(crate) mod manual;
pub mod markdown;
pub mod merge;
pub mod outlet;
mod problem;
pub mod progress;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod sample;
mod slowest;
pub mod tap;
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
