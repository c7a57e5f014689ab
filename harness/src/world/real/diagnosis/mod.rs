//! What a failed stage means on this machine, and what to do about it.
//!
//! - `machine`: what can be read that bears on a failure;
//! - `diagnose`: what the failure means by that.

mod diagnose;
mod machine;

pub use diagnose::{Diagnosis, diagnose, explain};
pub use machine::Machine;
