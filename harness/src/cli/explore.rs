//! `daemonlab explore`: scenarios under one order after another.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use daemonlab::explore::shell::word;
use daemonlab::explore::{Report, Schedule, Stop as Why, Timeline};
use indicatif::{ProgressBar, ProgressStyle};

use crate::case::outcome;
use crate::case::planned::{Fate, Planned};
use crate::case::setting::{Gather, Setting, TIMEOUT, Target};
use crate::case::stop::Stop;
use crate::explore::common::CommonStep;
use crate::explore::faults::Faults;
use crate::explore::file::{self, About, Place};
use crate::explore::processes::Processes;
use crate::explore::processes::hunt::Hunt;
use crate::explore::processes::search::search;
use crate::explore::processes::simplest::Found;
use crate::report::outlet::Outlet;
use crate::run::fate::Missing;
use crate::run::real;
use crate::scenario::Case;
use crate::world::WorldKind;
use crate::world::sim::{Grain, Programs};
use crate::world::spec::Trace;

use super::args::ExploreArgs;
use super::chosen::{Halt, choose};
use super::exit_status::ExitStatus;
use super::jobs::jobs;
use super::{interrupt, target};

/// The columns of a timeline where the width of the terminal is not known.
const WIDTH: usize = 120;

/// How many searches of a case are told of.
const SHOWN: usize = 4;

/// How the cases ended.
#[derive(Debug, Default)]
struct Tally {
    held: usize,
    broken: usize,
    skipped: usize,
    failed: usize,
}

/// Explores what the arguments say.
///
/// # Errors
/// What keeps it from exploring, or from writing what it found.
pub fn explore(args: &ExploreArgs) -> Result<ExitStatus, Halt> {
    let target =
        target::resolve(&args.target).map_err(|error| Halt::new(ExitStatus::Usage, error))?;
    let chosen = choose(&args.choice)?;
    let (_, missing) = real::missing().map_err(|error| Halt::new(ExitStatus::Internal, error))?;
    let stop = Stop::default();
    interrupt::set_on_signals(stop.clone()).map_err(|error| {
        Halt::new(
            ExitStatus::Internal,
            format!("cannot handle signals: {error}"),
        )
    })?;
    let mut tally = Tally::default();
    let mut out = Outlet::new(anstream::stdout().lock());
    for case in chosen.cases {
        if stop.is_set() {
            break;
        }
        one(args, &target, &missing, case, &stop, &mut tally, &mut out)?;
    }
    let Tally {
        held,
        broken,
        skipped,
        failed,
    } = tally;
    let interrupted = if stop.is_set() { ", interrupted" } else { "" };
    say(
        &mut out,
        format_args!(
            "\n{held} held, {broken} broken, {skipped} skipped, {failed} not explored{interrupted}\n"
        ),
    )?;
    Ok(if stop.is_set() {
        ExitStatus::Interrupted
    } else if failed > 0 {
        ExitStatus::Internal
    } else if broken > 0 {
        ExitStatus::Failed
    } else if held == 0 {
        ExitStatus::CapabilityMissing
    } else {
        ExitStatus::Passed
    })
}

/// What is needed to carry a case out in a steered world.
pub(super) fn setting(target: &Target) -> Setting {
    Setting {
        target: target.clone(),
        timeout: TIMEOUT,
        timeout_for_all: None,
        gather: Gather::Never,
        trace: Trace::Off,
    }
}

fn one(
    args: &ExploreArgs,
    target: &Target,
    missing: &Missing,
    case: Case,
    stop: &Stop,
    tally: &mut Tally,
    out: &mut impl Write,
) -> Result<(), Halt> {
    let id = case.id.clone();
    let planned = Planned {
        fate: missing.fate(&case, &[]),
        deviation: None,
        world: WorldKind::Real,
        case,
    };
    if let Fate::Skip(reason) | Fate::Missing(reason) = &planned.fate {
        tally.skipped += 1;
        return say(out, format_args!("skipped {id}: {reason}\n"));
    }
    let faults = if args.faults {
        Faults::Any
    } else {
        Faults::None
    };
    let hunt = Hunt {
        tactic: args.strategy.into(),
        runs: args.runs.get(),
        seed: args.seed,
        faults,
        preemptions: None,
        timers: args.timers.into(),
    };
    let make = || {
        let (planned, setting) = (planned.clone(), setting(target));
        Processes::new(planned, setting, faults, Grain::Calls, stop.clone())
    };
    let began = Instant::now();
    let bar = bar(&id, hunt.runs);
    // On a processor of their own, or they are in each other's way.
    let jobs = jobs(args.jobs).min(jobs(None));
    let result = search(&make, &hunt, jobs, |executions| {
        // Some may have been in vain.
        bar.set_position(executions.min(hunt.runs));
        !stop.is_set() && args.r#for.is_none_or(|most| began.elapsed() < most)
    });
    bar.finish_and_clear();
    let result = result.map_err(|error| Halt::new(ExitStatus::Internal, error))?;
    let took = began.elapsed();
    let spent = spent(&result.reports);
    let wrong = result
        .reports
        .iter()
        .find(|report| matches!(report.stop, Why::Unusable(_)));
    if let Some(Report {
        stop: Why::Unusable(why),
        ..
    }) = wrong
        && !stop.is_set()
    {
        tally.failed += 1;
        return say(out, format_args!("not explored {id}: {why}\n"));
    }
    if let (None, Some(once)) = (&result.found, &result.once) {
        tally.broken += 1;
        return say(
            out,
            format_args!(
                "BROKEN  {id}: once in {spent} executions; no order broke it again and again, so that there is no schedule\n{}{}",
                indented(&outcome::plain(once)),
                advice(&planned),
            ),
        );
    }
    let Some(found) = result.found else {
        tally.held += 1;
        say(
            out,
            format_args!("held    {id}: {spent} executions in {}\n", seconds(took)),
        )?;
        for report in result.reports.iter().take(SHOWN) {
            say(out, format_args!("{}", indented(&searched(report))))?;
        }
        let given_up = |report: &Report| matches!(report.stop, Why::Nondeterminism(_));
        if result.reports.iter().any(given_up) {
            say(out, format_args!("{}", advice(&planned)))?;
        }
        let more = result.reports.len().saturating_sub(SHOWN);
        if more > 0 {
            say(
                out,
                format_args!("  and {more} more, each from another seed\n"),
            )?;
        }
        return Ok(());
    };
    tally.broken += 1;
    let about = About {
        place: Place::Real,
        scenario: PathBuf::from(&planned.case.source.name),
        case: id.clone(),
        target: args.target.clone(),
        faults,
    };
    let place = file::place(&args.schedules, &planned);
    write(&place, &file::schedule(&found.record, &about))?;
    let common = match Programs::embedded().get(&target.path) {
        Some(_) => found.common.as_slice(),
        None => &[],
    };
    let in_both = common_schedule(args, common, &found, &about)?;
    say(
        out,
        format_args!(
            "BROKEN  {id}: in execution {} of {spent}, after {}\n",
            found.execution,
            seconds(took)
        ),
    )?;
    show(out, &found, &place)?;
    match in_both {
        Some(place) => say(
            out,
            format_args!(
                "  in the simulated world: daemonlab replay --world sim {}\n",
                word(&place.to_string_lossy())
            ),
        ),
        None => Ok(()),
    }
}

