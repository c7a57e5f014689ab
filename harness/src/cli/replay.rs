//! `daemonlab replay`: a schedule once more.

use std::fs;
use std::path::PathBuf;

use daemonlab::explore::schedule::follow::{CannotFollow, Fidelity, follow};
use daemonlab::explore::{Schedule, Timeline, Verdict};

use crate::explore::Processes;
use crate::explore::file;
use crate::explore::search::bounds;
use crate::report::outlet::Outlet;
use crate::run::plan::{Fate, Planned};
use crate::run::real;
use crate::run::stop::Stop;
use crate::world::WorldKind;

use super::args::{Choice, ReplayArgs};
use super::chosen::{Halt, choose};
use super::exit_status::ExitStatus;
use super::explore::{indented, say, setting, width};
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
    let program = args.target.as_deref().unwrap_or(&about.target);
    let target = target::resolve(program).map_err(|error| Halt::new(ExitStatus::Usage, error))?;
    let mut chosen = choose(&Choice {
        paths: vec![PathBuf::from(&about.scenario)],
        exact: vec![about.case.clone()],
        ..Choice::default()
    })?;
    let (_, missing) = real::missing().map_err(|error| Halt::new(ExitStatus::Internal, error))?;
    let case = chosen.cases.remove(0);
    let planned = Planned {
        fate: missing.fate(&case, &[]),
        deviation: None,
        world: WorldKind::Real,
        case,
    };
    if let Fate::Skip(reason) | Fate::Missing(reason) = &planned.fate {
        return Err(Halt::new(ExitStatus::CapabilityMissing, reason));
    }
    let stop = Stop::default();
    interrupt::set_on_signals(stop.clone()).map_err(|error| {
        Halt::new(
            ExitStatus::Internal,
            format!("cannot handle signals: {error}"),
        )
    })?;
    let mut model = Processes::new(planned, setting(&target), about.faults, stop.clone())
        .map_err(|error| Halt::new(ExitStatus::Internal, error))?;
    let mut out = Outlet::new(anstream::stdout().lock());
    let (mut reproduced, mut times) = (0, 0);
    while times < args.times.get() && !stop.is_set() {
        times += 1;
        let followed = match follow(
            &mut model,
            &schedule,
            Fidelity::Adapted,
            bounds(about.faults),
        ) {
            Ok(followed) => followed,
            Err(CannotFollow::Diverged(diverged)) => {
                say(
                    &mut out,
                    format_args!(
                        "{times}: went another way\n{}",
                        indented(&diverged.to_string())
                    ),
                )?;
                continue;
            }
            Err(CannotFollow::Nondeterminism(difference)) => {
                say(&mut out, format_args!("{times}: {difference}\n"))?;
                continue;
            }
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
            for (task, role) in model.roles() {
                timeline = timeline.with_role(*task, role.clone());
            }
            say(&mut out, format_args!("{timeline}\n{}", indented(&outcome)))?;
            for adaptation in &followed.adaptations {
                say(&mut out, format_args!("  adapted: {adaptation}\n"))?;
            }
        }
    }
    say(
        &mut out,
        format_args!("reproduced {reproduced} of {times} times\n"),
    )?;
    Ok(match (stop.is_set(), reproduced) {
        (true, _) => ExitStatus::Interrupted,
        (false, 0) => ExitStatus::Passed,
        (false, _) => ExitStatus::Failed,
    })
}
