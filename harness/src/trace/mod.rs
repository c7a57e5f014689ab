//! Traces: one start of a program, recorded as what happened in it, in order.
//!
//! ```text
//! World ──events──▶ record ──▶ Sink: text, JSON lines, Perfetto
//! ```
//!
//! - [`mod@record`]: starts the program and passes on what happens, to a stated end;
//! - [`told`]: what is passed on;
//! - [`sink`]: who takes it, as a trait;
//! - [`text`]: for a person, a line an event;
//! - [`json`]: for programs, an object an event;
//! - [`perfetto`]: for `ui.perfetto.dev`, of the slices of `slices`.

pub mod json;
pub mod perfetto;
pub mod record;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod sample;
pub mod sink;
mod slices;
pub mod text;
pub mod told;

pub use record::{Limits, record};
pub use sink::Sink;
pub use told::{Begun, Finished, Happening, Over, Running, Sender};
