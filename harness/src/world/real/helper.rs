//! The hook by which one executable is harness and helpers.

use std::process::ExitCode;

/// Runs as a helper, if this process was started as one: by `argv[0]`. It must
/// be called on the first line of `main` of every executable that makes a
/// [`Host`](super::Host), before any thread exists.
///
/// Gives `None` in every other process, and the exit status in a helper, which
/// then has nothing left to do.
pub fn helper_main() -> Option<ExitCode> {
    None
}
