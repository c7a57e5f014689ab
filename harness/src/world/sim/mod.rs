//! The simulated world: the same scenarios on the simulated kernel of
//! [`daemonlab::sim`].
//!
//! Programs run there that are registered by name: Rust functions on the
//! traits, such as `labd`'s start. Time is virtual: it passes only when nobody
//! can go on without, so that ten minutes of waiting cost nothing, and a
//! look is taken after every call of every process.
//!
//! The schedule is always the same: who has made the last call makes the next
//! one too, until it waits; then it is the turn of whoever comes first in the
//! family tree.
//!
//! - `world`: the [`World`](super::World); `turn`: who takes the next step;
//!   [`Pilot`]: who decides that instead, `choose`: among what, `steering`: by what;
//! - `scene`: the machine as the first launch finds it;
//! - `facts`: what is seen of it; `files`, `connect`: what is done to it;
//! - `faults`: calls that are watched, held and failed;
//! - `about`: what a call is about; `visible`: which calls others can notice; `recorder`: what is told of traced launches;
//! - [`programs`]: what can be started there.

mod about;
mod choose;
mod connect;
mod facts;
mod faults;
mod files;
mod pilot;
pub mod programs;
mod recorder;
mod scene;
mod steering;
mod turn;
mod visible;
mod world;

pub use pilot::{Choice, Grain, InCommon, Pilot};
pub use programs::Programs;
pub use world::SimWorld;

use std::fmt::Display;

use daemonlab::sys::Errno;

use super::WorldError;

fn error(stage: impl Display, errno: Errno) -> WorldError {
    WorldError {
        stage: stage.to_string(),
        errno: Some(errno as i32),
        evidence: String::new(),
        remedy: String::new(),
    }
}

fn refusal(stage: impl Display, evidence: impl Display, remedy: impl Display) -> WorldError {
    WorldError {
        stage: stage.to_string(),
        errno: None,
        evidence: evidence.to_string(),
        remedy: remedy.to_string(),
    }
}
