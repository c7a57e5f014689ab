//! `daemonlab replay`: a schedule once more.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use daemonlab::explore::schedule::follow::{CannotFollow, Fidelity, Followed, follow};
use daemonlab::explore::{Bounds, Model, Schedule, TaskName, Timeline, Timers, Verdict};

use crate::case::planned::{Fate, Planned};
use crate::case::setting::Setting;
use crate::case::stop::Stop;
use crate::explore::file::{self, About, Place};
use crate::explore::processes::Processes;
use crate::explore::processes::hunt::{along_common, bounds};
use crate::explore::simulated::ScenarioModel;
use crate::report::outlet::Outlet;
use crate::run::real;
use crate::run::sim;
use crate::scenario::Case;
use crate::world::WorldKind;
use crate::world::sim::{Grain, Programs};

use super::args::{Choice, ReplayArgs, Where};
use super::chosen::{Halt, choose};
use super::exit_status::ExitStatus;
use super::explore::{advice, indented, say, setting, width};
use super::{interrupt, target};

/// Runs the schedule as often as the arguments say.
///
/// # Errors
/// If it cannot be read, or what it is about is not there.
pub fn replay(args: &ReplayArgs) -> Result<ExitStatus, Halt> {
    let shown = args.schedule.display();
    let text = fs::read_to_string(&args.schedule)
        .map_err(|error| Halt::new(ExitStatus::Usage, format!("cannot read {shown}: {error}")))?;
    let invalid = |why: String| Halt::new(ExitStatus::InvalidFile, format!("{shown}: {why}"));
    let schedule: Schedule = text.parse().map_err(|error| invalid(format!("{error}")))?;
    let about = file::about(&schedule).map_err(invalid)?;
    let worlds = match (args.world, about.place) {
        (Some(place), _) => place.worlds(),
        (None, Place::Real | Place::Both(WorldKind::Real)) => Where::Real.worlds(),
        (None, Place::Both(WorldKind::Sim)) => Where::Sim.worlds(),
    };
    let way = way(worlds, &about)?;
    let program = args.target.as_deref().unwrap_or(&about.target);
    let target = target::resolve(program).map_err(|error| Halt::new(ExitStatus::Usage, error))?;
    let mut chosen = choose(&Choice {
        paths: vec![PathBuf::from(&about.scenario)],
        exact: vec![about.case.clone()],
        ..Choice::default()
    })?;
    let case = chosen.cases.remove(0);
    let stop = Stop::default();
    let interruptible = || {
        interrupt::set_on_signals(stop.clone()).map_err(|error| {
            Halt::new(
                ExitStatus::Internal,
                format!("cannot handle signals: {error}"),
            )
        })
    };
    let setting = setting(&target);
    interruptible()?;
    let mut reproduced = 0;
    let mut out = Outlet::new(anstream::stdout().lock());
    for world in worlds {
        if worlds.len() > 1 {
            say(&mut out, format_args!("in the world `{world}`:\n"))?;
        }
        let times = args.times.get();
        reproduced += match world {
            WorldKind::Real => {
                let planned = planned_really(case.clone())?;
                let setting = setting.clone();
                let mut model = Processes::new(
                    planned.clone(),
                    setting,
                    about.faults,
                    way.grain,
                    stop.clone(),
                )
                .map_err(|error| Halt::new(ExitStatus::Internal, error))?;
                model.let_time_pass(Timers::AnyTime);
                let roles = Processes::roles;
                let (seen, made) =
                    repeat(&mut model, roles, &schedule, &way, times, &stop, &mut out)?;
                if (1..made).contains(&seen) {
                    say(&mut out, format_args!("{}", advice(&planned)))?;
                }
                seen
            }
            WorldKind::Sim => {
                let programs = Programs::embedded();
                let planned = planned_in_simulation(case.clone(), &setting, &programs)?;
                let mut model = ScenarioModel::new(&planned, &setting, &programs, way.grain);
                repeat(
                    &mut model,
                    |_| Vec::new(),
                    &schedule,
                    &way,
                    times,
                    &stop,
                    &mut out,
                )?
                .0
            }
        };
    }
    Ok(match (stop.is_set(), reproduced) {
        (true, _) => ExitStatus::Interrupted,
        (false, 0) => ExitStatus::Passed,
        (false, _) => ExitStatus::Failed,
    })
}

