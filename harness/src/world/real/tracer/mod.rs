//! The tracer: watches and steers the system calls of real programs by
//! `ptrace(2)`, with a filter (`seccomp(2)`, `SECCOMP_RET_TRACE`) that stops
//! only those that somebody asked for. A world's init is the tracer: it is
//! parent or reaper of everything in it, and its death ends everything.
//!
//! ```text
//! kernel ──▶ stop ──▶ tracer ──▶ deciders: faults, …
//!   ▲                   │  │
//!   └──── tracee ◀──────┘  └──▶ recorder ──▶ events
//! ```
//!
//! - `tracee`: a traced thread as a type, running or stopped;
//! - [`arch`]: what depends on the machine;
//! - [`stop`]: what the kernel says of a thread;
//! - `filter`: the program that makes the kernel stop at calls;
//! - `pending`: which signals wait for a stopped thread;
//! - `family`: names by pedigree, sessions, roles;
//! - [`call`], `decode`, `memory`: what a call is about;
//! - `visible`: which calls others can notice;
//! - [`decider`]: what becomes of a stop, as a trait;
//! - [`faults`], [`rules`]: the decider that scenario files describe;
//! - `steer`: the decider that lets go only what was chosen;
//! - `time`: virtual time;
//! - `chance`: random bytes that are the same each time;
//! - `auxv`: what a program is told at its start;
//! - `recorder`: what is told;
//! - `trial`: tracing one process for one call;
//! - `turn`: all of it together.

pub mod arch;
mod auxv;
pub mod call;
mod chance;
pub mod decider;
mod decode;
mod family;
pub mod faults;
mod filter;
mod memory;
mod pending;
mod recorder;
pub mod rules;
mod steer;
pub mod stop;
mod time;
mod tracee;
mod trial;
mod turn;
pub mod visible;

pub use filter::{Filter, Mark, Stops};
pub use recorder::Recording;
pub use rules::Rules;
pub use stop::{bury, nobody_is_left};
pub use time::Clock;
pub use tracee::{RawCall, RawSignal, Running, Stopped};
pub use trial::try_once;
pub use turn::Tracer;
