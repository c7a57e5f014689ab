//! What `run` takes.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;

use super::choice::Choice;
use super::duration::duration;
use super::explore::SCHEDULES;
use super::requirement::Requirement;
use super::world::Where;
use crate::cli::exit_status;
use crate::cli::target::EMBEDDED;

/// Where evidence is kept if no folder is given.
pub const DEFAULT_KEEP: &str = "target/daemonlab";

pub(super) fn run_help() -> String {
    format!(
        "\
Examples:
  daemonlab run scenarios/detach scenarios/pid_file
  daemonlab run --filter eperm --skip slow
  daemonlab run --exact 'scenarios/readiness/ready.yaml::in-time'
  daemonlab run --target nginx --profile nginx.profile.yaml
  daemonlab run --world both scenarios/readiness
  daemonlab run --explore --explore-for 30s --partition slice:1/4 --report-junit junit.xml
  daemonlab run --require all --report-junit junit.xml --report-json run.jsonl

A profile declares how a target is known to deviate:
  version: 1
  deviations:
    - case: pid_file.yaml::mode
      reason: its umask is 007, and it makes the file with 0666
      shows: got \"0660\"
The case has to fail, and to show that text. It then counts as passed; one that passes after all
counts as failed.

The JSON report has an event a line, each with `\"format\": 1`; the last one is `run-finished`
with the summary.

{}",
        exit_status::TABLE
    )
}

/// Run scenarios.
#[derive(Clone, Debug, clap::Args)]
pub struct RunArgs {
    /// Which cases.
    #[command(flatten)]
    pub choice: Choice,

    /// The program that `${target}` stands for: a path with a slash, or a name in PATH. `labd` is
    /// the server that is part of daemonlab
    #[arg(short, long, value_name = "PROGRAM", default_value = EMBEDDED, env = "DAEMONLAB_TARGET", help_heading = "How they run")]
    pub target: String,

    /// Where they run: in sandboxes on this machine, on the simulated kernel, or in both, which
    /// counts as two. A case that needs virtual time runs on the simulated kernel in any case. A
    /// target that is not registered with the simulation is skipped there, as is what it does not
    /// have
    #[arg(
        long,
        value_name = "WORLD",
        value_enum,
        default_value_t,
        env = "DAEMONLAB_WORLD",
        help_heading = "How they run"
    )]
    pub world: Where,

    /// Judge each case on every schedule of its processes' visible calls in which one is left at most
    /// N times although it could go on [default: 2 with real processes, 1 on the simulated kernel].
    /// The first that fails is shrunk and shown as a timeline; of real processes it is saved as well,
    /// for `daemonlab replay`
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        env = "DAEMONLAB_EXPLORE",
        help_heading = "How they are explored"
    )]
    pub explore: Option<Option<u32>>,

    /// How many schedules of each case at most [default: 200 of real processes, 20000 on the
    /// simulated kernel]
    #[arg(
        long,
        value_name = "N",
        requires = "explore",
        env = "DAEMONLAB_EXPLORE_RUNS",
        help_heading = "How they are explored"
    )]
    pub explore_runs: Option<NonZeroU64>,

    /// How long each case may be explored: `30s`, `5m` [default: as long as its schedules take]
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "explore", env = "DAEMONLAB_EXPLORE_FOR", help_heading = "How they are explored")]
    pub explore_for: Option<Duration>,

    /// Where the schedules are written of what `--explore` finds
    #[arg(long, value_name = "DIR", default_value = SCHEDULES, env = "DAEMONLAB_SCHEDULES", help_heading = "What is reported")]
    pub schedules: PathBuf,

    /// How many cases run at a time [default: the number of CPUs]
    #[arg(
        short,
        long,
        value_name = "N",
        env = "DAEMONLAB_JOBS",
        help_heading = "How they run"
    )]
    pub jobs: Option<NonZeroUsize>,

    /// How long each case may take, whatever its file says: `10s`, `2m` [default: what the file
    /// says, or 1m]
    #[arg(long, value_name = "TIME", value_parser = duration, env = "DAEMONLAB_TIMEOUT", help_heading = "How they run")]
    pub timeout: Option<Duration>,

    /// What must not be missing: a case that needs it fails where it would be skipped. Several are
    /// separated by commas
    #[arg(
        long,
        value_name = "CAPABILITY",
        value_delimiter = ',',
        env = "DAEMONLAB_REQUIRE",
        help_heading = "How they run"
    )]
    pub require: Vec<Requirement>,

    /// Start no other case once one has failed
    #[arg(long, conflicts_with = "max_fail", value_parser = BoolishValueParser::new(), env = "DAEMONLAB_FAIL_FAST", help_heading = "How they run")]
    pub fail_fast: bool,

    /// Start no other case once N have failed
    #[arg(
        long,
        value_name = "N",
        env = "DAEMONLAB_MAX_FAIL",
        help_heading = "How they run"
    )]
    pub max_fail: Option<NonZeroUsize>,

    /// Try a case that fails up to N times more. One that passes then counts as passed, and is
    /// marked as flaky
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        env = "DAEMONLAB_RETRIES",
        help_heading = "How they run"
    )]
    pub retries: u32,

    /// Run each case N times, all of them round by round
    #[arg(
        long,
        value_name = "N",
        env = "DAEMONLAB_STRESS_COUNT",
        help_heading = "How they run"
    )]
    pub stress_count: Option<NonZeroUsize>,

    /// Say what would run and what would be skipped, and run nothing
    #[arg(long, value_parser = BoolishValueParser::new(), env = "DAEMONLAB_DRY_RUN", help_heading = "How they run")]
    pub dry_run: bool,

    /// How the target is known to deviate, and why
    #[arg(
        long,
        value_name = "FILE",
        env = "DAEMONLAB_PROFILE",
        help_heading = "How they run"
    )]
    pub profile: Option<PathBuf>,

    /// Keep the evidence of every case in a folder [default: target/daemonlab]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = DEFAULT_KEEP, env = "DAEMONLAB_KEEP", help_heading = "What is reported")]
    pub keep: Option<PathBuf>,

    /// Write events to a file, as they happen, one a line
    #[arg(
        long,
        value_name = "FILE",
        env = "DAEMONLAB_REPORT_JSON",
        help_heading = "What is reported"
    )]
    pub report_json: Option<PathBuf>,

    /// Write a JUnit report
    #[arg(
        long,
        value_name = "FILE",
        env = "DAEMONLAB_REPORT_JUNIT",
        help_heading = "What is reported"
    )]
    pub report_junit: Option<PathBuf>,

    /// Write a TAP report, version 14
    #[arg(
        long,
        value_name = "FILE",
        env = "DAEMONLAB_REPORT_TAP",
        help_heading = "What is reported"
    )]
    pub report_tap: Option<PathBuf>,

    /// Write a report in Markdown
    #[arg(
        long,
        value_name = "FILE",
        env = "DAEMONLAB_REPORT_MARKDOWN",
        help_heading = "What is reported"
    )]
    pub report_markdown: Option<PathBuf>,

    /// Annotate failures on GitHub, and write the step's summary [default: if GITHUB_ACTIONS is
    /// `true`]
    #[arg(long, value_name = "WHETHER", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), env = "DAEMONLAB_REPORT_GITHUB", help_heading = "What is reported")]
    pub report_github: Option<bool>,

    /// Show what launches and daemons wrote for cases that pass too, as each ends; one case runs
    /// at a time
    #[arg(long, value_parser = BoolishValueParser::new(), env = "DAEMONLAB_NO_CAPTURE", help_heading = "What is reported")]
    pub no_capture: bool,
}
