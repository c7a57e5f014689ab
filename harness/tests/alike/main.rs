//! `labd` makes the same visible calls in both worlds: every case of the packs
//! that runs in both is carried out in both under full tracing, and what each
//! process did is compared call by call, by the rule of
//! [`common`](daemonlab_harness::world::common).
//!
//! [`early`] is a daemon with a race: what one world finds of it breaks the other.
//!
//! How often a launcher looks for what its daemon has sent depends on the order in which they go
//! on. So the order is one and the same: that of the real execution, where whoever goes on does so
//! as long as it can, is followed strictly by the simulated one. And so is the time, which is
//! virtual in both.

mod early;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use daemonlab::explore::schedule::follow::{Fidelity, follow};
use daemonlab::explore::{Model, Pending, TaskName};
use daemonlab::sys::linux::Linux;
use daemonlab_harness::case::outcome::Verdict;
use daemonlab_harness::case::planned::{Fate, Planned};
use daemonlab_harness::case::setting::{Gather, Setting, TIMEOUT, Target};
use daemonlab_harness::case::stop::Stop;
use daemonlab_harness::cli::target;
use daemonlab_harness::explore::common as common_steps;
use daemonlab_harness::explore::faults::Faults;
use daemonlab_harness::explore::processes::Processes;
use daemonlab_harness::explore::processes::hunt::along_common;
use daemonlab_harness::explore::simulated::ScenarioModel;
use daemonlab_harness::run::{real, select, sim};
use daemonlab_harness::scenario::Case;
use daemonlab_harness::suite;
use daemonlab_harness::world::WorldKind;
use daemonlab_harness::world::common;
use daemonlab_harness::world::sim::{Grain, Programs};
use daemonlab_harness::world::spec::{Trace, VirtualTime};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// How many calls before the first difference are shown.
const BEFORE: usize = 3;

fn main() -> ExitCode {
    let name = std::env::args_os().next().unwrap_or_default();
    if Path::new(&name).file_name() == Some(early::NAME.as_ref()) {
        return ExitCode::from(u8::try_from(early::run(&Linux)).unwrap_or(1));
    }
    if let Some(status) = suite::hook() {
        return status;
    }
    let mut arguments = Arguments::from_args();
    // A case mostly waits.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let setting = setting(target::embedded());
    let (_, missing) = real::missing().expect("the machine can be asked");
    let both_ways = [
        (
            "early::found_in_the_simulation",
            early::found_in_the_simulation as fn() -> Result<(), Box<dyn Error>>,
        ),
        (
            "early::found_on_the_real_process",
            early::found_on_the_real_process,
        ),
    ];
    let both_ways = both_ways.map(|(name, test)| {
        Trial::test(name, move || {
            test().map_err(|error| error.to_string().into())
        })
    });
    let trials = cases(&setting)
        .into_iter()
        .map(|case| {
            let setting = setting.clone();
            let id = case.id.rsplit("scenarios/").next();
            let id = id.unwrap_or(&case.id).to_owned();
            match missing.fate(&case, &[]) {
                Fate::Run => Trial::test(id, move || compare(&case, &setting)),
                Fate::Skip(why) | Fate::Missing(why) => {
                    Trial::ignorable_test(id, move || Ok(Completion::ignored_with(why)))
                }
            }
        })
        .chain(both_ways)
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The same case in a time that passes as the simulated world's does: only when
/// nobody can go on without, and to the very moment that somebody waits for.
fn in_virtual_time(case: Case) -> Case {
    Case {
        virtual_time: Some(VirtualTime::default()),
        ..case
    }
}

/// How cases are carried out here.
fn setting(target: Target) -> Setting {
    Setting {
        target,
        timeout: TIMEOUT,
        timeout_for_all: None,
        gather: Gather::Always,
        trace: Trace::Ordered,
    }
}

/// The cases of the packs that the simulated world can run.
fn cases(setting: &Setting) -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let found = select::find(&[root]).expect("the packs are there");
    let programs = Programs::embedded();
    let scenarios = select::load(&found).expect("the packs are valid");
    let cases = scenarios.into_iter().flat_map(|scenario| scenario.cases);
    let cases: Vec<Case> = cases
        .filter(|case| sim::why_not(case, &setting.target.path, &programs).is_none())
        .map(in_virtual_time)
        .collect();
    assert!(cases.len() > 150, "only {} cases", cases.len());
    cases
}

