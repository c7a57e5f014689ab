//! The runner: carries scenarios out and says what happens, event by event.
//!
//! Data in, [`event::RunEvent`]s out, in nextest's manner: nothing here prints,
//! and a reporter sees nothing but events. A world is only known by its trait,
//! so that a simulated one serves as well as the sandbox.
//!
//! - [`event`]: what a run tells;
//! - [`outcome`]: how a case ended, and why.

pub mod event;
pub mod outcome;
