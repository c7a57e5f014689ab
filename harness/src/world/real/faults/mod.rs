//! Faults and holds on named system calls, by seccomp's user notification
//! (`seccomp_unotify(2)`).
//!
//! Its limits: calls that the vDSO answers never stop. A signal whose handler
//! was set without `SA_RESTART` can make a call fail with EINTR if it comes in
//! the moment between the stop and init's taking note of it; once it is held,
//! nothing but death interrupts it (5.19 and newer).
//!
//! - [`calls`]: system calls by name;
//! - [`filter`]: the program that makes the kernel stop at them;
//! - [`listener`]: the kernel's side: what stopped, and what becomes of it;
//! - [`rules`]: what is to become of it: plain data, no kernel;
//! - [`role`]: which process of a launch it is;
//! - [`desk`]: calls that have stopped, one after the other;
//! - [`watch`]: all of it together, for one launch.

pub mod calls;
mod desk;
mod filter;
mod listener;
mod role;
mod rules;
mod watch;

pub use filter::{Filter, install};
pub use listener::Listener;
pub use rules::Rules;
pub use watch::Watch;
