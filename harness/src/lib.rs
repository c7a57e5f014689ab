//! Runs real, unmodified daemons in unprivileged sandboxes and judges how they
//! put themselves in the background.
//!
//! One direction, no back and forth: a [`scenario`] file becomes data, each
//! [`case`] of it is carried out in a [`world`], [`expect`]ations turn the world's
//! facts into verdicts, a [`run`] has many cases, and a [`report`] only reads the
//! run's events. [`explore`] carries a case out in one order after another;
//! [`trace`] records one start, without a scenario.

#![warn(missing_docs)]

#[cfg(doctest)]
mod book;
pub mod case;
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
