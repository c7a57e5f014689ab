//! What every executable that makes sandboxes is besides.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use crate::{labd, world};

/// Runs as a helper of sandboxes, or as the embedded target `labd`, if this
/// process was started as one: by `argv[0]`. It must be called on the first
/// line of `main`, before any thread exists. Gives `None` in every other
/// process.
pub fn hook() -> Option<ExitCode> {
    // `labd` notes what it inherited before anything else is opened.
    let name = env::args_os().next().unwrap_or_default();
    if Path::new(&name)
        .file_name()
        .is_some_and(|name| name == "labd")
    {
        return Some(labd::main(env::args_os()));
    }
    world::real::helper_main()
}
