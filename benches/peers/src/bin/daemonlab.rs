//! `daemonlab` itself, so that one build of its library serves both.

use std::process::ExitCode;

use daemonlab_harness::{cli, suite};

fn main() -> ExitCode {
    match suite::hook() {
        Some(status) => status,
        None => cli::main(),
    }
}
