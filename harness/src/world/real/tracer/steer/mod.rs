//! Steering: nothing that is visible happens but what was chosen.
//!
//! - [`decider`]: holds every visible call and every end, and lets go what it
//!   is told to;
//! - [`footprint`]: what a call reads and writes, by names that are the same
//!   in every execution;
//! - [`handlers`]: which calls a signal may end;
//! - [`rest`]: whether a task that was let go waits in the kernel.

mod decider;
mod footprint;
mod handlers;
mod rest;

pub use decider::Steer;
pub use rest::{Looks, Rest};
