//! Arguments and environment.

use std::env;
use std::ffi::{OsStr, OsString};

use super::Linux;
use crate::sys::Environment;

impl Environment for Linux {
    fn args(&self) -> Vec<OsString> {
        env::args_os().collect()
    }

    fn var(&self, name: &str) -> Option<OsString> {
        env::var_os(name)
    }

    fn vars(&self) -> Vec<(OsString, OsString)> {
        let mut vars: Vec<_> = env::vars_os().collect();
        vars.sort();
        vars
    }

    fn set_var(&self, name: &OsStr, value: &OsStr) {
        // SAFETY: the trait's contract: the process has one thread.
        unsafe { env::set_var(name, value) }
    }

    fn remove_var(&self, name: &OsStr) {
        // SAFETY: the trait's contract: the process has one thread.
        unsafe { env::remove_var(name) }
    }
}
