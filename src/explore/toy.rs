//! Small models for tests: tasks that run lists of operations on registers,
//! locks, pipes and each other.

mod op;
mod programs;

use std::borrow::Cow;
use std::fmt;

use super::{
    Alternative, Digest, Failure, Footprint, Kind, Lasting, Model, Outcome, Pending, TaskName,
    Verdict,
};

pub(crate) use op::Op;
pub(crate) use programs::programs;

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
