//! A trace for programs: one object a line, as it happens, each with the
//! number of the format. The last line is `trace-finished`.

use std::io::{self, Write};

use serde::Serialize;

use super::sink::Sink;
use super::told::{Begun, Finished, Happening};

/// The format's number. It changes when a field changes its meaning or goes
/// away; that new events and fields come is no change.
pub const FORMAT: u32 = 1;

/// Writes a trace as lines of JSON.
#[derive(Debug)]
pub struct Json<W> {
    to: W,
}

#[derive(Serialize)]
struct Line<'a, T> {
    format: u32,
    event: &'a str,
    #[serde(flatten)]
    told: &'a T,
}

impl<W: Write> Json<W> {
    /// A trace that goes to `to`.
    pub fn new(to: W) -> Json<W> {
        Json { to }
    }

    fn line(&mut self, event: &str, told: &impl Serialize) -> io::Result<()> {
        let line = Line {
            format: FORMAT,
            event,
            told,
        };
        serde_json::to_writer(&mut self.to, &line)?;
        self.to.write_all(b"\n")?;
        self.to.flush()
    }
}

impl<W: Write> Sink for Json<W> {
    fn begun(&mut self, begun: &Begun) -> io::Result<()> {
        self.line("trace-started", begun)
    }

    fn happened(&mut self, happening: &Happening) -> io::Result<()> {
        self.line("happened", happening)
    }

    fn finished(&mut self, finished: &Finished) -> io::Result<()> {
        self.line("trace-finished", finished)
    }
}
