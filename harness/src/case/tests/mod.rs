//! One case against a world that follows a script.
//!
//! - `fake`: that world, in virtual time;
//! - `ran`: running one case, and what came of it;
//! - `cases`: from the steps to the verdict; `finding` processes, `faults` that
//!   never fire.

mod cases;
pub(crate) mod fake;
mod faults;
mod finding;
mod ran;
