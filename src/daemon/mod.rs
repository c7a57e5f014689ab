//! The daemonizer.
//!
//! A program says what it wants ([`Settings`]), notes what it inherited
//! (`InheritedFds::note`, the first line of `main`), and starts:
//!
//! ```ignore
//! let inherited = InheritedFds::note(&Linux);
//! let settings = Settings { user: Some("www-data".into()), ..Settings::default() };
//! Daemon::new(Linux, inherited, settings).run_forever(|ready| {
//!     let listener = TcpListener::bind("127.0.0.1:8080").unwrap();
//!     let running = match ready.notify() {
//!         Ok(running) => running,
//!         Err(failure) => return failure.status(),
//!     };
//!     serve(listener);
//!     running.stop();
//!     exit_code::READY
//! })
//! ```
//!
//! or, in two steps, `Daemon::daemonize() -> Result<Started<S>, Failure>` with
//! `Started::Launcher { daemon: Pid }` and `Started::Daemon(Ready<S>)`.
//! `Ready::fail(status, why) -> Failure` reports a start-up failure of the
//! program's own to the launcher, and `Daemon::check() -> Result<(), Failure>`
//! is `-t`. `Conf::read(&sys, path)` (feature `conf`) gives `Settings`.

pub mod exit_code;
mod failure;
mod settings;

pub use failure::{Cause, Failure, Stage};
pub use settings::{
    EnvironmentPolicy, GroupsDenied, LauncherWaits, Mode, OnLostLauncher, OnTimeout, PidFileOwner,
    Settings, Start,
};
