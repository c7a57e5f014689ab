//! The simulated kernel.

pub mod check;
pub mod facts;
mod faults;
mod handle;
pub mod invariants;
pub mod kernel;
pub mod live;
mod panics;
pub mod scene;
mod shown;
pub mod simulation;
mod thread;

pub use check::check;
pub use facts::Facts;
pub use handle::Sys;
pub use invariants::Invariant;
pub use live::{Live, Stepped};
pub use scene::{Scene, Start, Stdio};
pub use simulation::{Actor, Faults, Setup, Simulation};
pub use thread::Program;
