//! Programs on a simulated kernel, as something that can be explored.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::time::Duration;

use super::facts::Facts;
use super::faults;
use super::handle::{Astray, Given};
use super::invariants::{Invariant, When};
use super::kernel::{Key, Machine, Move, Step};
use super::scene::{Scene, Start};
use super::shown::{self, Shown};
use super::thread::{Halt, Program, Stacks, Thread};
use crate::explore::{
    Alternative, Digest, Failure, Footprint, Kind, Lasting, Model, Outcome, Pending, TaskName,
    Timers, Verdict,
};
use crate::sys::call::{Call, Ret};
use crate::sys::records::Ended;
use crate::sys::{Errno, Pid, Result, Signal};

/// The rule that is broken by a program that panics.
pub const NO_PANIC: &str = "no program panics";
/// The rule that is broken by a program that does not repeat itself.
pub const REPEATS_ITSELF: &str = "a program does the same when its calls are answered the same";

/// A program that is there from the start.
#[derive(Clone)]
pub struct Actor {
    /// What it runs.
    pub program: Program,
    /// How it is started.
    pub start: Start,
    /// Whether faults strike it and its children. Not, for whoever only plays
    /// a part: a stranger, a service manager.
    pub faults: Faults,
}

/// Which faults strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    /// Calls fail as their manual pages say.
    pub errors: bool,
    /// Reads and writes are cut short.
    pub short: bool,
    /// SIGKILL strikes, before any call and in any wait.
    pub kill: bool,
    /// The time of a wait passes while others could still go on: the machine
    /// is slow. Of use where time passes only when nobody can go on.
    pub early: bool,
}

impl Faults {
    /// Every kind.
    pub const ALL: Faults = Faults {
        errors: true,
        short: true,
        kill: true,
        early: true,
    };

    /// None.
    pub const NONE: Faults = Faults {
        errors: false,
        short: false,
        kill: false,
        early: false,
    };
}

/// What a [`Simulation`] is made of.
#[derive(Clone)]
pub struct Setup {
    /// The machine before the programs start.
    pub scene: Scene,
    /// The programs; the first is the launcher, task `0`.
    pub actors: Vec<Actor>,
    /// When time passes; the explorer's bounds have to say the same.
    pub time: Timers,
    /// Whether the terminal is hung up, at some time.
    pub hang_up: bool,
    /// What must hold.
    pub invariants: Vec<Invariant>,
}

