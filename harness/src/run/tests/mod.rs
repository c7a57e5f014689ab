//! The runner against a world that follows a script.
//!
//! - `fake`: that world, in virtual time;
//! - `cases`: one case, from its steps to its verdict;
//! - `several`: several cases, on jobs, and stopped.

mod cases;
mod fake;
mod several;
