//! `daemonlab run`: carries scenarios out and reports.

use std::io::Write;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::Path;

use crate::case::planned::Fate;
use crate::case::setting::{Gather, Setting, TIMEOUT, Target};
use crate::explore::regression::Exploration;
use crate::report::outlet::Outlet;
use crate::run::fate::Missing;
use crate::run::jobs::Run;
use crate::run::plan::{Plan, Policy};
use crate::run::planner::Planner;
use crate::run::profile::Profile;
use crate::run::real;
use crate::run::worlds::Worlds;
use crate::scenario::Capability;
use crate::world::WorldKind;
use crate::world::sim::Programs;
use crate::world::spec::Trace;

use super::args::{Color, Requirement, RunArgs};
use super::chosen::{Chosen, Halt, choose};
use super::exit_status::ExitStatus;
use super::jobs::jobs;
use super::reporters::Reporters;
use super::{interrupt, target};

/// Runs what the arguments say.
///
/// # Errors
/// What keeps it from running, or from writing its reports.
pub fn run(args: &RunArgs, color: Color) -> Result<ExitStatus, Halt> {
    let target =
        target::resolve(&args.target).map_err(|error| Halt::new(ExitStatus::Usage, error))?;
    let chosen = choose(&args.choice)?;
    let profile = match &args.profile {
        Some(path) => profile(path, &chosen.ids)?,
        None => Profile::default(),
    };
    let selected = chosen.selected * args.world.worlds().len();
    let (missing, warm) = match args.world.worlds().contains(&WorldKind::Real) {
        true => real::survey(&chosen.cases, &target)
            .map_err(|error| Halt::new(ExitStatus::Internal, error))?,
        false => <_>::default(),
    };
    let plan = plan(args, target, chosen, &profile, &missing);
    if args.dry_run {
        return dry_run(&plan);
    }
    let mut reporters = Reporters::open(args, color, &plan, selected)?;
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
        move || {
            let (warm, keep) = (warm.clone(), keep.clone());
            Ok(Worlds::new(warm, keep, Programs::embedded()))
        },
        |event| reporters.event(event),
    );
    match reporters.failed {
        Some(message) => Err(Halt::new(ExitStatus::Internal, message)),
        None => Ok(ExitStatus::of_run(&summary)),
    }
}

fn plan(
    args: &RunArgs,
    target: Target,
    chosen: Chosen,
    profile: &Profile,
    missing: &Missing,
) -> Plan {
    let Chosen { cases, ids, .. } = chosen;
    let worlds = args.world.worlds();
    let required: Vec<Capability> = Capability::ALL
        .into_iter()
        .filter(|capability| args.require.iter().any(|r| r.covers(*capability)))
        .collect();
    let filtered_out = (ids.len() - cases.len()) * worlds.len();
    let planner = Planner {
        worlds,
        missing,
        required: &required,
        sim_required: args.require.contains(&Requirement::Sim),
        target: &target.path,
        programs: &Programs::embedded(),
        profile,
    };
    let cases = cases.iter().flat_map(|case| planner.plan(case)).collect();
    let once = Plan {
        cases,
        filtered_out,
        jobs: if args.no_capture {
            1
        } else {
            jobs(args.jobs).get()
        },
        policy: Policy {
            max_fail: if args.fail_fast {
                Some(NonZeroUsize::MIN)
            } else {
                args.max_fail
            },
            retries: args.retries,
        },
        setting: Setting {
            trace: Trace::Off,
            target,
            timeout: TIMEOUT,
            timeout_for_all: args.timeout,
            gather: if args.keep.is_some() || args.no_capture {
                Gather::Always
            } else {
                Gather::OnFailure
            },
        },
        explore: args.explore.map(|preemptions| Exploration {
            preemptions,
            most: args.explore_runs.map(NonZeroU64::get),
            time: args.explore_for,
            programs: Programs::embedded(),
            schedules: args.schedules.clone(),
            target: args.target.clone(),
        }),
    };
    match args.stress_count {
        Some(times) => once.repeated(times),
        None => once,
    }
}

/// Says what the plan would do with each case.
fn dry_run(plan: &Plan) -> Result<ExitStatus, Halt> {
    let mut out = Outlet::new(std::io::stdout().lock());
    for planned in &plan.cases {
        let id = &planned.case.id;
        match &planned.fate {
            Fate::Run => writeln!(out, "run   {id}"),
            Fate::Skip(reason) => writeln!(out, "skip  {id}: {reason}"),
            Fate::Missing(reason) => writeln!(out, "fail  {id}: {reason}"),
        }
        .map_err(|error| {
            Halt::new(
                ExitStatus::Internal,
                format!("cannot write to stdout: {error}"),
            )
        })?;
    }
    Ok(ExitStatus::Passed)
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