/// Writes the schedule of the steps that both worlds have.
fn common_schedule(
    args: &ExploreArgs,
    steps: &[CommonStep],
    found: &Found,
    about: &About,
) -> Result<Option<PathBuf>, Halt> {
    if steps.is_empty() {
        return Ok(None);
    }
    let place = file::common_place(&args.schedules, &about.case);
    let about = About {
        place: Place::Both(WorldKind::Real),
        ..about.clone()
    };
    let breaks = Some(found.failure.rule.clone());
    write(&place, &file::common_schedule(steps, breaks, &about))?;
    Ok(Some(place))
}

fn show(out: &mut impl Write, found: &Found, place: &Path) -> Result<(), Halt> {
    say(
        out,
        format_args!("{}", indented(&found.failure.to_string())),
    )?;
    match &found.shrunk {
        Ok(((before, after), attempts)) => say(
            out,
            format_args!(
                "  made simpler: {after} of {before} departures from the plain order are needed ({attempts} executions)\n\n"
            ),
        )?,
        Err(difference) => say(
            out,
            format_args!(
                "  it could not be made simpler: after {} steps, the same order led once to `{}` and once to `{}`\n\n",
                difference.after, difference.first, difference.second
            ),
        )?,
    }
    let mut timeline = Timeline::new(&found.record, width());
    for (task, role) in &found.roles {
        timeline = timeline.with_role(*task, role.clone());
    }
    say(out, format_args!("{timeline}\n"))?;
    if let Some(pair) = &found.pair {
        say(
            out,
            format_args!(
                "  the order that matters:\n{}",
                indented(&indented(&pair.to_string()))
            ),
        )?;
    }
    say(
        out,
        format_args!(
            "  run it again: daemonlab replay {}\n",
            word(&place.to_string_lossy())
        ),
    )
}

/// What makes programs repeat themselves that did not.
pub(super) fn advice(planned: &Planned) -> &'static str {
    match planned.case.virtual_time {
        None => {
            "  = help: its timers run in real time; `time: virtual` in the scenario makes them part of the order\n"
        }
        Some(_) => "",
    }
}

pub(super) fn width() -> usize {
    console_width().unwrap_or(WIDTH)
}

fn console_width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok()?;
    columns.parse().ok().filter(|columns| *columns > 0)
}

fn searched(report: &Report) -> String {
    let end = match &report.stop {
        Why::Exhausted => "nothing is left to try".to_owned(),
        Why::Failure => "something broke".to_owned(),
        Why::ExecutionBudget | Why::StepBudget => "its share is used up".to_owned(),
        Why::Overtaken => "stopped".to_owned(),
        Why::Unusable(why) => why.clone(),
        Why::Nondeterminism(difference) => format!(
            "given up: the same choices led elsewhere after {} steps ({} / {}); the program depends on time or chance",
            difference.after, difference.first, difference.second
        ),
    };
    let cut = match report.cut {
        0 => String::new(),
        cut => format!("{cut} cut off, "),
    };
    format!(
        "{}: {} executions, {} dropped, {}the longest of {} steps; {end}",
        report.strategy, report.executions, report.abandoned, cut, report.longest
    )
}

fn spent(reports: &[Report]) -> u64 {
    reports
        .iter()
        // One that was given up before its first was over counts as it.
        .map(|report| (report.executions + report.abandoned).max(1))
        .sum()
}

fn bar(id: &str, runs: u64) -> ProgressBar {
    if !io::stderr().is_terminal() || std::env::var_os("CI").is_some() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {msg} {pos}/{len} executions, {elapsed}");
    let bar = ProgressBar::new(runs).with_message(id.to_owned());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

pub(super) fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

pub(super) fn say(out: &mut impl Write, text: std::fmt::Arguments<'_>) -> Result<(), Halt> {
    out.write_fmt(text).map_err(|error| {
        Halt::new(
            ExitStatus::Internal,
            format!("cannot write to stdout: {error}"),
        )
    })
}

fn write(place: &Path, schedule: &Schedule) -> Result<(), Halt> {
    file::write(place, schedule).map_err(|why| Halt::new(ExitStatus::Internal, why))
}
