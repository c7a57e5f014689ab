//! What depends on the machine: where a stopped call keeps its number, its
//! arguments and its result. One file for each machine.
//!
//! To add one, write a file with the functions of `x86_64.rs`.

#[cfg(not(target_arch = "x86_64"))]
mod other;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(not(target_arch = "x86_64"))]
pub use other::*;
#[cfg(target_arch = "x86_64")]
pub use x86_64::*;
