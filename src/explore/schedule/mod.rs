//! Schedules: executions written down by names, to be run again later.
//!
//! A schedule names tasks by pedigree and operations by what they are, not by
//! numbers of a search, so that it can be read, and be followed by a program
//! that has changed a little, or by another world.
//!
//! - [`mod@format`]: the file;
//! - [`mod@follow`]: running a model along a schedule.

pub mod follow;
pub mod format;
mod plan;

pub use plan::{PlannedStep, PlannedWay, Schedule, WayKind};
