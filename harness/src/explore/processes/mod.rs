//! Exploration of real processes.
//!
//! ```text
//! strategy ──choice──▶ Processes ──▶ link ──▶ Steered ──▶ sandbox, tracer
//!   ▲                  (a Model)     │  ▲     (a World)
//!   └──────what stands───────────────┘  └── the case, on a thread of its own
//! ```
//!
//! - `link`: what the two threads say to each other;
//! - `side`: the thread that carries the case out;
//! - `world`: the world in which nothing goes on by itself;
//! - `rested`: a sandbox between two steps;
//! - `model`: that, as something that can be explored;
//! - [`search`]: which orders are tried, and for how long; [`hunt`]: what is to be
//!   searched; `stages`: the parts of that, `queue`: those that come next;
//! - `crew`: the threads that explore them, `work`: what each does;
//! - [`simplest`]: what is found, made simple;
//! - `spin`: who makes the same calls over and over, and waits by that;
//! - `pair`: the two calls whose order matters;
//! - `processor`: the one that all of it stays on.

mod crew;
pub mod hunt;
mod link;
mod model;
mod pair;
mod processor;
mod queue;
mod rested;
pub mod search;
mod side;
pub mod simplest;
mod spin;
mod stages;
mod work;
mod world;

pub use model::Processes;
pub use pair::Pair;
