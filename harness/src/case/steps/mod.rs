//! The steps of a case: what each asks of the world, and what it waits for.
//!
//! - `state`: what a case knows under way, and the way into each step;
//! - `launch`: starting a program, and the launcher's end;
//! - `adopt`: finding a process that nobody started by name;
//! - `check`: looking at facts;
//! - `events`: looking at what has happened;
//! - `act`: signals and connections.

mod act;
mod adopt;
mod check;
mod events;
mod launch;
mod state;

pub(super) use state::Steps;
