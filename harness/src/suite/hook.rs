//! What every executable that makes sandboxes is besides.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use crate::labd;
use crate::world;

/// Runs as a helper of sandboxes, or as the embedded target `labd`, if this
/// process was started as one: by `argv[0]`. It must be called on the first
/// line of `main`, before any thread exists and before anything is opened.
/// Gives `None` in every other process.
pub fn hook() -> Option<ExitCode> {
    world::real::helper_main().or_else(labd)
}

fn labd() -> Option<ExitCode> {
    let name = env::args_os().next()?;
    is_labd(&name).then(|| labd::main(env::args_os()))
}

fn is_labd(name: &OsStr) -> bool {
    Path::new(name).file_name() == Some(OsStr::new("labd"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("labd", true)]
    #[case("/daemonlab/labd", true)]
    #[case("/labd/daemonlab", false)]
    #[case("labd2", false)]
    #[case("", false)]
    fn it_is_labd_by_its_name(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_labd(OsStr::new(name)), expected);
    }
}
