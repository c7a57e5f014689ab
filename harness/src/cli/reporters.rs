//! The reports that the arguments ask for.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anstream::AutoStream;
use daemonlab::explore::shell::word;
use indicatif::ProgressBar;

use crate::report::Reporter;
use crate::report::console::{Console, Output};
use crate::report::github::GitHub;
use crate::report::json::Json;
use crate::report::junit::Junit;
use crate::report::keep::Keep;
use crate::report::markdown::Markdown;
use crate::report::outlet::Outlet;
use crate::report::progress;
use crate::report::tap::Tap;
use crate::run::plan::Plan;

use super::args::{Color, RunArgs};
use super::chosen::Halt;
use super::exit_status::ExitStatus;
use super::target::EMBEDDED;

/// What GitHub takes as the summary of a step: 1 MiB.
const STEP_SUMMARY: u64 = 1024 * 1024;

/// Every report of a run. One that cannot be written keeps the others going.
pub(super) struct Reporters {
    all: Vec<(String, Box<dyn Reporter>)>,
    /// The first report that could not be written, and why.
    pub(super) failed: Option<String>,
}

impl Reporters {
    /// Opens all of them, before anything runs.
    ///
    /// # Errors
    /// Exit status 2 for a file or folder that cannot be written.
    pub(super) fn open(
        args: &RunArgs,
        color: Color,
        plan: &Plan,
        selected: usize,
    ) -> Result<Reporters, Halt> {
        let mut all: Vec<(String, Box<dyn Reporter>)> = Vec::new();
        // Before the console, so that all is written down when it says the end.
        if let Some(path) = &args.report_json {
            all.push((
                path.display().to_string(),
                Box::new(Json::new(create(path)?)),
            ));
        }
        if let Some(path) = &args.report_junit {
            let mut report = Junit::new(BufWriter::new(create(path)?));
            if let Some(part) = args.choice.partition {
                let repeated = args.stress_count.map_or(1, NonZeroUsize::get);
                report = report.part(part, selected * repeated);
            }
            all.push((path.display().to_string(), Box::new(report)));
        }
        if let Some(path) = &args.report_tap {
            all.push((
                path.display().to_string(),
                Box::new(Tap::new(create(path)?)),
            ));
        }
        if let Some(path) = &args.report_markdown {
            let report = Markdown::new(create(path)?, usize::MAX);
            all.push((path.display().to_string(), Box::new(report)));
        }
        let github = args.report_github.unwrap_or_else(on_github);
        if github && let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY") {
            let path = PathBuf::from(path);
            all.push((path.display().to_string(), Box::new(step_summary(&path)?)));
        }
        if let Some(folder) = &args.keep {
            let ids = plan.cases.iter().map(|planned| planned.case.id.as_str());
            let keep = Keep::new(folder, ids).map_err(|error| cannot_write(folder, &error))?;
            all.push((folder.display().to_string(), Box::new(keep)));
        }
        let output = if args.no_capture {
            Output::OfAll
        } else {
            Output::OfFailures
        };
        let out = Outlet::new(AutoStream::new(io::stdout(), color.into()));
        let console = Console::new(out, bar(color), output).with_flags(flags(args));
        let stdout: Box<dyn Reporter> = if github {
            let to = Outlet::new(io::stdout());
            let report = GitHub::new(console, to, &folder_in_repository()).map_err(|error| {
                Halt::new(
                    ExitStatus::Internal,
                    format!("cannot make a token for `--report-github`: {error}"),
                )
            })?;
            Box::new(report)
        } else {
            Box::new(console)
        };
        all.push(("stdout".to_owned(), stdout));
        Ok(Reporters { all, failed: None })
    }

    /// Passes an event on to all of them.
    pub(super) fn event(&mut self, event: &crate::run::event::RunEvent) {
        for (name, reporter) in &mut self.all {
            if let Err(error) = reporter.event(event) {
                let message = format!("cannot write to `{name}`: {error}");
                self.failed.get_or_insert(message);
            }
        }
    }
}

fn on_github() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// The working directory as seen from the repository, which annotations name
/// their files from.
fn folder_in_repository() -> PathBuf {
    let real = |path: PathBuf| path.canonicalize().ok();
    let here = std::env::current_dir().ok().and_then(real);
    let root = std::env::var_os("GITHUB_WORKSPACE").and_then(|root| real(root.into()));
    match (here, root) {
        (Some(here), Some(root)) => here.strip_prefix(root).unwrap_or(Path::new("")).into(),
        _ => PathBuf::new(),
    }
}

/// Adds to the summary of the step what there is room for.
fn step_summary(path: &Path) -> Result<Markdown<File>, Halt> {
    let file = File::options().create(true).append(true).open(path);
    let room = file.and_then(|file| {
        let used = file.metadata()?.len();
        Ok((file, STEP_SUMMARY.saturating_sub(used)))
    });
    let (file, room) = room.map_err(|error| cannot_write(path, &error))?;
    Ok(Markdown::new(
        file,
        usize::try_from(room).unwrap_or(usize::MAX),
    ))
}

fn bar(color: Color) -> ProgressBar {
    let terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
    if terminal && std::env::var_os("CI").is_none() && color != Color::Never {
        progress::bar()
    } else {
        ProgressBar::hidden()
    }
}

fn create(path: &Path) -> Result<File, Halt> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| File::create(path))
        .map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &io::Error) -> Halt {
    let path = path.display();
    Halt::new(
        ExitStatus::Usage,
        format!("cannot write to `{path}`: {error}"),
    )
}

/// What the arguments say of the target, for a line that runs a case again.
fn flags(args: &RunArgs) -> String {
    let mut flags = String::new();
    if args.target != EMBEDDED {
        flags += &format!(" --target {}", word(&args.target));
    }
    if let Some(profile) = &args.profile {
        flags += &format!(" --profile {}", word(&profile.to_string_lossy()));
    }
    flags
}
