//! Small models for tests: tasks that run lists of operations on registers,
//! locks, pipes and each other.

use std::borrow::Cow;
use std::fmt;

use proptest::prelude::*;

use super::{
    Alternative, Digest, Failure, Footprint, Kind, Lasting, Model, Outcome, Pending, TaskName,
    Verdict,
};

/// An operation of a [`Toy`]'s task. Registers, locks, pipes and tasks are
/// numbered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// Remembers the register's value.
    Get(usize),
    Set(usize, u8),
    /// Doubles the register and adds: does not commute with itself.
    Mix(usize, u8),
    Lock(usize),
    Unlock(usize),
    Send(usize, u8),
    /// Waits for something in the pipe and remembers it.
    Receive(usize),
    /// The same, with a timer that may fire at any time.
    ReceiveOrTimeOut(usize),
    /// Waits for its timer only.
    Sleep,
    /// Starts the task: before that it does not exist. Once.
    Start(usize),
    /// Ends another task, wherever it is.
    Kill(usize),
    /// Waits until another task has ended.
    AwaitEnd(usize),
    /// Something that nobody else can notice.
    Alone,
    /// Writes what nobody has told footprints of: it says it touches anything.
    Mystery(usize, u8),
    /// Asks for the register's value in a loop until it is not 0.
    Until(usize),
    /// May be struck: `EIO`, after which the task goes on without having done
    /// it, or a death, which ends the task.
    Faulty(Box<Op>),
}

use Op::*;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Register(usize),
    Lock(usize),
    Pipe(usize),
    Task(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Life {
    Unborn,
    Alive,
    Ended,
    Killed,
}

/// Everything that can differ between two executions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct State {
    pub(crate) registers: Vec<u8>,
    locks: Vec<Option<usize>>,
    pipes: Vec<Vec<u8>>,
    lives: Vec<Life>,
    at: Vec<usize>,
    /// What each task has seen.
    pub(crate) seen: Vec<Vec<u8>>,
}

type Invariant = fn(&State) -> Option<&'static str>;

/// Footprints that are not honest, for tests of what finds that out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "each lie is something left out")]
pub(crate) enum Lie {
    NoWrites,
    NoPipes,
    NoLives,
}

#[derive(Clone, Debug)]
pub(crate) struct Toy {
    programs: Vec<Vec<Op>>,
    names: Vec<TaskName>,
    invariant: Invariant,
    /// The only end that is none of a failure, if there is but one.
    expected: Option<State>,
    lie: Option<Lie>,
    pub(crate) state: State,
    pending: Vec<Pending<Key>>,
    places: Vec<usize>,
    event: String,
    /// Every event since the start, for tests that write out the universe.
    pub(crate) trail: Vec<String>,
    /// What each of them touched.
    feet: Vec<(usize, Footprint<Key>)>,
}

const MANY: usize = 4;

impl Toy {
    /// A toy of these tasks, named `0.1`, `0.2`, … A task that another one
    /// starts does not exist before that.
    pub(crate) fn new(programs: impl IntoIterator<Item = Vec<Op>>) -> Toy {
        let programs: Vec<Vec<Op>> = programs.into_iter().collect();
        let tasks = programs.len();
        let names = (1..=tasks as u16)
            .map(|n| TaskName::ROOT.child(n).unwrap())
            .collect();
        let mut toy = Toy {
            programs,
            names,
            invariant: |_| None,
            expected: None,
            lie: None,
            state: State {
                registers: vec![0; MANY],
                locks: vec![None; MANY],
                pipes: vec![Vec::new(); MANY],
                lives: vec![Life::Alive; tasks],
                at: vec![0; tasks],
                seen: vec![Vec::new(); tasks],
            },
            pending: Vec::new(),
            places: Vec::new(),
            event: String::new(),
            trail: Vec::new(),
            feet: Vec::new(),
        };
        toy.start();
        toy
    }

    pub(crate) fn with_invariant(mut self, invariant: Invariant) -> Toy {
        self.invariant = invariant;
        self
    }

    /// What the execution has in common with all those that differ from it
    /// only in the order of operations which commute: each task's events, and
    /// which of two that conflict came first.
    pub(crate) fn class(&self) -> (Vec<Vec<String>>, Vec<(String, String)>) {
        let mut events = vec![Vec::new(); self.programs.len()];
        let mut names = Vec::new();
        for (event, (task, _)) in self.trail.iter().zip(&self.feet) {
            events[*task].push(event.clone());
            names.push(format!("{}#{}", task + 1, events[*task].len()));
        }
        let mut orders = Vec::new();
        for (later, (later_task, later_foot)) in self.feet.iter().enumerate() {
            for (earlier, (task, foot)) in self.feet[..later].iter().enumerate() {
                if task != later_task && foot.conflicts(later_foot) {
                    orders.push((names[earlier].clone(), names[later].clone()));
                }
            }
        }
        orders.sort();
        (events, orders)
    }

