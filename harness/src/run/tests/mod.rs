//! The runner against a world that follows a script.
//!
//! - `fake`: that world, in virtual time;
//! - `ran`: running one case, and what came of it;
//! - `cases`: one case, from its steps to its verdict; `finding` processes,
//!   `faults` that never fire;
//! - `several`: several cases, on jobs, and stopped.

mod cases;
mod fake;
mod faults;
mod finding;
mod ran;
mod several;