/// Carries a case out in both worlds and compares what each process did.
fn compare(case: &Case, setting: &Setting) -> Result<(), Failed> {
    let stop = Stop::default();
    let planned = planned(case, WorldKind::Real);
    let mut real = Processes::new(planned, setting.clone(), Faults::None, Grain::Common, stop)?;
    drive(&mut real);
    let good = real.verdict().is_some_and(Verdict::is_good);
    if !good {
        return Err(format!("in the real world it ended as {:?}", real.verdict()).into());
    }
    let in_real = common::told(&real.evidence().ok_or(NO_EVIDENCE)?.events);
    let schedule = common_steps::schedule(real.common(), None);

    let planned = self::planned(case, WorldKind::Sim);
    let mut sim = ScenarioModel::new(&planned, setting, &Programs::embedded(), Grain::Common);
    let followed = follow(
        &mut sim,
        &schedule,
        Fidelity::StrictThenOn,
        along_common(Faults::None),
    );
    let outcome = sim.take_outcome();
    let mut text = String::new();
    match (&followed, outcome) {
        (Err(error), _) => writeln!(text, "{error}")?,
        (_, Some((verdict, Some(evidence)))) => {
            if !verdict.is_good() {
                writeln!(text, "in the simulated world it ended as {verdict:?}")?;
            }
            differences(&in_real, &common::told(&evidence.events), &mut text)?;
        }
        _ => return Err(NO_EVIDENCE.into()),
    }
    match text.is_empty() {
        true => Ok(()),
        false => Err(text.into()),
    }
}

const NO_EVIDENCE: &str = "no evidence was gathered";

fn planned(case: &Case, world: WorldKind) -> Planned {
    Planned {
        case: case.clone(),
        world,
        fate: Fate::Run,
        deviation: None,
    }
}

/// Carries it out once: whoever went last goes on as long as it can.
fn drive(model: &mut impl Model) {
    model.start();
    let mut last = None;
    loop {
        let can = |pending: &Pending<_>| !pending.alternatives.is_empty();
        let all = model.pending();
        let next = all
            .iter()
            .position(|one| Some(one.task) == last && can(one));
        let Some(next) = next.or_else(|| all.iter().position(can)) else {
            return;
        };
        last = Some(all[next].task);
        model.step(next, 0);
    }
}

type Told = BTreeMap<TaskName, Vec<String>>;

/// Writes the first difference of each process.
fn differences(real: &Told, sim: &Told, out: &mut String) -> std::fmt::Result {
    let nothing = Vec::new();
    for task in real.keys().chain(sim.keys()).collect::<BTreeSet<_>>() {
        let real = real.get(task).unwrap_or(&nothing);
        let sim = sim.get(task).unwrap_or(&nothing);
        let same = real.iter().zip(sim).take_while(|(one, other)| one == other);
        let same = same.count();
        if same == real.len() && same == sim.len() {
            continue;
        }
        let shown = |calls: &[String]| {
            calls
                .get(same)
                .map_or("(nothing more)", |call| call)
                .to_owned()
        };
        writeln!(out, "process {task}, its {}. call or end:", same + 1)?;
        for call in &real[same.saturating_sub(BEFORE)..same] {
            writeln!(out, "  both: {call}")?;
        }
        writeln!(out, "  real: {}\n  sim:  {}", shown(real), shown(sim))?;
    }
    Ok(())
}
