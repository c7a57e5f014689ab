//! What Ctrl-C does.

use std::io;
use std::thread;

use daemonlab::sys::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::exit_status::ExitStatus;
use crate::case::stop::Stop;
use crate::run::stop::Stopper;

/// From now on the first SIGINT, SIGTERM or SIGHUP stops the run, with its
/// report, and the second one ends this process at once. Either way every
/// world ends: with the process that keeps it, if not before.
///
/// # Errors
/// If the handlers cannot be set.
pub fn stop_on_signals(stopper: Stopper) -> io::Result<()> {
    on_signal(move |name| stopper.stop(name))
}

/// The same for what has no run: an exploration looks at `stop`.
///
/// # Errors
/// If the handlers cannot be set.
pub fn set_on_signals(stop: Stop) -> io::Result<()> {
    on_signal(move |_| stop.set())
}

fn on_signal(first: impl FnOnce(String) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || {
        let mut pending = signals.forever();
        if let Some(number) = pending.next() {
            let name = Signal::new(number).map_or_else(|| number.to_string(), |s| s.to_string());
            first(name);
        }
        if pending.next().is_some() {
            signal_hook::low_level::exit(ExitStatus::Interrupted as i32);
        }
    });
    Ok(())
}
