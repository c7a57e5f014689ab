//! A clean process: mask, dispositions, environment.

use super::{Cause, EnvironmentPolicy, Failure, Stage};
use crate::sys::records::{Disposition, MaskHow};
use crate::sys::{Errno, Signal, SignalSet, System};

/// Sets the dispositions to their default and empties the mask, whatever was
/// inherited and whatever the program had set up: handlers belong after the
/// start. SIGPIPE alone stays ignored, as the launcher has set it, and as it is
/// in every Rust program: writes then answer EPIPE.
///
/// # Errors
/// A failure of [`Stage::Signals`].
pub(super) fn reset_signals<S: System>(sys: &S) -> Result<(), Failure> {
    for signal in Signal::all().filter(is_reset) {
        match sys.sigaction(signal, Disposition::Default) {
            Ok(_) => {}
            // musl keeps one more to itself.
            Err(Errno::EINVAL) if signal.number() == 34 => {}
            Err(errno) => return Err(failure(format!("sigaction of {signal}"), errno)),
        }
    }
    sys.sigmask(MaskHow::Set, SignalSet::EMPTY)
        .map_err(|errno| failure("sigprocmask".to_owned(), errno))?;
    Ok(())
}

/// Not those that cannot be set, of which the C library keeps the first
/// real-time signals to itself (nptl(7)).
fn is_reset(signal: &Signal) -> bool {
    ![Signal::KILL, Signal::STOP, Signal::PIPE].contains(signal)
        && !(32..=33).contains(&signal.number())
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
