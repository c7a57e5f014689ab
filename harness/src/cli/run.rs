//! `daemonlab run`: carries scenarios out and reports.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use anstream::AutoStream;
use indicatif::ProgressBar;

use crate::report::Reporter;
use crate::report::console::{self, Console};
use crate::report::json::Json;
use crate::report::junit::Junit;
use crate::report::keep::Keep;
use crate::report::outlet::Outlet;
use crate::run::jobs::Run;
use crate::run::plan::{Gather, Plan, Planned, Setting, TIMEOUT, Target};
use crate::run::profile::Profile;
use crate::run::real::{self, RealMaker};
use crate::scenario::Capability;

use super::args::{Color, RunArgs};
use super::chosen::{Chosen, Halt, choose};
use super::exit_status::ExitStatus;
use super::{interrupt, target};

/// Runs what the arguments say.
///
/// # Errors
/// What keeps it from running, or from writing its reports.
pub fn run(args: &RunArgs) -> Result<ExitStatus, Halt> {
    let target =
        target::resolve(&args.target).map_err(|error| Halt::new(ExitStatus::Usage, error))?;
    let chosen = choose(&args.choice)?;
    let profile = match &args.profile {
        Some(path) => profile(path, &chosen.ids)?,
        None => Profile::default(),
    };
    let mut reporters = Reporters::open(args, &chosen)?;
    let plan = plan(args, target, chosen, &profile)?;
    let run = Run::new();
    interrupt::stop_on_signals(run.stopper()).map_err(|error| {
        Halt::new(
            ExitStatus::Internal,
            format!("cannot handle signals: {error}"),
        )
    })?;
    let keep = args.keep.clone();
    let summary = run.carry_out(
        plan,
        move || RealMaker::start(keep.clone()),
        |event| reporters.event(event),
    );
    match reporters.failed {
        Some(message) => Err(Halt::new(ExitStatus::Internal, message)),
        None => Ok(ExitStatus::of_run(&summary)),
    }
}

fn plan(args: &RunArgs, target: Target, chosen: Chosen, profile: &Profile) -> Result<Plan, Halt> {
    let Chosen { cases, ids } = chosen;
    let (_, missing) = real::missing().map_err(|error| Halt::new(ExitStatus::Internal, error))?;
    let required: Vec<Capability> = Capability::ALL
        .into_iter()
        .filter(|capability| args.require.iter().any(|r| r.covers(*capability)))
        .collect();
    let filtered_out = ids.len() - cases.len();
    let cases = cases
        .into_iter()
        .map(|case| Planned {
            fate: missing.fate(&case, &required),
            deviation: profile.deviation(&case.id).cloned(),
            case,
        })
        .collect();
    Ok(Plan {
        cases,
        filtered_out,
        jobs: jobs(args.jobs),
        setting: Setting {
            target,
            timeout: TIMEOUT,
            timeout_for_all: args.timeout,
            gather: match args.keep {
                Some(_) => Gather::Always,
                None => Gather::OnFailure,
            },
        },
    })
}

fn profile(path: &Path, ids: &[String]) -> Result<Profile, Halt> {
    let shown = path.display().to_string();
    if !path.exists() {
        return Err(Halt::new(
            ExitStatus::Usage,
            format!("there is no profile `{shown}`"),
        ));
    }
    let profile = Profile::load(path, &shown).map_err(|wrong| Halt::from(&wrong))?;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    profile.check(&ids).map_err(|wrong| Halt::from(&wrong))?;
    Ok(profile)
}

fn jobs(wanted: Option<NonZeroUsize>) -> usize {
    let wanted = wanted.or_else(|| thread::available_parallelism().ok());
    wanted.map_or(1, NonZeroUsize::get)
}

/// Every report of a run. One that cannot be written keeps the others going.
struct Reporters {
    all: Vec<(String, Box<dyn Reporter>)>,
    failed: Option<String>,
}

impl Reporters {
    fn open(args: &RunArgs, chosen: &Chosen) -> Result<Reporters, Halt> {
        let mut all: Vec<(String, Box<dyn Reporter>)> = Vec::new();
        // Before the console, so that all is written down when it says the end.
        if let Some(path) = &args.report_json {
            all.push((
                path.display().to_string(),
                Box::new(Json::new(create(path)?)),
            ));
        }
        if let Some(path) = &args.report_junit {
            let to = BufWriter::new(create(path)?);
            all.push((path.display().to_string(), Box::new(Junit::new(to))));
        }
        if let Some(folder) = &args.keep {
            let ids = chosen.cases.iter().map(|case| case.id.as_str());
            let keep = Keep::new(folder, ids).map_err(|error| cannot_write(folder, &error))?;
            all.push((folder.display().to_string(), Box::new(keep)));
        }
        let out = Outlet::new(AutoStream::new(io::stdout(), args.color.into()));
        let console = Console::new(out, bar(args.color));
        all.push(("stdout".to_owned(), Box::new(console)));
        Ok(Reporters { all, failed: None })
    }

    fn event(&mut self, event: &crate::run::event::RunEvent) {
        for (name, reporter) in &mut self.all {
            if let Err(error) = reporter.event(event) {
                let message = format!("cannot write to `{name}`: {error}");
                self.failed.get_or_insert(message);
            }
        }
    }
}

fn bar(color: Color) -> ProgressBar {
    let terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
    if terminal && std::env::var_os("CI").is_none() && color != Color::Never {
        console::bar()
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
