//! Expectations: facts and a matcher in, a verdict with its evidence out.
//!
//! [`judge`] holds one [`Value`](crate::value::Value) against one
//! [`Expect`](crate::scenario::matcher::Expect). It waits for nothing and asks
//! nobody: looking again until a time has passed is the runner's job.
//! [`judge_events`] does the same with what has happened.

mod describe;
mod diff;
mod events;
mod judge;
mod like;
mod resolve;
mod verdict;

pub use describe::value as shown;
pub use events::{Heard, Outlook, judge_events};
pub use judge::judge;
pub use like::like;
pub use verdict::{Failure, Verdict};
