//! A clean process: mask, dispositions, environment.

use super::{Cause, EnvironmentPolicy, Failure, Stage};
use crate::sys::records::{Disposition, MaskHow};
use crate::sys::{Errno, Signal, SignalSet, System};

/// Sets the dispositions to their default and empties the mask, whatever was
/// inherited and whatever the program had set up: handlers belong after the
/// start. SIGPIPE alone stays ignored, as in every Rust program, so that writes
/// answer EPIPE: the launcher has seen to it before the first fork.
///
/// # Errors
/// A failure of [`Stage::Signals`].
pub(super) fn reset_signals<S: System>(sys: &S) -> Result<(), Failure> {
    let kept = [Signal::KILL, Signal::STOP, Signal::PIPE];
    for signal in Signal::all().filter(|signal| !kept.contains(signal)) {
        match sys.sigaction(signal, Disposition::Default) {
            Ok(_) => {}
            // The C library keeps the first real-time signals to itself
            // (nptl(7)): a handler of its own is not to be reset.
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
