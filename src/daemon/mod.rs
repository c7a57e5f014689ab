//! The daemonizer.
//!
//! A program says what it wants ([`Settings`]), notes what it inherited
//! ([`InheritedFds::note`], the first line of `main`), and starts:
//!
//! ```no_run
//! use daemonlab::daemon::{Daemon, InheritedFds, Mode, Settings, exit_code};
//! use daemonlab::sys::linux::Linux;
//!
//! let inherited = InheritedFds::note(&Linux);
//! let settings = Settings {
//!     mode: Mode::Background,
//!     user: Some("www-data".to_owned()),
//!     ..Settings::default()
//! };
//! Daemon::new(Linux, inherited, settings).run_forever(|ready| {
//!     let listener = match std::net::TcpListener::bind("127.0.0.1:8080") {
//!         Ok(listener) => listener,
//!         Err(error) => return ready.fail(1, error).status(),
//!     };
//!     let running = match ready.notify() {
//!         Ok(running) => running,
//!         Err(failure) => return failure.status(),
//!     };
//!     for connection in listener.incoming() {
//!         drop(connection);
//!     }
//!     let _ = running.stop();
//!     exit_code::READY
//! })
//! ```
//!
//! or, in two steps, [`Daemon::daemonize`] and [`Ready::notify`].
//!
//! # The three processes
//!
//! ```text
//! launcher ── pipe, SIGUSR1 blocked, pidfd of itself, child subreaper ── fork
//!    │ groups, gid, real and effective uid given up            intermediate: setsid, fork, exit
//!    │ ppoll: pipe, SIGCHLD, deadline                                          │
//!    │◀── started, PID ─────────────────────────────────────────────────── daemon
//!    │                        directory, umask, environment, streams, descriptors, signals
//!    │                        PID file, groups, gid, uid, capabilities, proof
//!    │◀── detached ──────────────────────────────────────────────────────────│
//!    │ saved uid given up                                                     │ program
//!    │◀── SIGUSR1, then `ready` ─────────────────────────────────────────────│ notify
//!  exit 0
//! ```
//!
//! Whatever fails on the right comes over the pipe as stage, path or name, and
//! errno; what fails in silence is seen as the end of the pipe and through
//! SIGCHLD. The statuses are in [`exit_code`].
//!
//! [`upgrade`] hands the listening sockets to a new instance.
//!
//! A handler, a thread, a timer belongs after the start: the daemon begins with
//! an empty mask, default dispositions (SIGPIPE alone is ignored), one thread.

mod clean;
#[cfg(feature = "conf")]
mod conf;
pub mod exit_code;
mod failure;
mod identity;
mod inherited;
mod launch;
mod launcher;
mod line;
mod pid_file;
mod plan;
mod privileges;
mod ready;
mod record;
mod retry;
mod say;
#[cfg(test)]
mod scripts;
mod service_manager;
mod settings;
mod start;
mod streams;
pub mod upgrade;

#[cfg(feature = "conf")]
pub use conf::{Conf, ConfWarning};
pub use failure::{Cause, Failure, Stage};
pub use inherited::InheritedFds;
pub use pid_file::Removal;
pub use ready::{Ready, Running};
pub use settings::{
    EnvironmentPolicy, GroupsDenied, LauncherWaits, Mode, OnLostLauncher, OnTimeout, PidFileOwner,
    Settings, Start,
};
pub use start::{Daemon, Started};
