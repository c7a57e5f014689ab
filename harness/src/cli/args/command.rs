//! The whole command line: what each command is called and what its help says.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use super::choice::DEFAULT_PATH;
use super::color::Color;
use super::doctor::{DoctorArgs, doctor_help};
use super::explore::{ExploreArgs, explore_help};
use super::list::ListArgs;
use super::manual::CompletionsArgs;
use super::merge::{MergeArgs, merge_help};
use super::new::{NewArgs, new_help};
use super::replay::{ReplayArgs, replay_help};
use super::run::{RunArgs, run_help};
use super::trace::{TraceArgs, trace_help};
use crate::cli::exit_status;
use crate::cli::target::EMBEDDED;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Starts real, unmodified daemons in sandboxes and judges how they put
/// themselves in the background.
///
/// A scenario file says what is launched and what must be so then: the
/// launcher's exit status, the daemon's session, terminal, descriptors and
/// credentials, the PID file, who listens where. `daemonlab run` carries the
/// scenarios out, each case in a sandbox of its own, from which nothing
/// escapes and of which nothing is left.
#[derive(Debug, Parser)]
#[command(
    name = "daemonlab",
    version,
    styles = STYLES,
    max_term_width = 100,
    after_long_help = concat_help(),
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        env = "DAEMONLAB_COLOR",
        display_order = 900
    )]
    pub color: Color,
}

fn concat_help() -> String {
    format!(
        "\
Examples:
  daemonlab doctor
          Can this machine run everything? If not: what is missing, and what to do
  daemonlab run
          Run everything below `{DEFAULT_PATH}` against the embedded server `{EMBEDDED}`
  daemonlab run --target ./target/debug/my-server scenarios/pingora
          Hold a server of yours to the conformance pack
  daemonlab explore --target ./my-server scenarios/pingora/ready.yaml
          Look for an order of launcher and daemon that breaks a scenario
  daemonlab trace -- ./my-server --daemon
          Show what launcher and daemon do as they start, call by call
  daemonlab list --tag readiness
          Show the cases that have a tag
  daemonlab merge-junit part-*.xml --output junit.xml
          One report of what several machines ran with `--partition`

{}

Environment:
  Every flag has a variable, `DAEMONLAB_` and its name: DAEMONLAB_JOBS=4 is `--jobs 4`.
  A flag beats its variable. What can be given several times has one value there.
  NO_COLOR, CLICOLOR, CLICOLOR_FORCE   colours, where `--color` says nothing
  CI                                   no progress bar
  GITHUB_ACTIONS, GITHUB_STEP_SUMMARY, GITHUB_WORKSPACE   what `--report-github` goes by

`daemonlab help COMMAND` says more about each.",
        exit_status::TABLE
    )
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios, and tell what came of them.
    #[command(visible_alias = "r", after_long_help = run_help())]
    Run(Box<RunArgs>),
    /// Run scenarios under one order after another of their programs' visible
    /// calls, until one breaks them.
    #[command(after_long_help = explore_help())]
    Explore(Box<ExploreArgs>),
    /// Run a schedule that `explore` has written once more, or many times.
    #[command(after_long_help = replay_help())]
    Replay(ReplayArgs),
    /// Record one start of a program: calls, signals, processes, in order.
    #[command(after_long_help = trace_help())]
    Trace(Box<TraceArgs>),
    /// Show the cases that `run` would run.
    #[command(after_long_help = exit_status::TABLE)]
    List(ListArgs),
    /// Try everything that sandboxes need, stage by stage, and say what to do
    /// about what is missing.
    #[command(after_long_help = doctor_help())]
    Doctor(DoctorArgs),
    /// Put the JUnit reports of all parts of a partition together, and see that
    /// no case is missing.
    #[command(after_long_help = merge_help())]
    MergeJunit(MergeArgs),
    /// Write a scenario to begin with, which runs and passes as it is
    #[command(after_long_help = new_help())]
    New(NewArgs),
    /// Print the JSON Schema (draft 7) of scenario files, for editors
    Schema,
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the man page, in roff
    Man,
}
