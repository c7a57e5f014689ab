//! One case under one order of its visible calls after another, until one
//! breaks it.
//!
//! The strategies are the library's, [`daemonlab::explore`], which know nothing
//! of daemons: they choose, and a model says what there is to choose from. There
//! is one for each world. The case is carried out as ever; whenever it would
//! wait, one task is let go. What a scenario's step does itself it does as early
//! as it can, so that every order of it and of the programs' calls is an order
//! of those.
//!
//! - [`processes`]: a case with real processes, as a model, and what is tried
//!   with it;
//! - [`simulated`]: a case on the simulated kernel, as a model;
//! - [`faults`]: how calls may fail in it;
//! - [`common`]: steps in the words of both worlds; [`mod@file`]: a schedule in a file;
//! - [`regression`]: the verdict of a case on every schedule, within a budget.

pub mod common;
pub mod faults;
pub mod file;
pub mod processes;
pub mod regression;
pub mod simulated;
