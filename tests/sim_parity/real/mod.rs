//! The real kernel: a sandbox of namespaces, and a conductor who lets one
//! process at a time make its next call.

mod conductor;
pub mod proc;
mod sandbox;
mod shared;
mod terminal;

pub use conductor::{Conductor, Verdict};
pub use sandbox::{INSIDE, Sandbox, inside};