/// A [`Model`] of programs on a simulated kernel.
pub struct Simulation {
    setup: Setup,
    /// The machine at the start, with a process for every program.
    initial: Machine,
    given: Vec<Rc<Given>>,
    machine: Machine,
    tasks: BTreeMap<TaskName, Task>,
    pending: Vec<Pending<Key>>,
    /// What each alternative of each pending operation is.
    ways: Vec<Vec<Way>>,
    event: Event,
    broken: Option<Failure>,
    /// Whom the fault SIGKILL has struck.
    killed: BTreeSet<TaskName>,
    /// What is judged before the end.
    watched: Watched,
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
    code: u64,
    faults: Faults,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    Moves(Move),
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
    Ended(Ended),
    Stopped(Signal),
    Over,
    HungUp,
}

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
            ways: Vec::new(),
            event: Event::Nothing,
            broken: None,
            stacks: Stacks::default(),
        };
        simulation.start();
        simulation
    }

    /// The machine as it is now.
    pub fn facts(&self) -> Facts<'_> {
        Facts::of(&self.machine, &self.killed)
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

    /// Lets a program run to its next call.
    fn resume(&mut self, name: TaskName, answer: Result<Ret>) {
        let Some(task) = self.tasks.get_mut(&name) else {
            return;
        };
        match task.thread.run(answer, &mut self.stacks) {
            Halt::Call(call) => {
                self.machine.issue(name, &call);
                task.code = code(&call);
                task.call = call;
            }
            Halt::Panicked(message) => {
                self.fail(NO_PANIC, format!("process {name}: {message}"));
                self.abort(name);
            }
            Halt::Astray(astray) => {
                self.fail(REPEATS_ITSELF, format!("process {name}: {astray}"));
                self.abort(name);
            }
        }
    }

    fn fail(&mut self, rule: &str, evidence: String) {
        let failure = Failure {
            rule: rule.to_owned(),
            evidence,
        };
        self.broken.get_or_insert(failure);
    }

    fn abort(&mut self, name: TaskName) {
        self.machine.end_now(name, Ended::Killed(Signal::ABRT));
        self.bury(name);
    }

    /// Drops the program of a process that runs no further.
    fn bury(&mut self, name: TaskName) {
        if let Some(task) = self.tasks.get_mut(&name) {
            task.thread.end(&mut self.stacks);
        }
        if !self.machine.is_listed(name) {
            self.tasks.remove(&name);
        }
    }

    fn carry_out(&mut self, name: TaskName, step: Move) {
        let task = &self.tasks[&name];
        let call = task.call.clone();
        if name == TaskName::ROOT && step == Move::Goes && matches!(call, Call::Exit { .. }) {
            self.watched.exiting = true;
        }
        self.go(name, call.clone(), call, step, "");
    }

    /// Takes a step; `call` is what the program made, `done` what is carried
    /// out, which a fault may have cut short.
    fn go(&mut self, name: TaskName, call: Call, done: Call, step: Move, fault: &'static str) {
        match self.machine.step(name, &done, step) {
            Step::Returned(answer) => self.give(name, call, answer, fault),
            Step::Forked(child) => self.forked(name, call, child),
            Step::Waits => {
                self.event = match step {
                    Move::Stops(signal) => Event::Stopped(signal),
                    _ => Event::Waits(call),
                };
            }
            Step::Over => {
                self.event = match (step, self.machine.ends().get(&name)) {
                    (Move::Ends, _) => Event::Over,
                    (Move::Dies(signal), _) => Event::Ended(Ended::Killed(signal)),
                    (_, _) => match call {
                        Call::Exit { status } => Event::Ended(Ended::Exited(status & 0xff)),
                        _ => Event::Over,
                    },
                };
                self.bury(name);
            }
        }
    }

    fn give(&mut self, name: TaskName, call: Call, answer: Result<Ret>, fault: &'static str) {
        let task = self.tasks.get_mut(&name).expect("a task that goes on");
        task.thread.note(call.clone(), answer.clone());
        self.event = Event::Call(call, answer.clone(), fault);
        self.resume(name, answer);
    }

    fn forked(&mut self, name: TaskName, call: Call, child: TaskName) {
        let parent = &self.tasks[&name];
        let thread = parent.thread.fork(child, &mut self.stacks);
        let faults = parent.faults;
        let task = Task {
            thread,
            call: Call::GetPid,
            code: 0,
            faults,
        };
        self.tasks.insert(child, task);
        let pid = self.machine.process(child).pid;
        self.resume(child, Err(Errno::ENOSYS));
        self.give(name, call, Ok(Ret::Pid(Pid::from_raw(pid))), "");
    }

    fn strike(&mut self, name: TaskName, errno: Errno) {
        let call = self.tasks[&name].call.clone();
        if matches!(call, Call::Close { .. }) {
            self.machine.step(name, &call, Move::Goes);
        }
        self.machine.leave_call(name);
        self.give(name, call, Err(errno), " (fault)");
    }

    /// Fills in what [`Model::pending`] shows.
    fn look(&mut self) {
        let mut count = 0;
        for (name, task) in &self.tasks {
            let step = self.machine.next_move(*name, &task.call);
            let watched_exit = self.is_watched_exit(*name, &task.call, step);
            let (pending, ways) = slot(&mut self.pending, &mut self.ways, &mut count, *name);
            pending.code = task.code ^ move_code(step);
            self.machine
                .footprint(*name, &task.call, step, &mut pending.footprint);
            if watched_exit {
                pending.footprint.set_unknown();
            }
            if let Some(step) = step {
                pending.alternatives.push(Alternative::NORMAL);
                ways.push(Way::Moves(step));
            }
            if !matches!(step, Some(Move::Ends)) {
                add_faults(&self.machine, *name, task, step, pending, ways);
            }
        }
        if self.setup.hang_up && !self.machine.terminal().hung_up {
            let (pending, ways) = slot(&mut self.pending, &mut self.ways, &mut count, TERMINAL);
            pending.footprint.set_unknown();
            pending.alternatives.push(Alternative::NORMAL);
            ways.push(Way::HangsUp);
        }
        self.pending.truncate(count);
        self.ways.truncate(count);
        self.set_timers();
    }

    /// The timers that may fire. Where time passes only when nobody can go on
    /// without, which is the explorer's to see to, they fire in order.
    fn set_timers(&mut self) {
        let deadlines: Vec<Option<Duration>> = self
            .pending
            .iter()
            .zip(&self.ways)
            .map(|(pending, ways)| match ways.first() {
                Some(Way::Moves(_) | Way::HangsUp) => None,
                _ => self.machine.deadline(pending.task),
            })
            .collect();
        let first = deadlines.iter().flatten().min().copied();
        for (place, deadline) in deadlines.iter().enumerate() {
            let fires = match self.setup.time {
                Timers::WhenIdle => deadline.is_some() && *deadline == first,
                Timers::AnyTime => deadline.is_some(),
            };
            if !fires {
                continue;
            }
            let mut footprint = self.pending[place].footprint.clone();
            footprint.write(Key::Clock);
            let timer = Alternative {
                kind: Kind::Timer,
                label: Cow::Borrowed("timeout"),
                footprint: Some(footprint),
            };
            self.pending[place].alternatives.insert(0, timer);
            self.ways[place].insert(0, Way::TimesOut);
        }
    }
}

