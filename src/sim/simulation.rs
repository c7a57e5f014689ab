//! Programs on a simulated kernel, as something that can be explored.

mod look;
mod setup;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use super::facts::Facts;
use super::faults;
use super::handle::Given;
use super::invariants::{Invariant, When};
use super::kernel::{Key, Machine, Move, Refusal};
use super::scene::Scene;
use super::shown::{self, Shown};
use super::thread::{Program, Stacks, Thread};
use crate::explore::{Failure, Model, Outcome, Pending, TaskName, Verdict};
use crate::sys::call::{Call, Ret};
use crate::sys::records::Ended;
use crate::sys::{Errno, Result, Signal};

pub use setup::{Actor, Faults, Setup};

/// The rule that is broken by a program that panics.
pub const NO_PANIC: &str = "no program panics";
/// The rule that is broken by a program that does not repeat itself.
pub const REPEATS_ITSELF: &str = "a program does the same when its calls are answered the same";

/// A [`Model`] of programs on a simulated kernel.
pub struct Simulation {
    setup: Setup,
    /// The machine at the start, with a process for every program.
    initial: Machine,
    given: Vec<Rc<Given>>,
    machine: Machine,
    tasks: BTreeMap<TaskName, Task>,
    pending: Vec<Pending<Key>>,
    /// Whether anybody looks at their footprints.
    footprints: bool,
    /// What each alternative of each pending operation is.
    ways: Vec<Vec<Way>>,
    event: Event,
    /// Why the call of the last step failed.
    refused: Option<Refusal>,
    broken: Option<Failure>,
    /// Whom the fault SIGKILL has struck.
    killed: BTreeSet<TaskName>,
    /// What is judged before the end.
    watched: Watched,
    /// Whether calls fail with the errnos that are rare, too.
    rare_errnos: bool,
    stacks: Stacks,
}

/// What is judged before the end.
#[derive(Default)]
struct Watched {
    /// Whether any rule is judged after every step.
    always: bool,
    /// Whether any is judged when the launcher exits.
    exit: bool,
    /// Whether the launcher has made its last call.
    exiting: bool,
    /// Whether it has ended.
    ended: bool,
}

/// A process with its program, and the call that it is about to make.
struct Task {
    thread: Thread,
    call: Call,
    /// Whether the call waits for a time that has yet to begin.
    begins: bool,
    code: u64,
    faults: Faults,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    Moves(Move),
    Begins,
    TimesOut,
    Fails(Errno),
    Short,
    Killed,
    HangsUp,
}

/// What the last step did.
enum Event {
    Nothing,
    Call(Call, Result<Ret>, &'static str),
    Waits(Call),
    Begins(Call),
    Ended(Ended),
    Stopped(Signal),
    Over,
    HungUp,
}

/// How the step is called from which the time of a wait counts.
const BEGIN_TIME: &str = "start the time of ";
/// The task that hangs the terminal up.
const TERMINAL: TaskName = TaskName::first(u16::MAX - 2);

impl Simulation {
    /// Prepares the programs of `setup`.
    pub fn new(setup: Setup) -> Simulation {
        let mut initial = setup.scene.machine().clone();
        for (ordinal, actor) in setup.actors.iter().enumerate() {
            Scene::start(&mut initial, ordinal as u16, &actor.start);
        }
        let given = setup.actors.iter().map(|actor| {
            Rc::new(Given {
                args: actor.start.args.clone(),
                env: actor.start.env.clone(),
            })
        });
        let judged = |when| move |invariant: &Invariant| invariant.moment() == when;
        let watched = Watched {
            always: setup.invariants.iter().any(judged(When::Always)),
            exit: setup.invariants.iter().any(judged(When::LauncherExits)),
            ..Watched::default()
        };
        let mut simulation = Simulation {
            killed: BTreeSet::new(),
            watched,
            given: given.collect(),
            machine: initial.clone(),
            initial,
            setup,
            tasks: BTreeMap::new(),
            pending: Vec::new(),
            footprints: true,
            ways: Vec::new(),
            event: Event::Nothing,
            refused: None,
            broken: None,
            rare_errnos: false,
            stacks: Stacks::default(),
        };
        simulation.start();
        simulation
    }

    /// The machine as it is now.
    pub fn facts(&self) -> Facts<'_> {
        Facts::of(&self.machine, &self.killed)
    }

    /// The same, and calls that can fail do so with every other errno of their
    /// manual pages as well, behind the usual ones: of a file system that is
    /// out of quota, a machine out of memory, and the like. It is worth as much
    /// where each fault is tried once, and too much where each is tried in
    /// every order.
    #[must_use]
    pub fn with_rare_errnos(mut self) -> Simulation {
        self.rare_errnos = true;
        self.start();
        self
    }

    /// Why the kernel refused the call of the last step, if it did; a fault is
    /// no refusal of the kernel's.
    pub fn refused(&self) -> Option<Refusal> {
        self.refused
    }

    /// Judges what is judged before the end.
    fn watch(&mut self) {
        if self.watched.always {
            self.judge(When::Always);
        }
        let ended = || self.machine.ends().contains_key(&TaskName::ROOT);
        if self.watched.exit && !self.watched.ended && ended() {
            self.watched.ended = true;
            if self.watched.exiting {
                self.judge(When::LauncherExits);
            }
        }
    }

