//! A saved schedule, and a program that has changed a little.
//!
//! Next to a schedule that lacks one of its steps, the program is one that
//! makes a call more; next to one with a step more, a program that makes a call
//! less. Wherever that is, it is said at which step the two part, and mostly
//! the mistake shows itself all the same.

use daemonlab::explore::Schedule;
use daemonlab::explore::schedule::PlannedStep;
use daemonlab::explore::schedule::follow::CannotFollow;
use daemonlab::sim::check::{Config, Counterexample, replay};

use crate::mistake::Mistake;

/// A call that none of the programs makes.
const UNKNOWN: &str = "getsid(4711)";

/// How the changed programs fared.
#[derive(Debug, Default)]
struct Fared {
    /// The mistake showed itself.
    survived: usize,
    /// It did not: the program was another one.
    gone: usize,
    /// There was no going along.
    parted: usize,
}

impl Mistake {
    /// The schedule survives most small changes of the program, and of each it
    /// is said where it is.
    pub fn survives_changes(&self, config: &Config, found: &Counterexample) {
        let schedule = found.schedule();
        let mut fared = Fared::default();
        for place in (0..schedule.steps.len()).filter(|place| begins_a_call(&schedule, *place)) {
            let is_half = schedule.steps[place].operation.starts_with(START);
            if schedule.steps[place].way.is_none() && !is_half {
                self.follow(config, &without(&schedule, place), place, &mut fared);
            }
            self.follow(config, &with_another(&schedule, place), place, &mut fared);
        }
        println!("a call more or less: {fared:?}");
        let all = fared.survived + fared.gone + fared.parted;
        assert!(fared.survived * 3 >= all * 2, "{fared:?}");
    }

    fn follow(&self, config: &Config, schedule: &Schedule, place: usize, fared: &mut Fared) {
        let replayed = replay(config, self.wrong, schedule);
        let told = replayed.to_string();
        let diverged = match &replayed.ran {
            Err(CannotFollow::Diverged(diverged)) => {
                fared.parted += 1;
                diverged
            }
            Err(error) => panic!("{error}"),
            Ok(run) => {
                let broken = replayed.failure().map(|failure| failure.rule.as_str());
                match broken == Some(self.breaks) {
                    true => fared.survived += 1,
                    false => fared.gone += 1,
                }
                let diverged = run.diverged.as_ref();
                diverged.unwrap_or_else(|| panic!("{told}\n{schedule}"))
            }
        };
        let step = diverged.step;
        assert!(told.contains(&format!("at its step {step}\n")), "{told}");
        assert!(
            (place + 1..=schedule.steps.len() + 1).contains(&step),
            "changed at {place}: {told}\n{schedule}"
        );
    }
}

/// Whether a step is the first of its call: a wait for some time has two, and no
/// program makes another call between them, or only one of them.
fn begins_a_call(schedule: &Schedule, place: usize) -> bool {
    let step = &schedule.steps[place];
    let mut before = schedule.steps[..place].iter().rev();
    let last = before.find(|before| before.task == step.task);
    last.is_none_or(|last| last.operation.strip_prefix(START) != Some(&*step.operation))
}

/// How the step is called from which the time of a wait counts.
const START: &str = "start the time of ";

/// The schedule of a program that makes this step no more.
fn without(schedule: &Schedule, place: usize) -> Schedule {
    let mut changed = schedule.clone();
    changed.steps.remove(place);
    numbered(changed)
}

/// The schedule of a program that makes a call before this step.
fn with_another(schedule: &Schedule, place: usize) -> Schedule {
    let mut changed = schedule.clone();
    let step = PlannedStep {
        task: schedule.steps[place].task,
        index: 0,
        way: None,
        operation: UNKNOWN.to_owned(),
    };
    changed.steps.insert(place, step);
    numbered(changed)
}

/// The steps of each task, numbered from 1.
fn numbered(mut schedule: Schedule) -> Schedule {
    for place in 0..schedule.steps.len() {
        let task = schedule.steps[place].task;
        let before = schedule.steps[..place].iter();
        let count = before.filter(|step| step.task == task).count();
        schedule.steps[place].index = count as u32 + 1;
    }
    schedule
}
