//! A daemon that tells its launcher that it is ready before its PID file is
//! complete: the same source in both worlds, and its schedule in both.

use std::error::Error;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use daemonlab::explore::schedule::follow::{Fidelity, follow};
use daemonlab::explore::{Model, Schedule, Timers, Verdict};

use daemonlab::sys::records::{Access, At, KillTarget, MaskHow, OpenHow};
use daemonlab::sys::{Errno, Forked, Signal, SignalSet, System};
use daemonlab_harness::case::planned::Planned;
use daemonlab_harness::case::setting::Setting;
use daemonlab_harness::case::stop::Stop;
use daemonlab_harness::cli::target;
use daemonlab_harness::explore::common;
use daemonlab_harness::explore::faults::Faults;
use daemonlab_harness::explore::processes::Processes;
use daemonlab_harness::explore::processes::hunt::{Hunt, Tactic, along_common};
use daemonlab_harness::explore::processes::search::search;
use daemonlab_harness::explore::regression::{Exploration, explore};
use daemonlab_harness::explore::simulated::ScenarioModel;
use daemonlab_harness::run::select;
use daemonlab_harness::scenario::Case;
use daemonlab_harness::world::WorldKind;
use daemonlab_harness::world::sim::{Grain, Programs};

/// The name under which this executable is that daemon.
pub const NAME: &str = "earlyd";

const SCENARIO: &str = r#"
version: 1
steps:
  - launch: {id: start, command: ["${target}"], within: 5s, expect: {exit: 0}}
  - check: {file: /run/d.pid, within: 0s, expect: {exists: true}}
"#;

/// The daemon. Gives its exit status.
pub fn run<S: System>(sys: &S) -> i32 {
    match start(sys) {
        Ok(()) => 0,
        Err(_) => 70,
    }
}

fn start<S: System>(sys: &S) -> Result<(), Errno> {
    let ready: SignalSet = [Signal::USR1].into_iter().collect();
    sys.sigmask(MaskHow::Block, ready)?;
    let launcher = sys.getpid()?;
    match sys.fork()? {
        Forked::Parent(_) => sys.sigtimedwait(ready, None).map(drop),
        Forked::Child => {
            sys.setsid()?;
            // Too early: the PID file is not there yet.
            sys.kill(KillTarget::Process(launcher), Some(Signal::USR1))?;
            let how = OpenHow {
                create: true,
                ..OpenHow::new(Access::Write)
            };
            let file = sys.open(At::Cwd, Path::new("/run/d.pid"), how, 0o644)?;
            sys.write(file.raw(), b"here\n")?;
            sys.poll(&[], None, None).map(drop)
        }
    }
}

/// The case with the daemon as its target, in a folder of its own.
fn prepared() -> Result<(tempfile::TempDir, Case, Setting, Programs), Box<dyn Error>> {
    let folder = tempfile::Builder::new()
        .prefix("daemonlab-early")
        .tempdir()?;
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
    let program = folder.path().join(NAME);
    let copied = assert_cmd::Command::new("cp")
        .arg(std::env::current_exe()?)
        .arg(&program)
        .ok();
    copied?;
    let scenario = folder.path().join("s.yaml");
    fs::write(&scenario, SCENARIO)?;
    let target = target::resolve(&program.to_string_lossy())?;
    let programs = Programs::embedded().with(&target.path, |sys| run(&sys));
    let found = select::find(&[scenario]).map_err(|error| error.to_string())?;
    let mut scenarios = select::load(&found).map_err(|error| error.to_string())?;
    let case = scenarios.remove(0).cases.remove(0);
    Ok((folder, case, super::setting(target), programs))
}

/// How often the schedule breaks the case in this world as it says, of ten
/// times.
fn reproduced(model: &mut impl Model, schedule: &Schedule) -> Result<usize, Box<dyn Error>> {
    let mut count = 0;
    for _ in 0..10 {
        let bounds = along_common(Faults::None);
        let followed = follow(&mut *model, schedule, Fidelity::StrictThenOn, bounds)
            .map_err(|error| error.to_string())?;
        if let Verdict::Broken(failure) = &followed.record.outcome.verdict {
            count += usize::from(schedule.breaks.as_ref() == Some(&failure.rule));
        }
    }
    Ok(count)
}

fn planned(case: &Case, world: WorldKind) -> Planned {
    super::planned(case, world)
}

fn ten(count: usize) -> Result<(), Box<dyn Error>> {
    match count {
        10 => Ok(()),
        _ => Err(format!("it broke as it should in {count} of 10 executions").into()),
    }
}

/// Found on the simulated kernel, broken on the real process.
pub fn found_in_the_simulation() -> Result<(), Box<dyn Error>> {
    let (folder, case, setting, programs) = prepared()?;
    let how = Exploration {
        preemptions: None,
        most: None,
        time: None,
        programs,
        schedules: folder.path().join("schedules"),
        target: NAME.to_owned(),
    };
    let stop = Stop::default();
    let simulated = planned(&case, WorldKind::Sim);
    explore(&simulated, &setting, &how, &stop, &mut |_, _| {});
    let mut written = fs::read_dir(&how.schedules)?;
    let file = written.next().ok_or("no schedule was written")??;
    let schedule: Schedule = fs::read_to_string(file.path())?.parse()?;
    let real = planned(&case, WorldKind::Real);
    let mut real = Processes::new(real, setting, Faults::None, Grain::Common, stop)?;
    ten(reproduced(&mut real, &schedule)?)
}

/// Found on the real process, broken on the simulated kernel.
pub fn found_on_the_real_process() -> Result<(), Box<dyn Error>> {
    let (_folder, case, setting, programs) = prepared()?;
    let stop = Stop::default();
    let planned_really = planned(&case, WorldKind::Real);
    let make = || {
        let (planned, setting) = (planned_really.clone(), setting.clone());
        Processes::new(planned, setting, Faults::None, Grain::Calls, stop.clone())
    };
    let hunt = Hunt {
        tactic: Tactic::Mixed,
        runs: 100,
        seed: 1,
        faults: Faults::None,
        preemptions: None,
        timers: Timers::WhenIdle,
    };
    let found = search(&make, &hunt, NonZeroUsize::MIN, |_| true)?.found;
    let found = found.ok_or("nothing was found on the real process")?;
    let schedule = common::schedule(&found.common, Some(found.failure.rule));
    let simulated = planned(&case, WorldKind::Sim);
    let mut sim = ScenarioModel::new(&simulated, &setting, &programs, Grain::Common);
    ten(reproduced(&mut sim, &schedule)?)
}
