//! What a search finds, and how far each part of it goes, does not depend on how
//! many of its parts are explored at a time; where chance breaks it, it goes on.
//!
//! Its own `main`: what explores starts this executable again, as its helpers.

mod c_programs;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use daemonlab::explore::{Report, Stop as Cause, Timers};
use daemonlab_harness::case::planned::{Fate, Planned};
use daemonlab_harness::case::setting::{Gather, Setting, TIMEOUT};
use daemonlab_harness::case::stop::Stop;
use daemonlab_harness::cli::target;
use daemonlab_harness::explore::faults::Faults;
use daemonlab_harness::explore::processes::Processes;
use daemonlab_harness::explore::processes::hunt::{Hunt, Tactic};
use daemonlab_harness::explore::processes::search::{Searched, search};
use daemonlab_harness::run::real;
use daemonlab_harness::scenario;
use daemonlab_harness::suite;
use daemonlab_harness::world::WorldKind;
use daemonlab_harness::world::sim::Grain;
use daemonlab_harness::world::spec::Trace;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// What is searched, and how.
struct Search {
    name: &'static str,
    /// Source and scenario, but for their endings: a race of `explore_races`, mostly.
    program: &'static str,
    /// What it is compiled with.
    defines: &'static [&'static str],
    tactic: Tactic,
    runs: u64,
    breaks: bool,
}

const SEARCHES: [Search; 6] = [
    Search {
        name: "holds_and_parts_are_exhausted",
        program: "explore_races/programs/check_then_pause",
        defines: &["-DFIXED"],
        tactic: Tactic::Mixed,
        runs: 90,
        breaks: false,
    },
    Search {
        name: "holds_with_too_few_executions_for_all_parts",
        program: "explore_races/programs/late_handler",
        defines: &["-DFIXED"],
        tactic: Tactic::Mixed,
        runs: 3,
        breaks: false,
    },
    Search {
        name: "breaks_in_the_first_part",
        program: "explore_races/programs/late_handler",
        defines: &[],
        tactic: Tactic::Mixed,
        runs: 60,
        breaks: true,
    },
    Search {
        name: "breaks_in_a_later_part",
        program: "explore_races/programs/two_starts",
        defines: &[],
        tactic: Tactic::Mixed,
        runs: 40,
        breaks: true,
    },
    Search {
        name: "breaks_in_a_share_of_what_is_drawn",
        program: "explore_races/programs/late_cleaning",
        defines: &[],
        tactic: Tactic::Pct,
        runs: 60,
        breaks: true,
    },
    Search {
        name: "holds_in_shares_drawn_step_by_step",
        program: "explore_races/programs/late_handler",
        defines: &["-DFIXED"],
        tactic: Tactic::Random,
        runs: 60,
        breaks: false,
    },
];

/// What breaks now and then in any order.
const CHANCE: Search = Search {
    name: "what_chance_breaks_ends_no_part",
    program: "explore_jobs/chance",
    defines: &[],
    tactic: Tactic::Mixed,
    runs: 60,
    breaks: false,
};