    fn judge(&mut self, when: When) {
        if self.broken.is_some() {
            return;
        }
        let facts = Facts::of(&self.machine, &self.killed);
        let invariants = self.setup.invariants.iter();
        self.broken = invariants
            .filter(|invariant| invariant.moment() == when)
            .find_map(|invariant| {
                let evidence = invariant.judge(&facts).err()?;
                Some(Failure {
                    rule: invariant.rule().to_owned(),
                    evidence,
                })
            });
    }

    /// Whether the step is the one by which the launcher's exit becomes known,
    /// and somebody looks then.
    fn is_watched_exit(&self, name: TaskName, call: &Call, step: Option<Move>) -> bool {
        self.watched.exit
            && name == TaskName::ROOT
            && match step {
                Some(Move::Ends) => self.watched.exiting,
                Some(Move::Goes) => {
                    matches!(call, Call::Exit { .. }) && self.machine.ends_at_once(name)
                }
                _ => false,
            }
    }

    fn clear(&mut self) {
        for task in self.tasks.values_mut() {
            task.thread.end(&mut self.stacks);
        }
        self.tasks.clear();
    }
}

impl Model for Simulation {
    type Key = Key;

    fn start(&mut self) {
        self.clear();
        self.machine.clone_from(&self.initial);
        self.event = Event::Nothing;
        self.refused = None;
        self.broken = None;
        self.killed.clear();
        (self.watched.exiting, self.watched.ended) = (false, false);
        for (ordinal, actor) in self.setup.actors.iter().enumerate() {
            let name = TaskName::first(ordinal as u16);
            let thread = Thread::new(
                name,
                Program::clone(&actor.program),
                Rc::clone(&self.given[ordinal]),
                self.setup.scene.names().clone(),
                &mut self.stacks,
            );
            let task = Task {
                thread,
                call: Call::GetPid,
                begins: false,
                code: 0,
                faults: actor.faults,
            };
            self.tasks.insert(name, task);
        }
        for ordinal in 0..self.setup.actors.len() {
            self.resume(TaskName::first(ordinal as u16), Err(Errno::ENOSYS));
        }
        self.watch();
        self.look();
    }

    fn pending(&self) -> &[Pending<Key>] {
        &self.pending
    }

    fn want_footprints(&mut self, wanted: bool) {
        self.footprints = wanted;
    }

    fn step(&mut self, place: usize, alternative: usize) {
        self.refused = None;
        let name = self.pending[place].task;
        match self.ways[place][alternative].clone() {
            Way::Moves(step) => self.carry_out(name, step),
            Way::Begins => self.begin(name),
            Way::TimesOut => {
                if let Some(deadline) = self.machine.deadline(name) {
                    self.machine.advance(deadline);
                }
                self.carry_out(name, Move::Goes);
            }
            Way::Fails(errno) => self.strike(name, errno),
            Way::Short => {
                let call = self.tasks[&name].call.clone();
                let cut = faults::short(&call).unwrap_or_else(|| call.clone());
                self.go(name, call, cut, Move::Goes, " (short)");
            }
            Way::Killed => {
                self.killed.insert(name);
                self.event = Event::Ended(Ended::Killed(Signal::KILL));
                self.machine.end_now(name, Ended::Killed(Signal::KILL));
                self.bury(name);
            }
            Way::HangsUp => {
                self.event = Event::HungUp;
                self.machine.hang_up();
            }
        }
        self.watch();
        self.look();
    }

    fn write_operation(&self, place: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        let name = self.pending[place].task;
        let Some(task) = self.tasks.get(&name) else {
            return out.write_str("hang up the terminal");
        };
        match self.machine.next_move(name, &task.call) {
            Some(Move::Dies(signal)) => write!(out, "die of {signal}"),
            Some(Move::Stops(signal)) => write!(out, "stop by {signal}"),
            Some(Move::Ends) => out.write_str("become waitable"),
            Some(Move::Enters) => write!(out, "begin {}", task.call),
            Some(Move::Goes) if task.begins => write!(out, "{BEGIN_TIME}{}", task.call),
            Some(Move::Goes) | None => write!(out, "{}", task.call),
        }
    }

    fn write_event(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        match &self.event {
            Event::Nothing => Ok(()),
            Event::Call(call, answer, fault) => write!(out, "{call}{}{fault}", Shown(answer)),
            Event::Waits(call) => write!(out, "{call} waits"),
            Event::Begins(call) => write!(out, "{BEGIN_TIME}{call}"),
            Event::Ended(end) => shown::ended(*end, out),
            Event::Stopped(signal) => write!(out, "stopped by {signal}"),
            Event::Over => out.write_str("is waitable"),
            Event::HungUp => out.write_str("the terminal is hung up"),
        }
    }

    fn outcome(&mut self) -> Outcome {
        self.judge(When::AtTheEnd);
        Outcome {
            verdict: match &self.broken {
                None => Verdict::Held,
                Some(failure) => Verdict::Broken(failure.clone()),
            },
            state: self.machine.digest(&self.initial),
        }
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.clear();
    }
}
