//! `daemonlab run`: carries scenarios out and reports.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use crate::run::jobs::Run;
use crate::run::plan::{Gather, Plan, Planned, Setting, TIMEOUT, Target};
use crate::run::profile::Profile;
use crate::run::real::{self, RealMaker};
use crate::scenario::Capability;

use super::args::RunArgs;
use super::chosen::{Chosen, Halt, choose};
use super::exit_status::ExitStatus;
use super::reporters::Reporters;
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
