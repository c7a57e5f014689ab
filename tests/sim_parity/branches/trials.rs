//! A test for each case in each world, and one that none is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::sync::LazyLock;

use daemonlab::sim::kernel::Refusal;
use libtest_mimic::{Failed, Trial};

use super::all;
use super::case::{Case, Fit};
use crate::real::{Conductor, Sandbox, Verdict};
use crate::scenery::{Range, scene};
use crate::simulated::{Order, simulate, simulate_and_tell};
use crate::trace::Trace;

/// The argument with which this executable runs the cases inside a sandbox.
const ARGUMENT: &str = "branches";

/// Every case in the simulation.
pub fn in_the_simulation() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("every_refusal_of_the_kernel_has_a_case", || {
            none_is_missing()
        }),
        Trial::test("no_two_cases_have_the_same_name", names_differ),
    ];
    for case in all() {
        let name = format!("simulated::{}", case.name);
        trials.push(Trial::test(name, move || meets(&case)));
    }
    trials
}

fn none_is_missing() -> Result<(), Failed> {
    let met: BTreeSet<Refusal> = all().iter().map(|case| case.refusal).collect();
    let missing: Vec<&Refusal> = Refusal::ALL
        .iter()
        .filter(|refusal| !met.contains(refusal))
        .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!("no program meets {missing:?}").into()),
    }
}

fn names_differ() -> Result<(), Failed> {
    let mut names = BTreeSet::new();
    match all().into_iter().find(|case| !names.insert(case.name)) {
        None => Ok(()),
        Some(case) => Err(format!("there are two cases {}", case.name).into()),
    }
}

/// Whether the last turn meets the refusal, and answers its errno.
fn meets(case: &Case) -> Result<(), Failed> {
    let (trace, refusals) = simulate_and_tell(&case.scene(), &case.program)?;
    let last = trace.moments.last().ok_or("no turn was taken")?;
    if refusals != [case.refusal] {
        return Err(format!("refused was {refusals:?}, not {:?}: {last}", case.refusal).into());
    }
    match ends_with(&trace, case) {
        true => Ok(()),
        false => Err(format!("{:?} was not answered: {last}", case.refusal.errno()).into()),
    }
}

/// Whether the last turn answers the errno.
fn ends_with(trace: &Trace, case: &Case) -> bool {
    let errno = format!("{:?}", case.refusal.errno());
    let last = trace.moments.last();
    last.is_some_and(|last| last.answers.iter().any(|answer| answer.text == errno))
}

/// What the real kernel said of each case.
type Findings = Result<BTreeMap<String, Result<(), String>>, String>;

/// Every case on the real kernel.
pub fn on_the_kernel() -> Vec<Trial> {
    static MANY: LazyLock<Findings> = LazyLock::new(|| ask(Sandbox::new()));
    static ONE: LazyLock<Findings> = LazyLock::new(|| ask(Sandbox::with_one_id()));
    let protections = Conductor::protections();
    let usual = Sandbox::new().map(|sandbox| sandbox.range());
    let one = Sandbox::with_one_id().map(|sandbox| sandbox.range());
    let mut trials = Vec::new();
    for case in all() {
        let (findings, range) = match case.takes_one_id() {
            true => (&ONE, &one),
            false => (&MANY, &usual),
        };
        let fit = match range {
            Ok(range) => case.fits(*range, protections),
            Err(reason) => Fit::Elsewhere(reason.clone()),
        };
        let name = format!("real::{}", case.name);
        trials.push(match fit {
            Fit::Well => Trial::test(name, move || said(findings, case.name)),
            Fit::Elsewhere(reason) => crate::left_out(&name, &reason),
            Fit::Never(reason) => crate::never(&name, &reason),
        });
    }
    trials
}

fn said(findings: &Findings, name: &str) -> Result<(), Failed> {
    let findings = findings.as_ref().map_err(|what| what.clone())?;
    match findings.get(name) {
        Some(Ok(())) => Ok(()),
        Some(Err(what)) => Err(what.clone().into()),
        None => Err("it was not run in the sandbox".into()),
    }
}

/// Runs all cases in a sandbox.
fn ask(sandbox: Result<Sandbox, String>) -> Findings {
    let output = sandbox?
        .run(&[OsString::from(ARGUMENT)])
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}\n{text}\n{errors}", output.status));
    }
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(lines
        .map(|(name, found)| {
            let found = match found {
                "agrees" => Ok(()),
                what => Err(what.to_owned()),
            };
            (name.to_owned(), found)
        })
        .collect())
}

/// In the sandbox, if that is what this executable was started for: holds every
/// case against the kernel, a line for each.
pub fn run_inside(range: Range) -> Option<i32> {
    if std::env::args().nth(1).as_deref() != Some(ARGUMENT) {
        return None;
    }
    let protections = Conductor::protections();
    let mut conductor = Conductor::new(range);
    for case in all() {
        if !matches!(case.fits(range, protections), Fit::Well) {
            continue;
        }
        let scene = scene(range, protections);
        let found = match simulate(&scene, &case.program, Order::EldestFirst, None) {
            Err(what) => what,
            Ok(trace) if !ends_with(&trace, &case) => "the simulation says otherwise".to_owned(),
            Ok(trace) => match conductor.compare(&case.program, &trace) {
                Verdict::Agrees => "agrees".to_owned(),
                Verdict::Differs { turn, what } => format!("in turn {turn}, {what}"),
            },
        };
        println!("{}\t{}", case.name, found.replace('\n', " "));
    }
    Some(0)
}
