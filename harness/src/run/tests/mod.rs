//! The runner against worlds that follow a script.
//!
//! - `several`: several cases, on jobs, and stopped.

mod several;
