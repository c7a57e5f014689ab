//! Running a model under a strategy.
//!
//! - [`execution`]: one execution after the other, step by step;
//! - [`look`]: what a point looks like, to the strategy;
//! - [`difference`]: noticing that a model does not repeat itself.

mod difference;
mod execution;
mod look;

pub use difference::Difference;
pub use execution::{ENDLESS, Repeats};
pub(super) use execution::{Ended, Run};
