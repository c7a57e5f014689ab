//! Every expectation of the packs is red where it must be.
//!
//! An expectation that nothing turns red says nothing. So each scenario is run
//! in a world that tells the truth but for one fact, at one step: what a
//! daemon would show that is wrong in just that (see [`table`]). For each
//! expectation, at its place in its file, one of these lies must be told off
//! there, line and column; one that none of them turns red fails this test.
//!
//! Most of it happens in the simulated world, in milliseconds. What that cannot
//! run is run in the real one.

mod events;
mod expectations;
mod lie;
mod table;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use daemonlab_harness::case;
use daemonlab_harness::case::outcome::Verdict;
use daemonlab_harness::case::planned::{Fate, Planned};
use daemonlab_harness::case::setting::{Gather, Setting, TIMEOUT};
use daemonlab_harness::case::stop::Stop;
use daemonlab_harness::cli::target;
use daemonlab_harness::run::fate::Missing;
use daemonlab_harness::run::planner::Planner;
use daemonlab_harness::run::profile::Profile;
use daemonlab_harness::run::real::{self, Warm};
use daemonlab_harness::run::select::{self, Found};
use daemonlab_harness::run::worlds::Worlds;
use daemonlab_harness::scenario::{Case, Scenario};
use daemonlab_harness::suite;
use daemonlab_harness::world::WorldKind;
use daemonlab_harness::world::sim::Programs;
use daemonlab_harness::world::spec::Trace;
use expectations::{Expectation, of_case};
use libtest_mimic::{Arguments, Failed, Trial};
use world::{Liars, Plot};

