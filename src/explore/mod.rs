//! The search through everything that a program of several tasks can do.
//!
//! It knows nothing of daemons, nor of what a system call means. Whatever can
//! be started over and stepped ([`Model`]) can be explored: the simulated
//! kernel, and real processes under a tracer.
//!
//! - [`model`]: what is explored, its tasks and what each does next;
//! - [`task`]: names of tasks, by pedigree;
//! - [`footprint`]: what an operation reads and writes;
//! - [`choice`]: the decisions that make up an execution;
//! - [`digest`]: the hash by which states and events are compared.

pub mod choice;
pub mod digest;
pub mod footprint;
pub mod model;
pub mod task;

pub use choice::{Choice, What};
pub use digest::Digest;
pub use footprint::Footprint;
pub use model::{Alternative, Failure, Kind, Lasting, Model, Outcome, Pending, Verdict};
pub use task::TaskName;
