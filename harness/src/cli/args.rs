//! What can be said on the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand, ValueEnum};

use super::exit_status;
use super::target::EMBEDDED;
use crate::run::partition::Partition;
use crate::scenario::Capability;

/// Where scenarios are looked for if no path is given.
pub const DEFAULT_PATH: &str = "scenarios";

/// Where evidence is kept if no folder is given.
pub const DEFAULT_KEEP: &str = "target/daemonlab";

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
  daemonlab list --tag readiness
          Show the cases that have a tag

{}

Environment:
  Every flag has a variable, `DAEMONLAB_` and its name: DAEMONLAB_JOBS=4 is `--jobs 4`.
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
    /// Show the cases that `run` would run.
    #[command(after_long_help = exit_status::TABLE)]
    List(ListArgs),
    /// Try everything that sandboxes need, stage by stage, and say what to do
    /// about what is missing.
    #[command(after_long_help = doctor_help())]
    Doctor(DoctorArgs),
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

fn run_help() -> String {
    format!(
        "\
Examples:
  daemonlab run scenarios/detach scenarios/pid_file
  daemonlab run --filter eperm --skip slow
  daemonlab run --exact 'scenarios/readiness/ready.yaml::in-time'
  daemonlab run --target nginx --profile nginx.profile.yaml
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

fn doctor_help() -> String {
    "\
Exit statuses:
    0  everything that is required is there
    5  something is missing
   70  the harness itself could not go on"
        .to_owned()
}

fn new_help() -> String {
    "\
Examples:
  daemonlab new first
          Write `scenarios/first.yaml`, and run it: daemonlab run scenarios/first.yaml
  daemonlab new stop --template lifecycle"
        .to_owned()
}

/// Write a scenario.
#[derive(Clone, Debug, clap::Args)]
pub struct NewArgs {
    /// What it is called: its file is `NAME.yaml`
    pub name: String,

    /// What it begins with
    #[arg(
        long,
        value_name = "TEMPLATE",
        value_enum,
        default_value_t,
        env = "DAEMONLAB_TEMPLATE"
    )]
    pub template: Template,

    /// The folder that it is written to, which is made if it is not there
    #[arg(long, value_name = "DIR", default_value = DEFAULT_PATH, env = "DAEMONLAB_DIR")]
    pub dir: PathBuf,
}

/// Print completions.
#[derive(Clone, Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// What a scenario begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// A daemon that detaches: PID file, session, terminal, descriptors
    #[default]
    Detach,
    /// Stopping a daemon by signals, a case a signal
    Lifecycle,
    /// A start-up that a fault makes fail
    Fault,
}

/// Which cases are meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Choice {
    /// Scenario files, and folders with such files [default: scenarios]
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,

    /// Only cases whose id has TEXT in it; several: any of them
    #[arg(
        short,
        long,
        value_name = "TEXT",
        env = "DAEMONLAB_FILTER",
        help_heading = "Which cases"
    )]
    pub filter: Vec<String>,

    /// Only the case with this id; several: any of them
    #[arg(
        long,
        value_name = "ID",
        env = "DAEMONLAB_EXACT",
        help_heading = "Which cases"
    )]
    pub exact: Vec<String>,

    /// No case whose id has TEXT in it
    #[arg(
        long,
        value_name = "TEXT",
        env = "DAEMONLAB_SKIP",
        help_heading = "Which cases"
    )]
    pub skip: Vec<String>,

    /// Only cases with this tag; several: any of them
    #[arg(
        long,
        value_name = "TAG",
        env = "DAEMONLAB_TAG",
        help_heading = "Which cases"
    )]
    pub tag: Vec<String>,

    /// Only a part of what is selected, for machines that share the work: `slice:1/3` takes every
    /// third case, `hash:1/3` goes by the id, so that a case stays where it is when others come
    #[arg(
        long,
        value_name = "PART",
        env = "DAEMONLAB_PARTITION",
        help_heading = "Which cases"
    )]
    pub partition: Option<Partition>,
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

    /// When to use colours
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        env = "DAEMONLAB_COLOR",
        help_heading = "What is reported"
    )]
    pub color: Color,
}

/// Show cases.
#[derive(Clone, Debug, clap::Args)]
pub struct ListArgs {
    /// Which cases.
    #[command(flatten)]
    pub choice: Choice,

    /// One JSON object a line: id, file, line, tags, requires
    #[arg(long, value_parser = BoolishValueParser::new(), env = "DAEMONLAB_JSON")]
    pub json: bool,
}

/// Try what sandboxes need.
#[derive(Clone, Debug, clap::Args)]
pub struct DoctorArgs {
    /// What must not be missing, separated by commas
    #[arg(
        long,
        value_name = "CAPABILITY",
        value_delimiter = ',',
        default_value = "all",
        env = "DAEMONLAB_REQUIRE"
    )]
    pub require: Vec<Requirement>,

    /// One JSON object with every stage
    #[arg(long, value_parser = BoolishValueParser::new(), env = "DAEMONLAB_JSON")]
    pub json: bool,
}

/// What must not be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Requirement {
    /// User namespaces, or root
    Userns,
    /// More than one user id: subordinate ids, or root
    Subuid,
    /// Seccomp user notification, for faults
    SeccompNotify,
    /// All of these
    All,
}

impl Requirement {
    /// Whether it covers a capability.
    pub fn covers(self, capability: Capability) -> bool {
        match self {
            Requirement::Userns => capability == Capability::Userns,
            Requirement::Subuid => capability == Capability::Subuid,
            Requirement::SeccompNotify => capability == Capability::SeccompNotify,
            Requirement::All => true,
        }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> anstream::ColorChoice {
        match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time.is_zero() => Err("it must not be zero".to_owned()),
        Ok(time) => Ok(time),
        Err(error) => Err(format!("{error}; say `10s` or `2m`")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_flag_has_its_variable() {
        for command in Args::command().get_subcommands() {
            for arg in command
                .get_arguments()
                .filter(|arg| arg.get_long().is_some())
            {
                let name = arg.get_long().expect("it was filtered");
                if name == "help" {
                    continue;
                }
                let variable = format!("DAEMONLAB_{}", name.to_uppercase().replace('-', "_"));
                let env = arg.get_env().map(|env| env.to_string_lossy().into_owned());
                assert_eq!(env, Some(variable));
            }
        }
    }

    #[test]
    fn a_folder_after_keep_is_a_path_to_run() {
        let args = Args::parse_from(["daemonlab", "run", "--keep", "scenarios/detach"]);
        let Command::Run(args) = args.command else {
            panic!("{args:?}");
        };
        assert_eq!(args.keep, Some(DEFAULT_KEEP.into()));
        assert_eq!(args.choice.paths, [PathBuf::from("scenarios/detach")]);
    }
}
