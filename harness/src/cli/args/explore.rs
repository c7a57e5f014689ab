//! What `explore` takes.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use daemonlab::explore::Timers;

use super::choice::Choice;
use super::duration::duration;
use crate::cli::exit_status;
use crate::cli::target::EMBEDDED;
use crate::explore::processes::hunt::Tactic;

/// Where schedules are written if no folder is given.
pub const SCHEDULES: &str = "target/daemonlab";

pub(super) fn explore_help() -> String {
    format!(
        "\
A scenario says what must hold, and nothing of how it might break. Every process of its launches
stands still before each of its visible calls, and once it has ended, before its parent is told;
one after the other is let go. The first execution is the plain one: whoever goes, goes on until it
waits. The others depart from it.

What is found is made as simple as possible, shown with launcher and daemon side by side, and
written to a file that `daemonlab replay` runs again.

Examples:
  daemonlab explore scenarios/readiness/ready.yaml
  daemonlab explore --target ./my-server --runs 1000 scenarios/pingora
  daemonlab explore --faults --strategy bounded my.yaml
  daemonlab explore --timers any-time virtual.yaml

What is not visible is not steered: memory that processes share, futexes, what lies outside of the
sandbox. So an exploration that finds nothing is no proof. A program's timers run in real time,
unless the scenario says `time: virtual`. Then time passes when no process can go on without, or,
with `--timers any-time`, whenever a wait may come to its end.

{}",
        exit_status::TABLE
    )
}

/// Explore scenarios.
#[derive(Clone, Debug, clap::Args)]
pub struct ExploreArgs {
    /// Which cases.
    #[command(flatten)]
    pub choice: Choice,

    /// The program that `${target}` stands for: a path with a slash, or a name in PATH. `labd` is
    /// the server that is part of daemonlab
    #[arg(short, long, value_name = "PROGRAM", default_value = EMBEDDED, env = "DAEMONLAB_TARGET", help_heading = "How they are explored")]
    pub target: String,

    /// How many executions of each case at most
    #[arg(
        short = 'n',
        long,
        value_name = "N",
        default_value = "200",
        env = "DAEMONLAB_RUNS",
        help_heading = "How they are explored"
    )]
    pub runs: NonZeroU64,

    /// How long each case may be explored: `30s`, `5m` [default: as long as its executions take]
    #[arg(long, value_name = "TIME", value_parser = duration, env = "DAEMONLAB_FOR", help_heading = "How they are explored")]
    pub r#for: Option<Duration>,

    /// How many parts of a search are explored at a time, and no more than there are CPUs. What is
    /// found is the same [default: the number of CPUs]
    #[arg(
        short,
        long,
        value_name = "N",
        env = "DAEMONLAB_JOBS",
        help_heading = "How they are explored"
    )]
    pub jobs: Option<NonZeroUsize>,

    /// Which orders are tried
    #[arg(
        long,
        value_name = "STRATEGY",
        value_enum,
        default_value_t,
        env = "DAEMONLAB_STRATEGY",
        help_heading = "How they are explored"
    )]
    pub strategy: StrategyName,

    /// Where chance begins, for strategies that draw
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        env = "DAEMONLAB_SEED",
        help_heading = "How they are explored"
    )]
    pub seed: u64,

    /// Let one call fail, or one process be killed, as well
    #[arg(long, value_parser = BoolishValueParser::new(), env = "DAEMONLAB_FAULTS", help_heading = "How they are explored")]
    pub faults: bool,

    /// When virtual time may pass (`time: virtual`); nothing else changes
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        env = "DAEMONLAB_TIMERS",
        help_heading = "How they are explored"
    )]
    pub timers: TimersName,

    /// Where the schedules are written of what is found
    #[arg(long, value_name = "DIR", default_value = SCHEDULES, env = "DAEMONLAB_SCHEDULES", help_heading = "What is reported")]
    pub schedules: PathBuf,
}

/// Which orders are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum StrategyName {
    /// A quarter each bounded, reversed and reduced, the rest by `pct`, in shares of 25
    #[default]
    Mixed,
    /// No preemption, then one, then two: most races need few
    Bounded,
    /// One order of each kind that footprints tell apart (partial-order reduction)
    Reduced,
    /// The plain order, but for two calls that footprints tell apart: those the other way round
    Reversed,
    /// Drawn: priorities that change at a few places
    Pct,
    /// Drawn: each step for itself
    Random,
}

/// When virtual time may pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TimersName {
    /// When no process can go on without: time is cheap, and programs are fast
    #[default]
    WhenIdle,
    /// At any time, as on a machine that is slow: a timeout may come before what it waits for. The
    /// times that the scenario grants pass as well. Orders of a program that ticks have no end
    AnyTime,
}

impl From<TimersName> for Timers {
    fn from(name: TimersName) -> Timers {
        match name {
            TimersName::WhenIdle => Timers::WhenIdle,
            TimersName::AnyTime => Timers::AnyTime,
        }
    }
}

impl From<StrategyName> for Tactic {
    fn from(name: StrategyName) -> Tactic {
        match name {
            StrategyName::Mixed => Tactic::Mixed,
            StrategyName::Bounded => Tactic::Bounded,
            StrategyName::Reduced => Tactic::Reduced,
            StrategyName::Reversed => Tactic::Reversed,
            StrategyName::Pct => Tactic::Pct,
            StrategyName::Random => Tactic::Random,
        }
    }
}
