//! The start, up to the fork.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use daemonlab::daemon::{Daemon, Failure, InheritedFds, Start, exit_code};
use daemonlab::sys::System;
use daemonlab::sys::linux::Linux;

use super::args::Args;
use super::conf::Wanted;
use super::die::{Die, Stage};
use super::lab::Bind;
use super::listen::bind_all;
use super::program::{self, CANNOT_LISTEN};

/// `labd` with these arguments, its name first. Make it the first line of
/// `main`: it begins by noting which descriptors were inherited.
///
/// Returns where it does not start: after `--help`, `--test`, and what failed
/// before the fork. Otherwise the process ends here.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    run(Linux, args)
}

/// As [`main`], with another backend for what the daemonizer asks of the
/// kernel. The server's own TCP is real all the same.
pub fn run<S: System>(sys: S, args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let inherited = InheritedFds::note(&sys);
    let level = env_logger::Env::default().default_filter_or("warn");
    // An embedding program may have a logger already, which then serves.
    let _ = env_logger::Builder::from_env(level).try_init();
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            let status = if error.use_stderr() {
                exit_code::USAGE
            } else {
                0
            };
            let _ = error.print();
            return status_of(status);
        }
    };
    match start(sys, inherited, &args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where stderr is closed the status still tells.
            let _ = writeln!(std::io::stderr(), "labd: {failure}");
            status_of(failure.status())
        }
    }
}

/// Returns only after a test.
fn start<S: System>(sys: S, inherited: InheritedFds, args: &Args) -> Result<(), Failure> {
    let wanted = Wanted::read(&sys, args)?;
    let daemon = Daemon::new(sys.clone(), inherited, wanted.settings.clone());
    if args.test {
        daemon.check()?;
        log::info!("the conf file is in order");
        return Ok(());
    }
    Die::at(wanted.lab.die, Stage::BeforeFork, &sys);
    let early = match (wanted.lab.bind, wanted.settings.start) {
        (Bind::BeforeFork, Start::Fresh) => {
            bind_all(&wanted.lab.listen).map_err(|why| Failure {
                stage: daemonlab::daemon::Stage::Program,
                subject: None,
                cause: daemonlab::daemon::Cause::Program {
                    status: CANNOT_LISTEN,
                    why,
                },
                aftermath: None,
            })?
        }
        _ => Vec::new(),
    };
    daemon.run_forever(move |ready| program::run(ready, &wanted, early))
}

fn status_of(status: i32) -> ExitCode {
    ExitCode::from(u8::try_from(status).unwrap_or(u8::MAX))
}