    pub(crate) fn lying(mut self, lie: Lie) -> Toy {
        self.lie = Some(lie);
        self.look();
        self
    }

    /// The same toy, of which every end is a failure.
    pub(crate) fn fail_always(self) -> Toy {
        self.with_invariant(|_| Some("it never ends"))
    }

    /// The same toy, of which every end but the present one is a failure.
    pub(crate) fn fail_unless_it_ends_like_this(mut self) -> Toy {
        self.expected = Some(self.state.clone());
        self
    }

    fn op(&self, task: usize) -> Option<&Op> {
        self.programs[task].get(self.state.at[task])
    }

    fn look(&mut self) {
        self.pending.clear();
        self.places.clear();
        for task in 0..self.programs.len() {
            if self.state.lives[task] != Life::Alive {
                continue;
            }
            let Some(op) = self.op(task) else { continue };
            let (inner, faulty) = match op {
                Faulty(inner) => (&**inner, true),
                op => (op, false),
            };
            let mut pending = Pending {
                task: self.names[task],
                code: Digest::of(op),
                footprint: self.footprint(task, inner),
                alternatives: self.alternatives(inner),
            };
            if faulty {
                pending.alternatives.push(Alternative {
                    kind: Kind::Fault(Lasting::Possible),
                    label: Cow::Borrowed("EIO"),
                    footprint: Some(self.life_only(task)),
                });
                pending.alternatives.push(Alternative {
                    kind: Kind::Fault(Lasting::Never),
                    label: Cow::Borrowed("death"),
                    footprint: Some(Footprint::none().writing([Key::Task(task)])),
                });
            }
            self.pending.push(pending);
            self.places.push(task);
        }
    }

    fn is_last(&self, task: usize) -> bool {
        self.state.at[task] + 1 == self.programs[task].len()
    }

    /// What every step of the task touches: whether it lives, which the last
    /// one changes.
    fn life_only(&self, task: usize) -> Footprint<Key> {
        match self.is_last(task) {
            true => Footprint::none().writing([Key::Task(task)]),
            false => Footprint::none().reading([Key::Task(task)]),
        }
    }

    fn footprint(&self, task: usize, op: &Op) -> Footprint<Key> {
        let own = self.life_only(task);
        match *op {
            Mix(register, _) if self.lie == Some(Lie::NoWrites) => {
                own.reading([Key::Register(register)])
            }
            Send(..) | Receive(_) if self.lie == Some(Lie::NoPipes) => own,
            Kill(_) if self.lie == Some(Lie::NoLives) => own,
            Get(register) | Until(register) => own.reading([Key::Register(register)]),
            Set(register, _) | Mix(register, _) => own.writing([Key::Register(register)]),
            Lock(lock) | Unlock(lock) => own.writing([Key::Lock(lock)]),
            Send(pipe, _) | Receive(pipe) | ReceiveOrTimeOut(pipe) => {
                own.writing([Key::Pipe(pipe)])
            }
            Sleep | Alone => own,
            Start(other) | Kill(other) => own.writing([Key::Task(other)]),
            AwaitEnd(other) => own.reading([Key::Task(other)]),
            Mystery(..) => Footprint::unknown(),
            Faulty(_) => unreachable!("a fault of a fault"),
        }
    }

    fn alternatives(&self, op: &Op) -> Vec<Alternative<Key>> {
        let normal = match *op {
            Lock(lock) => self.state.locks[lock].is_none(),
            Receive(pipe) | ReceiveOrTimeOut(pipe) => !self.state.pipes[pipe].is_empty(),
            AwaitEnd(other) => !matches!(self.state.lives[other], Life::Alive | Life::Unborn),
            Sleep => false,
            _ => true,
        };
        let mut alternatives = Vec::new();
        if normal {
            alternatives.push(Alternative::NORMAL);
        }
        if matches!(op, ReceiveOrTimeOut(_) | Sleep) {
            alternatives.push(Alternative {
                kind: Kind::Timer,
                label: Cow::Borrowed("timeout"),
                footprint: None,
            });
        }
        alternatives
    }

    fn carry_out(&mut self, task: usize, op: &Op, timed_out: bool) {
        let state = &mut self.state;
        let mut done = true;
        match *op {
            Get(register) => state.seen[task].push(state.registers[register]),
            Set(register, value) | Mystery(register, value) => state.registers[register] = value,
            Mix(register, value) => {
                let old = state.registers[register];
                state.registers[register] = old.wrapping_mul(2).wrapping_add(value);
            }
            Lock(lock) => state.locks[lock] = Some(task),
            Unlock(lock) => state.locks[lock] = None,
            Send(pipe, value) => state.pipes[pipe].push(value),
            ReceiveOrTimeOut(_) | Sleep if timed_out => state.seen[task].push(255),
            Receive(pipe) | ReceiveOrTimeOut(pipe) => {
                let value = state.pipes[pipe].remove(0);
                state.seen[task].push(value);
            }
            Start(other) => {
                if state.lives[other] == Life::Unborn {
                    state.lives[other] = Life::Alive;
                }
            }
            Kill(other) => {
                let killed = matches!(state.lives[other], Life::Alive | Life::Unborn);
                state.seen[task].push(killed.into());
                if killed {
                    state.lives[other] = Life::Killed;
                }
            }
            AwaitEnd(other) => state.seen[task].push((state.lives[other] == Life::Killed).into()),
            Until(register) => done = state.registers[register] != 0,
            Sleep | Alone => {}
            Faulty(_) => unreachable!("a fault of a fault"),
        }
        if done {
            self.pass(task);
        }
    }

