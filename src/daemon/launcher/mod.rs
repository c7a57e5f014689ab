//! The launcher after the fork: it waits, and leaves nothing half-started.
//!
//! One ppoll(2) waits for the pipe, for the ends of daemon and intermediate
//! and for the deadline; nothing is polled on time. The launcher is child
//! subreaper, so that the daemon becomes its child when the intermediate
//! exits, and its end is seen.
//!
//! An end is seen through a pidfd (pidfd_open(2)), since in a launcher with
//! other threads the kernel may give the SIGCHLD to one of those (signal(7)).
//! Where the kernel or a filter refuses the pidfd, SIGCHLD interrupts the wait;
//! a launcher with one thread misses nothing then.
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
