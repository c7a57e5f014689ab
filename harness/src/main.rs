//! The binary `daemonlab`: the harness, its helpers, and `labd`, told apart by
//! the name that it is called by.

use std::process::ExitCode;

use daemonlab_harness::{cli, suite};

fn main() -> ExitCode {
    // Before anything else: a helper must not have threads, or do a thing twice.
    match suite::hook() {
        Some(status) => status,
        None => cli::main(),
    }
}
