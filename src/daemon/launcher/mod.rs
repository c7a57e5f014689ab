//! The launcher after the fork: it waits, and leaves nothing half-started.
//!
//! One ppoll(2) waits for the pipe, for SIGCHLD and for the deadline; nothing
//! is polled on time. The launcher is child subreaper, so that the daemon
//! becomes its child when the intermediate exits, and its end is seen.
//!
//! What is not reaped keeps its PID. So the intermediate, whose PID is also the
//! daemon's process group, is reaped last of all, and neither PID is signalled
//! once it has been reaped: no signal can reach a stranger.
//!
//! - [`watch`]: the wait;
//! - [`clean_up`]: what follows a failure.

mod clean_up;
mod watch;

pub(super) use watch::{Launcher, Watch};

#[cfg(test)]
mod tests;
