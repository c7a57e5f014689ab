//! A clean process: mask, dispositions, environment.

use super::{Cause, EnvironmentPolicy, Failure, Stage};
use crate::sys::records::{Disposition, MaskHow};
use crate::sys::{Errno, Signal, SignalSet, System};

/// Sets all 64 dispositions to their default and empties the mask, whatever
/// was inherited and whatever the program had set up: handlers belong after
/// the start. SIGPIPE alone is ignored, as in every Rust program: writes then
/// answer EPIPE.
///
/// # Errors
/// A failure of [`Stage::Signals`].
pub(super) fn reset_signals<S: System>(sys: &S) -> Result<(), Failure> {
    let settable = |signal: &Signal| ![Signal::KILL, Signal::STOP].contains(signal);
    for signal in Signal::all().filter(settable) {
        let disposition = match signal {
            Signal::PIPE => Disposition::Ignore,
            _ => Disposition::Default,
        };
        match sys.sigaction(signal, disposition) {
            Ok(_) => {}
            // The C library keeps the first real-time signals to itself, and
            // resets them in no other way (nptl(7)).
            Err(Errno::EINVAL) if (32..=34).contains(&signal.number()) => {}
            Err(errno) => return Err(failure(format!("sigaction of {signal}"), errno)),
        }
    }
    sys.sigmask(MaskHow::Set, SignalSet::EMPTY)
        .map_err(|errno| failure("sigprocmask".to_owned(), errno))?;
    Ok(())
}

/// Removes the variables that the policy does not keep.
pub(super) fn environment<S: System>(sys: &S, policy: &EnvironmentPolicy) {
    let EnvironmentPolicy::Only(names) = policy else {
        return;
    };
    for (name, _) in sys.vars() {
        if !names.iter().any(|kept| name == kept.as_str()) {
            sys.remove_var(&name);
        }
    }
}

fn failure(call: String, errno: Errno) -> Failure {
    Failure::new(Stage::Signals, call, Cause::Errno(errno))
}

#[cfg(test)]
#[path = "clean_tests.rs"]
mod tests;