/// How a schedule is followed.
struct Way {
    grain: Grain,
    fidelity: Fidelity,
    bounds: Bounds,
}

/// How a schedule is followed in these worlds.
fn way(worlds: &[WorldKind], about: &About) -> Result<Way, Halt> {
    match about.place {
        Place::Real if worlds.contains(&WorldKind::Sim) => Err(Halt::new(
            ExitStatus::Usage,
            "this schedule has steps that only the real world has\n  = help: the file beside it that ends in `.common.schedule` is for both worlds; there is one if the target has a twin in the simulated world, as `labd` has",
        )),
        Place::Real => Ok(Way {
            grain: Grain::Calls,
            fidelity: Fidelity::Adapted,
            bounds: bounds(about.faults),
        }),
        Place::Both(_) => Ok(Way {
            grain: Grain::Common,
            fidelity: Fidelity::StrictThenOn,
            bounds: along_common(about.faults),
        }),
    }
}

fn planned_really(case: Case) -> Result<Planned, Halt> {
    let (_, missing) = real::missing().map_err(|error| Halt::new(ExitStatus::Internal, error))?;
    let fate = missing.fate(&case, &[]);
    planned(case, fate, WorldKind::Real)
}

fn planned_in_simulation(
    case: Case,
    setting: &Setting,
    programs: &Programs,
) -> Result<Planned, Halt> {
    let fate = sim::fate(&case, &setting.target.path, programs, false);
    planned(case, fate, WorldKind::Sim)
}

fn planned(case: Case, fate: Fate, world: WorldKind) -> Result<Planned, Halt> {
    match fate {
        Fate::Run => Ok(Planned {
            fate,
            deviation: None,
            world,
            case,
        }),
        Fate::Skip(reason) | Fate::Missing(reason) => {
            Err(Halt::new(ExitStatus::CapabilityMissing, reason))
        }
    }
}

/// Follows the schedule as often as that; gives how often it broke as it says,
/// and how often it was followed.
fn repeat<M: Model>(
    model: &mut M,
    roles: impl Fn(&M) -> Vec<(TaskName, String)>,
    schedule: &Schedule,
    way: &Way,
    most: u32,
    stop: &Stop,
    out: &mut impl Write,
) -> Result<(u32, u32), Halt> {
    let (mut reproduced, mut times) = (0, 0);
    while times < most && !stop.is_set() {
        times += 1;
        let Some(followed) = once(model, schedule, way, times, out)? else {
            continue;
        };
        let outcome = match &followed.record.outcome.verdict {
            Verdict::Broken(failure) => {
                let same = schedule.breaks.as_ref() == Some(&failure.rule);
                reproduced += u32::from(same);
                format!("{failure}{}", if same { "" } else { " (another failure)" })
            }
            Verdict::Held => "held".to_owned(),
            Verdict::Unusable(why) => return Err(Halt::new(ExitStatus::Internal, why)),
        };
        if times == 1 {
            let mut timeline = Timeline::new(&followed.record, width());
            for (task, role) in roles(model) {
                timeline = timeline.with_role(task, role);
            }
            say(out, format_args!("{timeline}\n{}", indented(&outcome)))?;
            for adaptation in &followed.adaptations {
                say(out, format_args!("  adapted: {adaptation}\n"))?;
            }
        }
    }
    say(
        out,
        format_args!("reproduced {reproduced} of {times} times\n"),
    )?;
    Ok((reproduced, times))
}

/// Follows the schedule once; what it cannot follow exactly it says, and
/// follows as far as it makes sense.
fn once<M: Model>(
    model: &mut M,
    schedule: &Schedule,
    way: &Way,
    time: u32,
    out: &mut impl Write,
) -> Result<Option<Followed>, Halt> {
    let mut fidelity = way.fidelity;
    loop {
        match follow(&mut *model, schedule, fidelity, way.bounds) {
            Ok(followed) => return Ok(Some(followed)),
            Err(CannotFollow::Diverged(diverged)) => {
                let shown = indented(&diverged.to_string());
                say(out, format_args!("{time}: went another way\n{shown}"))?;
                if fidelity == Fidelity::Adapted {
                    return Ok(None);
                }
                fidelity = Fidelity::Adapted;
            }
            Err(CannotFollow::Nondeterminism(difference)) => {
                say(out, format_args!("{time}: {difference}\n"))?;
                return Ok(None);
            }
        }
    }
}