fn main() -> ExitCode {
    // Real worlds are helped by this executable.
    if let Some(status) = suite::hook() {
        return status;
    }
    let mut arguments = Arguments::from_args();
    // In the real world a case mostly waits.
    arguments.test_threads = arguments.test_threads.or(Some(6));
    let files = match packs() {
        Ok(files) => files,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = vec![Trial::test(
        "an expectation that says nothing is found",
        what_says_nothing_is_found,
    )];
    let here = Arc::new(Here::default());
    trials.extend(files.into_iter().map(|file| {
        let (name, here) = (file.id.clone(), Arc::clone(&here));
        let homeless = here.lacks(&file);
        Trial::test(name, move || check(&file, &here)).with_ignored_flag(homeless)
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn packs() -> Result<Vec<Found>, String> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder: PathBuf = root.join("scenarios");
    let found = select::find(std::slice::from_ref(&folder)).map_err(|error| error.to_string())?;
    let named = found.into_iter().map(|file| {
        let below = file.path.strip_prefix(&folder).unwrap_or(&file.path);
        Found {
            id: Path::new("scenarios").join(below).display().to_string(),
            path: file.path,
        }
    });
    Ok(named.collect())
}

fn what_says_nothing_is_found() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("nothing.yaml");
    let text = "version: 1
steps:
  - launch: {id: start, command: [\"${target}\", --help], within: 5s, expect: {exit: 0, stdout: {matches: \".*\"}}}
  - check: {sandbox: {}, within: 0s, expect: {count: {ge: 0}}}
";
    std::fs::write(&path, text)?;
    let id = "nothing.yaml".to_owned();
    match check(&Found { id, path }, &Here::default()) {
        Err(failed) => {
            let message = failed.message().unwrap_or_default().to_owned();
            let told = ["3:105: stdout", "4:59: count"];
            if told.iter().all(|place| message.contains(place)) && !message.contains("exit") {
                return Ok(());
            }
            Err(format!("these alone say nothing: {told:?}\n{message}").into())
        }
        Ok(()) => Err("both were red".into()),
    }
}

/// Lies about each expectation of a file until it has been red.
fn check(file: &Found, here: &Here) -> Result<(), Failed> {
    let scenarios = select::load(std::slice::from_ref(file)).map_err(|error| error.to_string())?;
    let mut wanted = Vec::new();
    for scenario in &scenarios {
        wanted.extend(all_of(scenario));
        for case in &scenario.cases {
            lie_about(case, &mut wanted, here)?;
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = wanted
        .iter()
        .map(|left| format!("{}:{left}", file.id))
        .collect();
    Err(format!(
        "no lie turns these expectations red:\n  {}\nadd a lie to harness/tests/liars/table.rs that a wrong daemon could make true, or mend the expectation",
        names.join("\n  ")
    )
    .into())
}

/// The expectations of a file, each once: cases share their steps.
fn all_of(scenario: &Scenario) -> Vec<Expectation> {
    let mut all: Vec<Expectation> = Vec::new();
    for expectation in scenario.cases.iter().flat_map(of_case) {
        if !all.iter().any(|known| known.place == expectation.place) {
            all.push(expectation);
        }
    }
    all
}

/// Runs the case with one lie after another, and takes off `wanted` what was red.
fn lie_about(case: &Case, wanted: &mut Vec<Expectation>, here: &Here) -> Result<(), Failed> {
    let planned = here.plan(case)?;
    for expectation in of_case(case) {
        if !wanted.iter().any(|left| left.place == expectation.place) {
            continue;
        }
        for lie in table::lies(&expectation) {
            let plot = Plot::new(expectation.step, lie);
            if reds(&planned, &plot)?.contains(&expectation.place) {
                wanted.retain(|left| left.place != expectation.place);
                break;
            }
        }
    }
    Ok(())
}

/// This machine.
#[derive(Default)]
struct Here {
    /// What its real world lacks; looked for when a case needs it.
    missing: OnceLock<Result<Missing, String>>,
}

impl Here {
    /// Whether a case of the file can run in neither world.
    fn lacks(&self, file: &Found) -> bool {
        let scenarios = select::load(std::slice::from_ref(file)).unwrap_or_default();
        let mut cases = scenarios.iter().flat_map(|scenario| &scenario.cases);
        cases.any(|case| self.plan(case).is_err())
    }

    /// The case in the simulated world, or in the real one if it has to be.
    fn plan(&self, case: &Case) -> Result<Planned, String> {
        let simulated = planned(case, WorldKind::Sim, &Missing::default());
        if let Some(planned) = simulated.filter(|planned| planned.fate == Fate::Run) {
            return Ok(planned);
        }
        let missing = self
            .missing
            .get_or_init(|| match real::missing() {
                Ok((_, missing)) => Ok(missing),
                Err(error) => Err(error.to_string()),
            })
            .as_ref()?;
        match planned(case, WorldKind::Real, missing) {
            Some(planned) if planned.fate == Fate::Run => Ok(planned),
            other => Err(format!("{} runs in no world here: {other:?}", case.id)),
        }
    }
}

fn planned(case: &Case, world: WorldKind, missing: &Missing) -> Option<Planned> {
    let planner = Planner {
        worlds: &[world],
        missing,
        required: &[],
        sim_required: false,
        target: &target::embedded().path,
        programs: &Programs::embedded(),
        profile: &Profile::default(),
    };
    planner.plan(case).into_iter().next()
}

/// Where the case is red with this lie: lines and columns.
fn reds(planned: &Planned, plot: &Plot) -> Result<Vec<(usize, usize)>, Failed> {
    let setting = Setting {
        target: target::embedded(),
        timeout: TIMEOUT,
        timeout_for_all: None,
        gather: Gather::Never,
        trace: Trace::Off,
    };
    let mut maker = Liars {
        worlds: Worlds::new(Warm::default(), None, Programs::embedded()),
        plot,
    };
    let mut tell = |begun| plot.hear(&begun);
    let (verdict, _) = case::run(planned, &setting, &mut maker, &Stop::default(), &mut tell);
    match verdict {
        Verdict::Passed => Ok(Vec::new()),
        Verdict::Failed { failures } => {
            let places = failures.into_iter().map(|red| (red.line, red.column));
            Ok(places.collect())
        }
        other => Err(format!("{} ended as {other:?}", planned.case.id).into()),
    }
}
