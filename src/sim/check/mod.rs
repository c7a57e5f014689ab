//! Checking start-up code in `cargo test`: every order of its processes, every
//! single fault.
//!
//! [`check`] runs a program, a function generic over nothing and written
//! against the traits of [`sys`](crate::sys), on the simulated kernel, again
//! and again, until everything within the [`Config`]'s bounds was tried:
//!
//! ```
//! use daemonlab::daemon::{Daemon, InheritedFds, Mode, Settings};
//! use daemonlab::sim::check::Config;
//! use daemonlab::sim::{Sys, check};
//! use daemonlab::sys::Waiting;
//!
//! // Every order; without `no_faults` every single fault as well.
//! let config = Config::of_a_daemon("/run/d.pid").no_faults();
//! let report = check(config, |sys: Sys| {
//!     let inherited = InheritedFds::note(&sys);
//!     let settings = Settings {
//!         mode: Mode::Background,
//!         pid_file: "/run/d.pid".into(),
//!         ..Settings::default()
//!     };
//!     Daemon::new(sys, inherited, settings).run_forever(|ready| {
//!         let sys = ready.sys().clone();
//!         match ready.notify() {
//!             Ok(_running) => loop {
//!                 let _ = sys.poll(&[], None, None);
//!             },
//!             Err(failure) => failure.status(),
//!         }
//!     })
//! });
//! // What was tried, and the bounds of the claim.
//! println!("{report}");
//! ```
//!
//! A failure is a panic. Its message has the rule that was broken and the
//! evidence; the shortest schedule that breaks it, as a timeline of launcher
//! and daemon side by side; and the one line that replays it. The schedule is
//! saved in the format of [`explore::schedule`](crate::explore::schedule),
//! which follows small changes of the program, and says where it cannot.
//!
//! - [`config`]: what is checked, and how far;
//! - [`invariants`](super::invariants): what must hold;
//! - [`report`]: what came of it;
//! - [`mod@replay`]: a saved schedule, run again.

pub mod config;
pub mod counterexample;
mod place;
pub mod replay;
pub mod report;
mod run;

pub use config::{Config, Search};
pub use counterexample::Counterexample;
pub use replay::{Replayed, replay};
pub use report::Report;
pub use run::{check, explore};
