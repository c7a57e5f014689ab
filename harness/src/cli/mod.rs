//! The command line: one file a command.
//!
//! - [`args`]: what can be said on it; `begin`: from that to a command;
//! - [`run`], [`explore`], `replay`, [`trace`], [`list`], [`doctor`]: the commands;
//! - `merge`: the JUnit reports of several machines as one;
//! - `new`: scenarios to begin with; `manual`: completions, the man page, the schema;
//! - `reporters`: the reports that `run` is asked for;
//! - [`exit_status`]: how they end;
//! - [`target`]: which program `${target}` is;
//! - [`chosen`]: from paths and filters to cases, for `run` and `list`;
//! - [`interrupt`]: what Ctrl-C does; `jobs`: how much is done at a time.

pub mod args;
mod begin;
pub mod chosen;
pub mod doctor;
pub mod exit_status;
pub mod explore;
pub mod interrupt;
mod jobs;
pub mod list;
mod manual;
mod merge;
mod new;
mod replay;
mod reporters;
pub mod run;
pub mod target;
pub mod trace;

pub use begin::main;