    fn pass(&mut self, task: usize) {
        self.state.at[task] += 1;
        if self.op(task).is_none() && self.state.lives[task] == Life::Alive {
            self.state.lives[task] = Life::Ended;
        }
    }
}

impl Model for Toy {
    type Key = Key;

    fn start(&mut self) {
        let state = &mut self.state;
        state.registers.fill(0);
        state.locks.fill(None);
        state.pipes.iter_mut().for_each(Vec::clear);
        state.at.fill(0);
        state.seen.iter_mut().for_each(Vec::clear);
        for (task, program) in self.programs.iter().enumerate() {
            let started = |op: &Op| *op == Start(task) || *op == Faulty(Box::new(Start(task)));
            state.lives[task] = match (
                self.programs.iter().flatten().any(started),
                program.is_empty(),
            ) {
                (true, _) => Life::Unborn,
                (false, true) => Life::Ended,
                (false, false) => Life::Alive,
            };
        }
        self.trail.clear();
        self.feet.clear();
        self.look();
    }

    fn pending(&self) -> &[Pending<Key>] {
        &self.pending
    }

    fn step(&mut self, place: usize, alternative: usize) {
        let task = self.places[place];
        let op = self.op(task).unwrap().clone();
        let way = self.pending[place].alternatives[alternative].clone();
        self.event = format!("{}:{op:?}", task + 1);
        if way.kind != Kind::Normal {
            self.event += &format!("!{}", way.label);
        }
        self.trail.push(self.event.clone());
        let footprint = way
            .footprint
            .clone()
            .unwrap_or_else(|| self.pending[place].footprint.clone());
        self.feet.push((task, footprint));
        match (&op, way.label.as_ref()) {
            (_, "death") => self.state.lives[task] = Life::Killed,
            (_, "EIO") => {
                self.state.seen[task].push(254);
                self.pass(task);
            }
            (Faulty(inner), label) => self.carry_out(task, inner, label == "timeout"),
            (op, label) => self.carry_out(task, op, label == "timeout"),
        }
        self.look();
    }

    fn write_operation(&self, place: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "{:?}", self.op(self.places[place]).unwrap())
    }

    fn write_event(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str(&self.event)
    }

    fn outcome(&mut self) -> Outcome {
        Outcome {
            verdict: match (self.invariant)(&self.state) {
                None if self
                    .expected
                    .as_ref()
                    .is_some_and(|expected| *expected != self.state) =>
                {
                    Verdict::Broken(Failure {
                        rule: "it ends as expected".to_owned(),
                        evidence: format!("{:?}", self.state),
                    })
                }
                None => Verdict::Held,
                Some(rule) => Verdict::Broken(Failure {
                    rule: rule.to_owned(),
                    evidence: format!("{:?}", self.state),
                }),
            },
            state: Digest::of(&self.state),
        }
    }
}

fn plain_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0usize..2).prop_map(Get),
        3 => (0usize..2, 1u8..3).prop_map(|(register, value)| Set(register, value)),
        2 => (0usize..2, 1u8..3).prop_map(|(register, value)| Mix(register, value)),
        2 => (0usize..1).prop_map(Lock),
        2 => (0usize..1).prop_map(Unlock),
        3 => (0usize..2, 1u8..3).prop_map(|(pipe, value)| Send(pipe, value)),
        3 => (0usize..2).prop_map(Receive),
        2 => (0usize..2).prop_map(ReceiveOrTimeOut),
        1 => Just(Sleep),
        2 => (0usize..3).prop_map(Start),
        2 => (0usize..3).prop_map(Kill),
        2 => (0usize..3).prop_map(AwaitEnd),
        1 => Just(Alone),
        1 => (0usize..2, 1u8..3).prop_map(|(register, value)| Mystery(register, value)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => plain_op(),
        1 => plain_op().prop_map(|op| Faulty(Box::new(op))),
    ]
}

/// Random programs of two or three tasks.
pub(crate) fn programs() -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop_oneof![
        prop::collection::vec(prop::collection::vec(op(), 1..5), 2..3),
        prop::collection::vec(prop::collection::vec(op(), 1..4), 3..4),
    ]
    .prop_map(|mut programs| {
        // Operations on tasks speak of three.
        programs.resize(3, Vec::new());
        programs
    })
}
