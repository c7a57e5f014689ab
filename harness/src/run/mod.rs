//! The runner: carries many cases out and says what happens, event by event.
//!
//! Data in, [`event::RunEvent`]s out, in nextest's manner: nothing here prints,
//! and a reporter sees nothing but events. What a case does is the matter of
//! [`case`](crate::case), and of [`explore`](crate::explore) where it is judged
//! on every schedule.
//!
//! - [`select`]: from paths and filters to cases;
//! - [`partition`]: parts of a selection;
//! - [`plan`]: what a run is to do; [`profile`]: how a target is known to deviate;
//! - [`jobs`]: the threads that take one case after another;
//! - [`event`]: what a run tells; [`stop`]: how it is stopped; `message`: what it waits for;
//! - [`fate`]: whether a case runs here;
//! - [`planner`]: from a case to what becomes of it in each world;
//! - [`worlds`]: the worlds that there are; [`real`]: what the real one lacks here, [`sim`]: what
//!   the simulated one does.

pub mod event;
pub mod fate;
pub mod jobs;
mod message;
pub mod partition;
pub mod plan;
pub mod planner;
pub mod profile;
pub mod real;
pub mod select;
pub mod sim;
pub mod stop;
#[cfg(test)]
mod tests;
pub mod worlds;
