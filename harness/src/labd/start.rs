//! The start, up to the fork.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use daemonlab::daemon::{Daemon, Failure, InheritedFds, Start, exit_code};
use daemonlab::sys::linux::Linux;

use super::args::Args;
use super::conf::Wanted;
use super::die::{Die, Stage};
use super::lab::Bind;
use super::listen::bind_all;
use super::log::{Log, write_all};
use super::net::Net;
use super::program::{self, CANNOT_LISTEN};

/// `labd` with these arguments, its name first. Make it the first line of
/// `main`: it begins by noting which descriptors were inherited.
///
/// Returns where it does not start: after `--help`, `--test`, and what failed
/// before the fork. Otherwise the process ends here.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    run(Linux, args)
}

/// As [`main`], with another backend.
pub fn run<S: Net>(sys: S, args: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::from(u8::try_from(status(&sys, args)).unwrap_or(u8::MAX))
}

/// As [`main`], as a program of any kernel: with the arguments that it was
/// started with, and what it returns is its exit status.
pub fn program<S: Net>(sys: &S) -> i32 {
    status(sys, sys.args())
}

fn status<S: Net>(sys: &S, args: impl IntoIterator<Item = OsString>) -> i32 {
    let inherited = InheritedFds::note(sys);
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            let (fd, status) = match error.use_stderr() {
                true => (2, exit_code::USAGE),
                false => (1, 0),
            };
            write_all(sys, fd, &error.render().to_string());
            return status;
        }
    };
    match start(sys, inherited, &args) {
        Ok(()) => 0,
        Err(failure) => {
            write_all(sys, 2, &format!("labd: {failure}\n"));
            failure.status()
        }
    }
}

/// Returns only after a test.
fn start<S: Net>(sys: &S, inherited: InheritedFds, args: &Args) -> Result<(), Failure> {
    let log = Log::new(sys);
    let wanted = Wanted::read(sys, &log, args)?;
    let daemon = Daemon::new(sys.clone(), inherited, wanted.settings.clone());
    if args.test {
        daemon.check()?;
        log.info("the conf file is in order");
        return Ok(());
    }
    Die::at(wanted.lab.die, Stage::BeforeFork, sys, &log);
    let early = match (wanted.lab.bind, wanted.settings.start) {
        (Bind::BeforeFork, Start::Fresh) => {
            bind_all(sys, &log, &wanted.lab.listen).map_err(|why| Failure {
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
