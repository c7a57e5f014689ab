//! From scenario files to a test for each case.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use clap::ValueEnum;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::case::planned::{Fate, Planned};
use crate::case::setting::{Gather, Setting, TIMEOUT};
use crate::cli::args::{Requirement, Where};
use crate::cli::target;
use crate::run::planner::Planner;
use crate::run::profile::Profile;
use crate::run::real;
use crate::run::select::{self, Found};
use crate::scenario::{Capability, Case};
use crate::world::WorldKind;
use crate::world::sim::Programs;
use crate::world::spec::Trace;

use super::hook::hook;
use super::options::Suite;
use super::trial::{self, Common};

/// The exit status of a failed test target, as Rust's own harness has it.
const FAILED: u8 = 101;

/// The `main` of a test target. It is a helper of sandboxes as well, so it must
/// be all of `main`.
pub fn main(suite: &Suite) -> ExitCode {
    if let Some(status) = hook() {
        return status;
    }
    let args = Arguments::from_args();
    match trials(suite, &args) {
        Ok(trials) => libtest_mimic::run(&args, trials).exit_code(),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(FAILED)
        }
    }
}

/// A test for each case, in the order of their ids.
fn trials(suite: &Suite, args: &Arguments) -> Result<Vec<Trial>, String> {
    let files = files(suite)?;
    let files = wanted(files, args);
    let scenarios = select::load(&files).map_err(|error| error.to_string())?;
    let cases: Vec<Case> = scenarios
        .into_iter()
        .flat_map(|scenario| scenario.cases)
        .collect();
    let worlds = worlds(suite)?;
    let names = || {
        let each = cases.iter();
        each.flat_map(|case| worlds.iter().map(|world| world.name_of(&case.id)))
    };
    if !names().any(|name| selected(&name, args)) {
        return Ok(names().map(never).collect());
    }
    let profile = profile(suite, &cases)?;
    let setting = setting(suite)?;
    let requirements = requirements()?;
    let required: Vec<Capability> = Capability::ALL
        .into_iter()
        .filter(|capability| requirements.iter().any(|r| r.covers(*capability)))
        .collect();
    // While listing, so that both `cargo test` and nextest count what cannot
    // run here as ignored: a test that finds out when it runs has passed, for
    // nextest.
    let (missing, warm) = match worlds.contains(&WorldKind::Real) {
        true => real::survey(&cases, &setting.target).map_err(|error| error.to_string())?,
        false => <_>::default(),
    };
    let programs = programs(suite, &setting);
    let planner = Planner {
        worlds,
        missing: &missing,
        required: &required,
        sim_required: requirements.contains(&Requirement::Sim),
        target: &setting.target.path,
        programs: &programs,
        profile: &profile,
    };
    let strict = Planner {
        required: &Capability::ALL,
        sim_required: true,
        ..planner
    };
    // Who asks for ignored tests gets them run, and sees them fail.
    let asked = args.ignored || args.include_ignored;
    let trials = cases.iter().flat_map(|case| {
        let usual = planner.plan(case).into_iter();
        usual.zip(strict.plan(case))
    });
    let planned: Vec<(Planned, bool)> = trials
        .map(|(usual, strict)| {
            let skipped = matches!(usual.fate, Fate::Skip(_));
            let planned = if asked { strict } else { usual };
            (planned, skipped && (asked || args.list))
        })
        .collect();
    let common = Arc::new(Common {
        setting,
        programs,
        warm,
    });
    let tests = planned.into_iter();
    Ok(tests
        .map(|(planned, ignored)| test(planned, &common).with_ignored_flag(ignored))
        .collect())
}

/// Where the cases run: what `DAEMONLAB_WORLD` says, or else the macro.
fn worlds(suite: &Suite) -> Result<&'static [WorldKind], String> {
    let place = match env::var("DAEMONLAB_WORLD") {
        Ok(name) => Where::from_str(&name, false).map_err(|_| {
            format!("DAEMONLAB_WORLD names `{name}`\n  = help: it can name real, sim, or both")
        })?,
        Err(_) => suite.place(),
    };
    Ok(place.worlds())
}

