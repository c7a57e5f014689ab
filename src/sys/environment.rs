//! What a process was given at exec, and keeps in its own memory: arguments
//! and environment. No system call reads them.

use std::ffi::{OsStr, OsString};

/// Arguments and environment variables (`environ(7)`).
pub trait Environment {
    /// The arguments, the program's name first.
    fn args(&self) -> Vec<OsString>;

    /// The value of `name`, if it is set.
    fn var(&self, name: &str) -> Option<OsString>;

    /// Every variable, in the order of their names.
    fn vars(&self) -> Vec<(OsString, OsString)>;

    /// Sets `name` in this process only. May be called while the process has
    /// one thread: `setenv(3)` races with readers.
    fn set_var(&self, name: &OsStr, value: &OsStr);

    /// Removes `name`. As [`Environment::set_var`].
    fn remove_var(&self, name: &OsStr);
}
