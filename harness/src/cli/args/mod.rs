//! What can be said on the command line: one file a command, and one for each
//! thing that several of them take.
//!
//! - `command`: the whole, with the help that teaches;
//! - `run`, `explore`, `replay`, `trace`, `list`, `doctor`, `new`, `merge`, `manual`: what each command takes;
//! - `choice`: which cases are meant;
//! - `requirement`: what must not be missing; `world`: where cases run;
//! - `color`: when to use colours; `duration`: time spans.

mod choice;
mod color;
mod command;
mod doctor;
mod duration;
mod explore;
mod list;
mod manual;
mod merge;
mod new;
mod replay;
mod requirement;
mod run;
#[cfg(test)]
mod tests;
mod trace;
mod world;

pub use choice::{Choice, DEFAULT_PATH};
pub use color::Color;
pub use command::{Args, Command};
pub use doctor::DoctorArgs;
pub use explore::{ExploreArgs, SCHEDULES, StrategyName};
pub use list::{Format, ListArgs};
pub use manual::CompletionsArgs;
pub use merge::MergeArgs;
pub use new::{NewArgs, Template};
pub use replay::ReplayArgs;
pub use requirement::Requirement;
pub use run::{DEFAULT_KEEP, RunArgs};
pub use trace::{RoleName, TraceArgs, TraceFormat, TraceOutput, UserName};
pub use world::Where;