/// The programs of the simulated world: `labd`, and what stands for the target.
fn programs(suite: &Suite, setting: &Setting) -> Programs {
    let embedded = Programs::embedded();
    match suite.simulated_program() {
        Some(program) => embedded.with(&setting.target.path, program),
        None => embedded,
    }
}

/// The files below the root; that there are none is a mistake in the macro.
fn files(suite: &Suite) -> Result<Vec<Found>, String> {
    let folder = suite.folder();
    let prefix = suite.prefix();
    let found = select::find(std::slice::from_ref(&folder)).map_err(|error| error.to_string())?;
    if found.is_empty() {
        return Err(format!(
            "there is no scenario file in `{}`\n  = help: name the folder in `scenarios!(root = …)` from the folder of Cargo.toml",
            folder.display()
        ));
    }
    let with_prefix = found.into_iter().map(|file| {
        let below = file.path.strip_prefix(&folder).unwrap_or(&file.path);
        Found {
            id: prefix.join(below).to_string_lossy().into_owned(),
            path: file.path,
        }
    });
    Ok(with_prefix.collect())
}

/// Only the file of the one test that is asked for, if one is: nextest asks for
/// each test in a process of its own, which should not read all the others.
fn wanted(files: Vec<Found>, args: &Arguments) -> Vec<Found> {
    match &args.filter {
        Some(id) if args.exact => {
            let of = id.split_once("::").map_or(id.as_str(), |(file, _)| file);
            files.into_iter().filter(|file| file.id == of).collect()
        }
        _ => files,
    }
}

/// Whether the arguments let a case through, as libtest-mimic understands them.
fn selected(name: &str, args: &Arguments) -> bool {
    let matches = |text: &String| match args.exact {
        true => name == *text,
        false => name.contains(text.as_str()),
    };
    args.filter.as_ref().is_none_or(matches) && !args.skip.iter().any(matches)
}

/// A test that is filtered out, for the count.
fn never(name: String) -> Trial {
    Trial::test(name, || Err("it was filtered out".into()))
}

fn test(planned: Planned, common: &Arc<Common>) -> Trial {
    let id = planned.case.id.clone();
    match planned.fate.clone() {
        Fate::Run => {
            let common = Arc::clone(common);
            Trial::test(id, move || trial::run(&planned, &common))
        }
        Fate::Missing(reason) => Trial::test(id, move || Err(Failed::from(reason))),
        // The flag is all that a list can show, and all that nextest needs.
        // When it is run by `cargo test`, the reason can be told as well.
        Fate::Skip(reason) => {
            Trial::ignorable_test(id, move || Ok(Completion::ignored_with(reason)))
        }
    }
}

fn setting(suite: &Suite) -> Result<Setting, String> {
    Ok(Setting {
        target: target::resolve(suite.program().unwrap_or(target::EMBEDDED))?,
        timeout: TIMEOUT,
        timeout_for_all: None,
        gather: Gather::OnFailure,
        trace: Trace::Off,
    })
}

fn profile(suite: &Suite, cases: &[Case]) -> Result<Profile, String> {
    let Some(path) = suite.profile_path() else {
        return Ok(Profile::default());
    };
    let shown = path.to_string_lossy();
    let profile = Profile::load(&path, &shown).map_err(|wrong| wrong.to_string())?;
    let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    profile.check(&ids).map_err(|wrong| wrong.to_string())?;
    Ok(profile)
}

/// What `DAEMONLAB_REQUIRE` forbids to be missing.
fn requirements() -> Result<Vec<Requirement>, String> {
    let text = env::var("DAEMONLAB_REQUIRE").unwrap_or_default();
    let names = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names
        .map(|name| {
            Requirement::from_str(name, false).map_err(|_| {
                format!("DAEMONLAB_REQUIRE names `{name}`\n  = help: it can name userns, subuid, ptrace, virtual-time, sim, or all")
            })
        })
        .collect()
}
