//! What the server says on its stderr, as far as `RUST_LOG` asks for it.
//!
//! Not through a logger of the process: there is one process for many servers
//! where the kernel is simulated, and what each says goes to its own
//! descriptor 2. There is no time in a line for the same reason; a service
//! manager or the launcher's terminal adds it.

use std::fmt;

use daemonlab::sys::{Errno, System};

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Info,
}

/// The way to stderr.
#[derive(Clone)]
pub struct Log<S> {
    sys: S,
    /// The least that is said; None says nothing.
    most: Option<Level>,
}

impl<S: System> Log<S> {
    /// As `RUST_LOG` says: `off`, `error`, `warn`, `info`, `debug`, `trace`;
    /// warnings and errors where it says something else or nothing.
    pub fn new(sys: &S) -> Log<S> {
        let wish = sys.var("RUST_LOG").unwrap_or_default();
        Log {
            sys: sys.clone(),
            most: most(&wish.to_string_lossy()),
        }
    }

    /// Something failed.
    pub fn error(&self, what: impl fmt::Display) {
        self.say(Level::Error, "error: ", &what);
    }

    /// Something is not as it should be.
    pub fn warn(&self, what: impl fmt::Display) {
        self.say(Level::Warning, "warning: ", &what);
    }

    /// Something happened.
    pub fn info(&self, what: impl fmt::Display) {
        self.say(Level::Info, "", &what);
    }

    fn say(&self, level: Level, kind: &str, what: &dyn fmt::Display) {
        if self.most.is_some_and(|most| level <= most) {
            write_all(&self.sys, 2, &format!("labd: {kind}{what}\n"));
        }
    }
}

fn most(wish: &str) -> Option<Level> {
    match wish.trim().to_ascii_lowercase().as_str() {
        "off" => None,
        "error" => Some(Level::Error),
        "info" | "debug" | "trace" => Some(Level::Info),
        _ => Some(Level::Warning),
    }
}

/// Writes to a standard stream. Where that is closed, nothing is left to do:
/// the status still tells.
pub fn write_all<S: System>(sys: &S, fd: i32, text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match sys.write(fd, rest) {
            Ok(0) => return,
            Ok(written) => rest = &rest[written..],
            Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", Some(Level::Warning))]
    #[case("]=[", Some(Level::Warning))]
    #[case("off", None)]
    #[case("error", Some(Level::Error))]
    #[case("INFO", Some(Level::Info))]
    #[case("trace", Some(Level::Info))]
    fn the_variable_says_how_much(#[case] wish: &str, #[case] expected: Option<Level>) {
        assert_eq!(most(wish), expected);
    }
}
