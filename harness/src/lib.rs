//! Runs real, unmodified daemons in unprivileged sandboxes and judges how they
//! put themselves in the background.
//!
//! One direction, no back and forth: a [`scenario`] file becomes data, the
//! [`run`]ner carries it out in a [`world`], [`expect`]ations turn the world's
//! facts into verdicts, and a [`report`] only reads the runner's events.
//! [`explore`] carries a scenario out in one order after another; [`trace`]
//! records one start, without any.

#![warn(missing_docs)]

#[cfg(doctest)]
mod book;
pub mod cli;
pub mod expect;
pub mod explore;
pub mod labd;
pub mod report;
pub mod run;
pub mod scenario;
pub mod suite;
pub mod trace;
pub mod value;
pub mod world;
