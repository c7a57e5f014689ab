//! From the arguments to a command and its exit status.

use std::process::ExitCode;

use clap::Parser;

use super::args::{Args, Command};
use super::exit_status::ExitStatus;
use super::{doctor, explore, list, manual, merge, new, replay, run, trace};

/// What the binary `daemonlab` does: reads its arguments, carries out the
/// command, and gives the exit status.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        // Help and version come this way too. Whether they could be printed
        // changes nothing: `daemonlab --help | head -1` is no failure.
        Err(error) => {
            let status = if error.use_stderr() {
                ExitStatus::Usage
            } else {
                ExitStatus::Passed
            };
            let _ = error.print();
            return status.into();
        }
    };
    // For stdout and stderr alike, errors too.
    anstream::ColorChoice::from(args.color).write_global();
    let result = match args.command {
        Command::Run(run_args) => run::run(&run_args, args.color),
        Command::Explore(args) => explore::explore(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Trace(trace_args) => trace::trace(&trace_args, args.color),
        Command::List(args) => list::list(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::MergeJunit(args) => merge::merge(&args),
        Command::New(args) => new::new(&args),
        Command::Schema => manual::schema(),
        Command::Completions(args) => manual::completions(args.shell),
        Command::Man => manual::man(),
    };
    match result {
        Ok(status) => status.into(),
        Err(stop) => {
            // Nothing is left to say it to if stderr is closed.
            let _ = stop.print();
            stop.status.into()
        }
    }
}
