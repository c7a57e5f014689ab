//! A program in the simulation, its turns followed by choosing who goes.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use daemonlab::explore::{Kind, Model, TaskName, Timers, Verdict};
use daemonlab::sim::kernel::{Life, Machine, Move, Refusal};
use daemonlab::sim::{Actor, Faults, Scene, Setup, Simulation};
use daemonlab::sys::call::Call;

use crate::interpret::{self, Board};
use crate::lie::{Lie, Lying};
use crate::program::{MOST_PROCESSES, Program, TERMINAL};
use crate::scenery::{FIRST_PID, start};
use crate::trace::{Answer, Moment, Standing, Trace};

/// Who goes first where several go on by themselves, as when one signal ends
/// a whole group. Where it makes a difference, no kernel promises either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    EldestFirst,
    YoungestFirst,
}

/// More steps than any turn takes: beyond, a process runs for ever.
const MOST_STEPS: usize = 10_000;

/// What the processes have told, by process and index.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    /// How many calls each process has begun to make.
    begun: [usize; MOST_PROCESSES],
    texts: BTreeMap<(usize, usize), String>,
}

impl Board for Notes {
    // A child that is run through its parent's record says everything again:
    // the same once more.
    fn take_turn(&self, process: usize, index: usize) {
        let begun = &mut self.0.lock().expect("no panic").begun[process];
        *begun = (*begun).max(index + 1);
    }

    fn tell(&self, process: usize, index: usize, text: String) {
        let mut noted = self.0.lock().expect("no panic");
        noted.texts.insert((process, index), text);
    }
}

/// Runs a program, on a kernel that lies if a lie is given.
///
/// # Errors
/// What went wrong in the simulation itself, a panic for one.
pub fn simulate(
    scene: &Scene,
    program: &Program,
    order: Order,
    lie: Option<Lie>,
) -> Result<Trace, String> {
    tell(scene, program, order, lie).map(|(trace, _)| trace)
}

/// Runs a program, and says which refusals its last turn has met.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_and_tell(
    scene: &Scene,
    program: &Program,
) -> Result<(Trace, Vec<Refusal>), String> {
    tell(scene, program, Order::EldestFirst, None)
}

fn tell(
    scene: &Scene,
    program: &Program,
    order: Order,
    lie: Option<Lie>,
) -> Result<(Trace, Vec<Refusal>), String> {
    let run = || Run::new(scene, program, order, lie).all();
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Err(format!("the model panicked: {}", text.unwrap_or_default()))
    })
}

struct Run<'a> {
    program: &'a Program,
    order: Order,
    notes: Notes,
    simulation: Simulation,
    /// How many turns each process was given.
    given: [usize; MOST_PROCESSES],
    /// Which processes there have been.
    born: usize,
    /// What the last turn has been refused.
    refused: Vec<Refusal>,
}

