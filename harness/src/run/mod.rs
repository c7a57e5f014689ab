//! The runner: carries scenarios out and says what happens, event by event.
//!
//! Data in, [`event::RunEvent`]s out, in nextest's manner: nothing here prints,
//! and a reporter sees nothing but events. A world is only known by its trait,
//! so that a simulated one serves as well as the sandbox.
//!
//! - [`select`]: from paths and filters to cases;
//! - [`partition`]: parts of a selection;
//! - [`plan`]: what a run is to do; [`profile`]: how a target is known to deviate;
//! - [`jobs`]: the threads that take one case after another;
//! - [`case`]: one case from its world to its verdict, `steps` carries out what
//!   it says, [`watch`] waits, `evidence` looks around at the end;
//! - [`explore`]: one case of the simulated world on every schedule;
//! - [`event`], [`outcome`]: what a run tells;
//! - [`fate`]: whether a case runs here;
//! - [`planner`]: from a case to what becomes of it in each world;
//! - [`maker`]: where worlds come from, [`worlds`]: those there are; [`real`]: what the real one
//!   lacks here, [`sim`]: what the simulated one does; [`stop`]: how a run is stopped.

pub mod case;
pub mod event;
mod evidence;
pub mod explore;
pub mod fate;
pub mod jobs;
pub mod maker;
pub mod outcome;
pub mod partition;
pub mod plan;
pub mod planner;
pub mod profile;
pub mod real;
pub mod select;
pub mod sim;
mod steps;
pub mod stop;
#[cfg(test)]
mod tests;
pub mod watch;
pub mod worlds;
