//! Exploration of real processes: a scenario under different orders of its
//! programs' visible calls, until one breaks it.
//!
//! ```text
//! strategy ──choice──▶ Processes ──▶ link ──▶ Steered ──▶ sandbox, tracer
//!   ▲                  (a Model)     │  ▲     (a World)
//!   └──────what stands───────────────┘  └── the runner, on a thread of its own
//! ```
//!
//! The strategies are the library's, [`daemonlab::explore`], which know
//! nothing of daemons. The runner carries the scenario out as ever; whenever it
//! would wait, one task is let go. What a scenario's step does itself it does
//! as early as it can, so that every order of it and of the programs' calls is
//! an order of those.
//!
//! - `link`: what the two threads say to each other;
//! - `side`: the thread that carries the scenario out;
//! - `network`: whether the next execution needs a new one;
//! - `world`: the world in which nothing goes on by itself;
//! - `rested`: a sandbox between two steps;
//! - [`model`]: that, as something that can be explored;
//! - `faults`: how calls may fail in it;
//! - [`search`]: which orders are tried, and for how long;
//! - `spin`: who makes the same calls over and over, and waits by that;
//! - `pair`: the two calls whose order matters;
//! - `processor`: the one that all of it stays on.
//!
//! Schedules are written and read as those of the simulated world are, by
//! [`file`](crate::run::explore::file).

mod faults;
mod link;
pub mod model;
mod pair;
mod processor;
mod rested;
pub mod search;
mod side;
mod spin;
mod world;

pub use faults::Faults;
pub use model::Processes;
pub use pair::Pair;
