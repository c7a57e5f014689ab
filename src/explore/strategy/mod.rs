//! Strategies: which choice is made next.
//!
//! - [`Strategy`]: the contract;
//! - [`dfs`], [`dpor`]: everything within bounds, plainly and reduced;
//! - [`reverse`]: the races of the plain run, each the other way round;
//! - [`random`], [`pct`]: a part, drawn;
//! - [`sweep`]: every single fault on the plain run.
//!
//! And for the explorer's own use: the same steps again, the plain run but for
//! a few deviations, the beginnings of all executions.

mod choosing;
pub(super) mod deviate;
pub mod dfs;
pub mod dpor;
pub(super) mod frontier;
mod lottery;
pub mod pct;
pub mod random;
pub(super) mod retrace;
pub mod reverse;
pub mod sweep;

pub(super) use choosing::Prefix;
pub use choosing::{Pick, Strategy};
pub use dfs::Dfs;
pub use dpor::Dpor;
pub use pct::Pct;
pub use random::Random;
pub use reverse::Reverse;
pub use sweep::Sweep;