fn main() -> ExitCode {
    if let Some(status) = suite::hook() {
        return status;
    }
    let mut arguments = Arguments::from_args();
    // Each has threads of its own.
    arguments.test_threads = arguments.test_threads.or(Some(1));
    let (_, missing) = real::missing().expect("the machine can be asked");
    let alike = SEARCHES
        .into_iter()
        .map(|search| (search, alike as fn(&Search, &Planned) -> _));
    let searches = alike.chain([(CHANCE, goes_on as fn(&Search, &Planned) -> _)]);
    let trials = searches.map(|(search, check)| {
        let planned = planned(&search);
        match missing.fate(&planned.case, &[]) {
            Fate::Run => Trial::test(search.name, move || check(&search, &planned)),
            Fate::Skip(why) | Fate::Missing(why) => {
                Trial::ignorable_test(search.name, move || Ok(Completion::ignored_with(why)))
            }
        }
    });
    let panics = Trial::test("a_panic_is_an_error", a_panic_is_an_error);
    let trials = trials.chain([panics]).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn planned(search: &Search) -> Planned {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let file = tests.join(format!("{}.yaml", search.program));
    let text = fs::read_to_string(file).expect("it is there");
    let mut scenario = scenario::parse("s.yaml", &text, &tests).expect("it is valid");
    Planned {
        case: scenario.cases.remove(0),
        world: WorldKind::Real,
        fate: Fate::Run,
        deviation: None,
    }
}

/// One job after the other, then two and five at a time.
fn alike(wanted: &Search, planned: &Planned) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let program = compiled(wanted, folder.path());
    let alone = searched(wanted, planned, &program, 1)?;
    if alone.found.is_some() != wanted.breaks {
        return Err(format!("{alone:#?}").into());
    }
    for jobs in [2, 5] {
        let together = searched(wanted, planned, &program, jobs)?;
        if told(&together) != told(&alone) {
            return Err(format!("{jobs} jobs: {together:#?}\none: {alone:#?}").into());
        }
    }
    Ok(())
}

/// What the same order does not break again is no finding: the parts after it are
/// needed then, and all executions are spent.
fn goes_on(wanted: &Search, planned: &Planned) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let program = compiled(wanted, folder.path());
    for jobs in [1, 2, 5] {
        let searched = searched(wanted, planned, &program, jobs)?;
        // A part that had nothing left to do counts as one.
        let made = |report: &Report| (report.executions + report.abandoned).max(1);
        let spent: u64 = searched.reports.iter().map(made).sum();
        // What was dropped for the sake of an earlier part is explored again.
        let stopped = |report: &Report| report.stop == Cause::Overtaken;
        let is_cut = searched.reports.iter().any(stopped);
        // Chance may break it again.
        if is_cut || (searched.found.is_none() && spent != wanted.runs) {
            return Err(format!("{jobs} jobs: {searched:#?}").into());
        }
    }
    Ok(())
}

fn compiled(wanted: &Search, folder: &Path) -> PathBuf {
    let program = folder.join("program");
    c_programs::compile(format!("{}.c", wanted.program), &program, wanted.defines);
    program
}

/// Whoever waits for what is explored hears of it.
fn a_panic_is_an_error() -> Result<(), Failed> {
    let make = || panic!("no model today");
    for jobs in [1, 3] {
        let jobs = NonZeroUsize::new(jobs).ok_or("no jobs")?;
        let error = match search(&make, &hunt(Tactic::Mixed, 20), jobs, |_| true) {
            Ok(searched) => return Err(format!("{searched:#?}").into()),
            Err(error) => error.to_string(),
        };
        if !error.contains("the harness panicked: no model today") {
            return Err(error.into());
        }
    }
    Ok(())
}

fn hunt(tactic: Tactic, runs: u64) -> Hunt {
    Hunt {
        tactic,
        runs,
        seed: 1,
        faults: Faults::None,
        preemptions: None,
        timers: Timers::WhenIdle,
    }
}

fn searched(
    wanted: &Search,
    planned: &Planned,
    program: &Path,
    jobs: usize,
) -> Result<Searched, Failed> {
    let setting = Setting {
        target: target::resolve(&program.to_string_lossy())?,
        timeout: TIMEOUT,
        timeout_for_all: None,
        gather: Gather::Never,
        trace: Trace::Off,
    };
    let hunt = hunt(wanted.tactic, wanted.runs);
    let make = || {
        let (planned, setting) = (planned.clone(), setting.clone());
        let stop = Stop::default();
        Processes::new(planned, setting, Faults::None, Grain::Calls, stop)
    };
    let jobs = NonZeroUsize::new(jobs).ok_or("no jobs")?;
    Ok(search(&make, &hunt, jobs, |_| true)?)
}

/// What is told of a search.
fn told(searched: &Searched) -> impl PartialEq {
    let found = searched.found.as_ref().map(|found| {
        let shrunk = found.shrunk.as_ref().ok().copied();
        (found.execution, found.record.clone(), shrunk)
    });
    (searched.reports.clone(), found)
}