impl<'a> Run<'a> {
    fn new(scene: &Scene, program: &'a Program, order: Order, lie: Option<Lie>) -> Run<'a> {
        let notes = Notes::default();
        let (owned, board) = (program.clone(), notes.clone());
        let run: daemonlab::sim::Program = Arc::new(move |sys| match lie {
            None => interpret::run(&sys, &owned, &board),
            Some(lie) => interpret::run(&Lying::new(sys, lie), &owned, &board),
        });
        let scene = match lie {
            None => scene.clone(),
            Some(lie) => scene.clone().rules(|rules| lie.bend(rules)),
        };
        let simulation = Simulation::new(Setup {
            scene,
            actors: vec![Actor {
                program: run,
                start: start(program.start),
                faults: Faults::NONE,
            }],
            time: Timers::AnyTime,
            hang_up: program.hangs_up(),
            invariants: Vec::new(),
        });
        Run {
            program,
            order,
            notes,
            simulation,
            given: [0; MOST_PROCESSES],
            born: 1,
            refused: Vec::new(),
        }
    }

    fn all(mut self) -> Result<(Trace, Vec<Refusal>), String> {
        self.settle()?;
        let mut trace = Trace::default();
        let mut told = 0;
        for turn in &self.program.turns {
            self.refused.clear();
            let taken = match turn.process {
                TERMINAL => self.hang_up()?,
                process => self.give(process)?,
            };
            self.settle()?;
            let noted = self.notes.0.lock().expect("no panic");
            let mut answers = Vec::new();
            if noted.texts.len() > told {
                // Few enough to look at all of them.
                let before: Vec<(usize, usize)> = trace
                    .moments
                    .iter()
                    .flat_map(|moment: &Moment| &moment.answers)
                    .map(|answer| (answer.process, answer.index))
                    .collect();
                for ((process, index), text) in &noted.texts {
                    if !before.contains(&(*process, *index)) {
                        answers.push(Answer {
                            process: *process,
                            index: *index,
                            text: text.clone(),
                        });
                    }
                }
                told = noted.texts.len();
            }
            drop(noted);
            let standing = (0..MOST_PROCESSES).map(|process| self.standing(process));
            trace.moments.push(Moment {
                taken,
                answers,
                standing: standing.collect(),
            });
        }
        match self.simulation.outcome().verdict {
            Verdict::Held => Ok((trace, self.refused)),
            Verdict::Unusable(why) => Err(format!("{why:?}")),
            Verdict::Broken(failure) => Err(format!("{}: {}", failure.rule, failure.evidence)),
        }
    }

    fn machine(&self) -> &Machine {
        self.simulation.facts().machine()
    }

    fn task(&self, process: usize) -> Option<TaskName> {
        self.machine().task_of(FIRST_PID + process as i32)
    }

    fn told(&self, process: usize) -> usize {
        let noted = self.notes.0.lock().expect("no panic");
        noted.texts.range((process, 0)..(process + 1, 0)).count()
    }

    fn standing(&self, process: usize) -> Standing {
        let Some(task) = self.task(process) else {
            return match process < self.born {
                true => Standing::Gone,
                false => Standing::Unborn,
            };
        };
        match self.machine().process(task).life {
            Life::Running if self.given[process] > self.told(process) => Standing::Waits,
            Life::Running => Standing::Idle,
            Life::Stopped => Standing::Stopped,
            Life::Ending(_) | Life::Zombie(_) => Standing::Zombie,
        }
    }

    /// Lets a process make its next call, if it can.
    fn give(&mut self, process: usize) -> Result<bool, String> {
        if self.standing(process) != Standing::Idle {
            return Ok(false);
        }
        let calls = self.program.calls(process).count();
        if self.given[process] >= calls {
            return Err(format!("p{process} is given more turns than it has calls"));
        }
        let forks = self.machine().processes().count();
        let call = self.program.calls(process).nth(self.given[process]);
        self.given[process] += 1;
        let task = self.task(process).expect("a process that is idle");
        let Some(place) = self.place(task) else {
            return Err(format!("p{process} is idle and not pending"));
        };
        if self.can_go(place) {
            self.step(place);
        }
        if call == Some(&Call::Fork) && self.machine().processes().count() > forks {
            self.born += 1;
        }
        Ok(true)
    }

    fn step(&mut self, place: usize) {
        self.simulation.step(place, 0);
        self.refused.extend(self.simulation.refused());
    }

    /// Closes the window of the terminal.
    fn hang_up(&mut self) -> Result<bool, String> {
        let count = self.simulation.pending().len();
        let place = (0..count).find(|place| self.is_terminal(*place));
        self.step(place.ok_or("the terminal was hung up already")?);
        Ok(true)
    }

    /// Whether it is no process that is pending there, but the terminal.
    fn is_terminal(&self, place: usize) -> bool {
        let task = self.simulation.pending()[place].task;
        self.machine().processes().all(|(known, _)| known != task)
    }

    fn place(&self, task: TaskName) -> Option<usize> {
        let pending = self.simulation.pending();
        pending.iter().position(|pending| pending.task == task)
    }

    fn can_go(&self, place: usize) -> bool {
        let alternatives = &self.simulation.pending()[place].alternatives;
        alternatives
            .first()
            .is_some_and(|way| way.kind == Kind::Normal)
    }

    /// Lets everything happen that happens by itself: signals that kill and
    /// stop, ends, waits that return, and at last waits whose time is over.
    fn settle(&mut self) -> Result<(), String> {
        for _ in 0..MOST_STEPS {
            let Some(place) = self.next_to_move() else {
                return Ok(());
            };
            self.step(place);
        }
        Err("a turn that never ends".to_owned())
    }

    fn next_to_move(&self) -> Option<usize> {
        let count = self.simulation.pending().len();
        let mut movers = (0..count).filter(|place| self.moves_by_itself(*place));
        let first = match self.order {
            Order::EldestFirst => movers.next(),
            Order::YoungestFirst => movers.next_back(),
        };
        first.or_else(|| (0..count).find(|place| self.times_out(*place)))
    }

    fn moves_by_itself(&self, place: usize) -> bool {
        if self.is_terminal(place) {
            return false;
        }
        let task = self.simulation.pending()[place].task;
        let process = self.process(task);
        let begins = self.notes.0.lock().expect("no panic").begun[process] == 0;
        // With a call that never waits, what is left is what it cannot help.
        let forced = !matches!(
            self.machine().next_move(task, &Call::GetPid),
            Some(Move::Goes) | None
        );
        self.can_go(place) && (begins || forced || self.given[process] > self.told(process))
    }

    fn times_out(&self, place: usize) -> bool {
        if self.is_terminal(place) {
            return false;
        }
        let pending = &self.simulation.pending()[place];
        let process = self.process(pending.task);
        let timer = pending.alternatives.first();
        timer.is_some_and(|way| way.kind == Kind::Timer) && self.given[process] > self.told(process)
    }

    fn process(&self, task: TaskName) -> usize {
        (self.machine().process(task).pid - FIRST_PID) as usize
    }
}
