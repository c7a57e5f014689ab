//! One case: a scenario carried out in one world, from its start to its verdict.
//!
//! A world is only known by its trait, so that a simulated one serves as well as
//! the sandbox. Nothing here knows of other cases: a [`run`](crate::run) has
//! many, and an [exploration](crate::explore) one of them many times.
//!
//! - [`planned`]: a case and what is to become of it; [`setting`]: what holds for
//!   all cases of a run; [`deviation`]: how one is known to fail;
//! - `carry_out`: from the world to the verdict; `steps` carries out what the
//!   scenario says, `watch` waits, `evidence` looks around at the end;
//! - [`outcome`]: what comes of it;
//! - [`maker`]: where worlds come from; [`stop`]: how all of it is stopped.

mod carry_out;
pub mod deviation;
mod evidence;
pub mod maker;
pub mod outcome;
pub mod planned;
pub mod setting;
mod steps;
pub mod stop;
#[cfg(test)]
pub(crate) mod tests;
mod watch;

pub use carry_out::{Outcome, StepStarted, binds, run};