fn slot<'a>(
    pending: &'a mut Vec<Pending<Key>>,
    ways: &'a mut Vec<Vec<Way>>,
    count: &mut usize,
    task: TaskName,
) -> (&'a mut Pending<Key>, &'a mut Vec<Way>) {
    let place = *count;
    *count += 1;
    if place == pending.len() {
        pending.push(Pending {
            task,
            code: 0,
            footprint: Footprint::none(),
            alternatives: Vec::new(),
        });
    }
    if place == ways.len() {
        ways.push(Vec::new());
    }
    let (slot, ways) = (&mut pending[place], &mut ways[place]);
    slot.task = task;
    slot.code = 0;
    slot.footprint.clear();
    slot.alternatives.clear();
    ways.clear();
    (slot, ways)
}

fn add_faults(
    machine: &Machine,
    name: TaskName,
    task: &Task,
    step: Option<Move>,
    pending: &mut Pending<Key>,
    ways: &mut Vec<Way>,
) {
    let mut add = |lasting, label: Cow<'static, str>, footprint, way| {
        pending.alternatives.push(Alternative {
            kind: Kind::Fault(lasting),
            label,
            footprint,
        });
        ways.push(way);
    };
    if step == Some(Move::Goes) {
        if task.faults.errors {
            for (errno, lasting) in faults::of(&task.call) {
                let closes = matches!(task.call, Call::Close { .. });
                let footprint = (!closes).then(|| only_lives(name));
                let label = Cow::Owned(format!("{errno:?}"));
                add(*lasting, label, footprint, Way::Fails(*errno));
            }
        }
        if task.faults.short && faults::short(&task.call).is_some() {
            add(Lasting::Possible, Cow::Borrowed("short"), None, Way::Short);
        }
    }
    if step.is_none() && task.faults.early && machine.deadline(name).is_some() {
        let mut footprint = pending.footprint.clone();
        footprint.write(Key::Clock);
        let label = Cow::Borrowed("early timeout");
        add(Lasting::Never, label, Some(footprint), Way::TimesOut);
    }
    let dies_anyway = matches!(step, Some(Move::Dies(_)));
    if task.faults.kill && !dies_anyway {
        let mut footprint = Footprint::none();
        machine.footprint_of_death(name, &mut footprint);
        add(
            Lasting::Never,
            Cow::Borrowed("SIGKILL"),
            Some(footprint),
            Way::Killed,
        );
    }
}

/// A call that fails touches nothing but whoever makes it.
fn only_lives(task: TaskName) -> Footprint<Key> {
    let mut footprint = Footprint::none();
    footprint.read(Key::Life(task));
    footprint
}

/// A digest of the call, less the times, by which the rounds of a loop are
/// known: what is left of a time is different in each.
fn code(call: &Call) -> u64 {
    let mut digest = Digest::new();
    match call {
        Call::Poll { fds, mask, .. } => (call.name(), fds, mask).hash(&mut digest),
        Call::SigTimedWait { set, .. } => (call.name(), set).hash(&mut digest),
        call => call.hash(&mut digest),
    }
    digest.finish()
}

fn move_code(step: Option<Move>) -> u64 {
    match step {
        None | Some(Move::Goes) => 0,
        Some(Move::Enters) => 0x9e37_79b9_7f4a_7c15,
        Some(Move::Ends) => 0xbf58_476d_1ce4_e5b9,
        Some(Move::Dies(signal)) => Digest::of(("dies", signal)),
        Some(Move::Stops(signal)) => Digest::of(("stops", signal)),
    }
}

impl Model for Simulation {
    type Key = Key;

    fn start(&mut self) {
        self.clear();
        self.machine.clone_from(&self.initial);
        self.event = Event::Nothing;
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

    fn step(&mut self, place: usize, alternative: usize) {
        let name = self.pending[place].task;
        match self.ways[place][alternative].clone() {
            Way::Moves(step) => self.carry_out(name, step),
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
            Some(Move::Goes) | None => write!(out, "{}", task.call),
        }
    }

    fn write_event(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        match &self.event {
            Event::Nothing => Ok(()),
            Event::Call(call, answer, fault) => write!(out, "{call}{}{fault}", Shown(answer)),
            Event::Waits(call) => write!(out, "{call} waits"),
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

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the child of a fork is its parent's program run afresh, and after {} calls that were \
             the same it should have made the call {}, but ",
            self.after, self.recorded
        )?;
        match &self.made {
            Some(made) => write!(f, "made {made}")?,
            None => f.write_str("returned")?,
        }
        f.write_str(
            "; look for a clock, a random number, an unordered map, a static, or captured state",
        )
    }
}
