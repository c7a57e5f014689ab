//! From scenario files to a test for each case.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use clap::ValueEnum;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::cli::args::Requirement;
use crate::cli::target;
use crate::run::fate::Missing;
use crate::run::plan::{Fate, Gather, Planned, Setting, TIMEOUT};
use crate::run::profile::Profile;
use crate::run::real;
use crate::run::select::{self, Found};
use crate::scenario::{Capability, Case};

use super::hook::hook;
use super::options::Suite;
use super::trial;

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
    if !cases.iter().any(|case| selected(case, args)) {
        return Ok(cases.into_iter().map(never).collect());
    }
    let profile = profile(suite, &cases)?;
    let setting = Arc::new(setting(suite)?);
    let required = required()?;
    // While listing, so that both `cargo test` and nextest count what cannot
    // run here as ignored: a test that finds out when it runs has passed, for
    // nextest.
    let (_, missing) = real::missing().map_err(|error| error.to_string())?;
    let trials = cases.into_iter().map(|case| {
        let planned = Planned {
            fate: missing.fate(&case, &required),
            deviation: profile.deviation(&case.id).cloned(),
            case,
        };
        test(planned, Arc::clone(&setting), &missing, args)
    });
    Ok(trials.collect())
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
fn selected(case: &Case, args: &Arguments) -> bool {
    let matches = |text: &String| match args.exact {
        true => case.id == *text,
        false => case.id.contains(text.as_str()),
    };
    args.filter.as_ref().is_none_or(matches) && !args.skip.iter().any(matches)
}

/// A test that is filtered out, for the count.
fn never(case: Case) -> Trial {
    Trial::test(case.id, || Err("it was filtered out".into()))
}

fn test(planned: Planned, setting: Arc<Setting>, missing: &Missing, args: &Arguments) -> Trial {
    let id = planned.case.id.clone();
    match planned.fate.clone() {
        Fate::Run => Trial::test(id, move || trial::run(&planned, &setting)),
        Fate::Missing(reason) => Trial::test(id, move || Err(Failed::from(reason))),
        // Who asks for ignored tests gets them run, and sees them fail.
        Fate::Skip(_) if args.ignored || args.include_ignored => {
            let everything: Vec<Capability> = Capability::ALL.into();
            let fate = missing.fate(&planned.case, &everything);
            Trial::test(id, move || match fate {
                Fate::Missing(reason) => Err(Failed::from(reason)),
                _ => trial::run(&planned, &setting),
            })
            .with_ignored_flag(true)
        }
        // The flag is all that a list can show, and all that nextest needs.
        // When it is run by `cargo test`, the reason can be told as well.
        Fate::Skip(reason) => {
            Trial::ignorable_test(id, move || Ok(Completion::ignored_with(reason)))
                .with_ignored_flag(args.list)
        }
    }
}

fn setting(suite: &Suite) -> Result<Setting, String> {
    Ok(Setting {
        target: target::resolve(suite.program().unwrap_or(target::EMBEDDED))?,
        timeout: TIMEOUT,
        timeout_for_all: None,
        gather: Gather::OnFailure,
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
fn required() -> Result<Vec<Capability>, String> {
    let text = env::var("DAEMONLAB_REQUIRE").unwrap_or_default();
    let names = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let requirements = names
        .map(|name| {
            Requirement::from_str(name, false).map_err(|_| {
                format!("DAEMONLAB_REQUIRE names `{name}`\n  = help: it can name userns, subuid, ptrace, or all")
            })
        })
        .collect::<Result<Vec<Requirement>, String>>()?;
    Ok(Capability::ALL
        .into_iter()
        .filter(|capability| requirements.iter().any(|r| r.covers(*capability)))
        .collect())
}
