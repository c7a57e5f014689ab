//! What every executable that makes sandboxes is besides.

use std::process::ExitCode;

use crate::world;

/// Runs as a helper of sandboxes, or as the embedded target `labd`, if this
/// process was started as one: by `argv[0]`. It must be called on the first
/// line of `main`, before any thread exists. Gives `None` in every other
/// process.
pub fn hook() -> Option<ExitCode> {
    world::real::helper_main()
}
