//! A point of choice, as a strategy sees it.

use std::fmt;

use super::conflicts::{Conflicts, Foot, WayName};
use super::{Kind, Model, TaskName};

/// A task, by a number that holds for one exploration: the tasks in the order
/// in which they were first seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub(super) u16);

impl TaskId {
    /// The number, for indexing.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.0)
    }
}

/// Where an execution stands: every task, and the candidates for the next step.
#[derive(Clone, Copy)]
pub struct Point<'a> {
    /// How many steps have been taken.
    pub depth: usize,
    /// The task that has the processor: it has gone last, but for tasks that
    /// were struck by a fault while they were blocked, and has been able to go
    /// on ever since. To let another one go is a preemption.
    pub runner: Option<TaskId>,
    /// Every task, blocked ones too, in the order of their names.
    pub tasks: &'a [TaskAt],
    /// Who may go next, within the bounds. The first is the one that means
    /// "go on": the runner if it can, else the next by name that needs
    /// neither a timer nor a fault, else one that needs its timer. Empty at
    /// the end.
    pub candidates: &'a [Candidate],
    /// Whether the bound on preemptions has kept a candidate away.
    pub held_back: bool,
    /// The candidates' and tasks' ways, see [`Point::ways`].
    pub(super) ways: &'a [Way],
    /// The names of all tasks that the exploration has met, and how many steps
    /// each has taken in this execution.
    pub(super) names: &'a [TaskName],
    pub(super) counts: &'a [u32],
    pub(super) words: &'a dyn Words,
    /// Which footprints conflict; empty unless the strategy wants them.
    pub(super) conflicts: &'a Conflicts,
}

/// A task at a point.
#[derive(Clone, Copy, Debug)]
pub struct TaskAt {
    /// Which.
    pub task: TaskId,
    /// The digest of its next operation.
    pub code: u64,
    /// The footprint of the operation as such.
    pub foot: Foot,
    /// Where its ways begin.
    pub(super) ways_from: u32,
    /// How many of its ways, which come first, are no faults.
    pub(super) plain: u16,
    /// How many ways it has, bounds or no bounds.
    pub(super) all: u16,
    /// By what it can go on.
    pub readiness: Readiness,
}

/// By what a task can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// By itself.
    Ready,
    /// Only if its timer fires.
    Timer,
    /// Only if a fault strikes it.
    Fault,
    /// By nothing.
    Blocked,
}

/// A way in which an operation can go.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Its index among the model's alternatives.
    pub alternative: u16,
    /// Of which kind it is.
    pub kind: Kind,
    /// What it touches; all the same unless the strategy wants footprints.
    pub foot: Foot,
    /// Its label; all the same unless the strategy wants footprints.
    pub name: WayName,
}

/// Someone who may go next.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// The index in [`Point::tasks`]; `None` for nobody: the execution ends
    /// here, where only a fault could keep it going.
    pub at: Option<u16>,
    /// How many ways it may go within the bounds; 1 for nobody.
    pub ways: u16,
    /// How often, with this time, its task has come to this operation;
    /// 1 where the bounds do not speak of rounds.
    pub round: u32,
    /// Whether it would be a preemption.
    pub preempts: bool,
}

impl<'a> Point<'a> {
    /// The ways of a task, bounds or no bounds: those that are no faults, then
    /// the faults. A [`Candidate`] may go the first [`Candidate::ways`] of them.
    pub fn ways(&self, at: &TaskAt) -> &'a [Way] {
        let from = at.ways_from as usize;
        &self.ways[from..from + usize::from(at.all)]
    }

    /// The task of a candidate; `None` for nobody.
    pub fn task(&self, candidate: &Candidate) -> Option<&'a TaskAt> {
        Some(&self.tasks[usize::from(candidate.at?)])
    }

    /// The ways of a candidate within the bounds; none for nobody.
    pub fn offered(&self, candidate: &Candidate) -> &'a [Way] {
        match self.task(candidate) {
            Some(at) => &self.ways(at)[..usize::from(candidate.ways)],
            None => &[],
        }
    }

    /// The name of a task.
    pub fn name(&self, task: TaskId) -> TaskName {
        self.names[task.index()]
    }

    /// How many steps a task has taken in this execution.
    pub fn steps_of(&self, task: TaskId) -> u32 {
        self.counts[task.index()]
    }

    /// Whether a task of that name has taken a step in this execution.
    pub fn has_stepped(&self, name: TaskName) -> bool {
        let known = self.names.iter().position(|known| *known == name);
        known.is_some_and(|known| self.counts[known] > 0)
    }

    /// The next operation of a candidate, as the model writes it; empty for
    /// nobody.
    pub fn operation(&self, candidate: &Candidate) -> String {
        let mut text = String::new();
        if let Some(place) = candidate.at {
            self.words.operation(place.into(), &mut text);
        }
        text
    }

    /// What the model calls a way of a candidate; empty for nobody.
    pub fn label(&self, candidate: &Candidate, way: &Way) -> &'a str {
        match candidate.at {
            Some(place) => self.words.label(place.into(), way.alternative.into()),
            None => "",
        }
    }

    /// Whether the order of two footprints can matter.
    pub fn conflict(&self, one: Foot, other: Foot) -> bool {
        self.conflicts.between(one, other)
    }
}

impl TaskAt {
    /// How many of its ways, which come first, are no faults.
    pub fn plain_ways(&self) -> usize {
        usize::from(self.plain)
    }
}

/// What a model calls things, without its type.
pub(super) trait Words {
    fn operation(&self, place: usize, out: &mut String);
    fn label(&self, place: usize, alternative: usize) -> &str;
}

impl<M: Model> Words for M {
    fn operation(&self, place: usize, out: &mut String) {
        self.write_operation(place, out)
            .expect("writing to a string does not fail");
    }

    fn label(&self, place: usize, alternative: usize) -> &str {
        &self.pending()[place].alternatives[alternative].label
    }
}
