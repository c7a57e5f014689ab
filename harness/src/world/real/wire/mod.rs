//! How harness, supervisor, template and init talk: frames over a local
//! stream socket, one request and one answer at a time.
//!
//! - [`channel`]: frames: a message, raw bytes, descriptors;
//! - [`message`]: what is asked and answered.

mod channel;
pub mod message;

pub use channel::{Channel, Frame};
