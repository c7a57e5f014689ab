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
//! - [`shell`]: words of lines that are printed to be pasted;
//! - [`digest`]: the hash by which states and events are compared.

pub mod audit;
pub mod bounds;
pub mod choice;
mod conflicts;
pub mod digest;
mod explorer;
pub mod footprint;
pub mod model;
pub mod point;
pub mod portfolio;
pub mod record;
pub mod report;
mod run;
pub mod schedule;
pub mod shell;
pub mod shrink;
pub mod strategy;
pub mod task;
pub mod timeline;
#[cfg(test)]
pub(crate) mod toy;

pub use audit::{Audit, Dishonest, audit};
pub use bounds::{Bounds, Budget, Overrun, StepLimit, Timers};
pub use choice::{Choice, What};
pub use conflicts::{Foot, WayName};
pub use digest::Digest;
pub use explorer::{Config, Explorer, Next, OnFailure};
pub use footprint::Footprint;
pub use model::{Alternative, Failure, Kind, Lasting, Model, Outcome, Pending, Verdict};
pub use portfolio::{Plan, search};
pub use record::Record;
pub use report::{Found, Report, Stop};
pub use run::{Difference, ENDLESS, Repeats};
pub use schedule::Schedule;
pub use shrink::{Shrunk, is_minimal, shrink, shrink_unsteady};
pub use strategy::{Pick, Strategy};
pub use task::TaskName;
pub use timeline::Timeline;
