//! Expectations: facts and a matcher in, a verdict with its evidence out.
//!
//! [`judge`] holds one [`Value`](crate::value::Value) against one
//! [`Expect`](crate::scenario::matcher::Expect). It waits for nothing and asks
//! nobody: looking again until a time has passed is the runner's job.

mod describe;
mod diff;
mod judge;
mod like;
mod verdict;

pub use describe::value as shown;
pub use judge::judge;
pub use like::like;
pub use verdict::{Failure, Verdict};
