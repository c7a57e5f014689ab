//! The simulated kernel.

pub mod facts;
mod faults;
mod handle;
pub mod kernel;
mod panics;
pub mod scene;
mod shown;
pub mod simulation;
mod thread;

pub use facts::Facts;
pub use handle::Sys;
pub use scene::{Scene, Start, Stdio};
pub use simulation::{Actor, Faults, Invariant, Setup, Simulation};
pub use thread::Program;
