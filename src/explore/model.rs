//! What can be explored.

use std::borrow::Cow;
use std::fmt;
use std::hash::Hash;

use super::{Footprint, TaskName};

/// Something that runs in tasks and can be started over: a simulated kernel
/// with its programs, or real processes held by a tracer.
///
/// The explorer calls [`start`](Model::start), and then, until it has enough,
/// looks at [`pending`](Model::pending) and calls [`step`](Model::step) with
/// one of what it has seen. It ends an execution by
/// [`outcome`](Model::outcome), or drops it half-way and starts the next.
///
/// **Everything that happens must follow from the steps**: after `start` and
/// the same steps, the same is pending and the outcome is the same. No clock,
/// no random number, no iteration over an unordered map, no address may leak
/// in. The explorer checks this as it goes.
pub trait Model {
    /// What [`Footprint`]s are made of. Its order and hash must not depend on
    /// addresses.
    type Key: Clone + Ord + Hash + fmt::Debug;

    /// Starts a new execution and forgets the one before. Whatever can be
    /// kept, such as buffers and stacks, should be: it is called for every
    /// execution.
    fn start(&mut self);

    /// Every task with its next operation, in ascending order of their names.
    ///
    /// A task is listed from its birth to its end, also while it is blocked:
    /// a reduction needs to know what it waits for. If nothing is listed, or
    /// nothing that is listed can go on without a fault, the execution ends.
    fn pending(&self) -> &[Pending<Self::Key>];

    /// Carries out the next operation of the task at the index `task` of
    /// [`pending`](Model::pending), in the way of the index `alternative` of
    /// its [`alternatives`](Pending::alternatives). The task then runs on to
    /// its next operation, so that its work between two operations belongs to
    /// the first of them.
    fn step(&mut self, task: usize, alternative: usize);

    /// Writes the next operation of the task at the index `task` of
    /// [`pending`](Model::pending) with its arguments, such as
    /// `kill(0, SIGUSR1)`, on one line. Schedules find operations again by it,
    /// so that it should hold nothing that changes from run to run.
    ///
    /// # Errors
    /// Those of `out`.
    fn write_operation(&self, task: usize, out: &mut dyn fmt::Write) -> fmt::Result;

    /// Writes what the last step did, with its result, such as
    /// `kill(0, SIGUSR1) = 0`, on one line.
    ///
    /// # Errors
    /// Those of `out`.
    fn write_event(&self, out: &mut dyn fmt::Write) -> fmt::Result;

    /// Judges the execution where it is: at its end, or after the last step
    /// that the bounds allowed.
    fn outcome(&mut self) -> Outcome;

    /// Says, before a start or a step, whether anybody will look at the
    /// footprints of what is pending after it. A model may save itself the
    /// trouble where nobody will: most points of an execution are those that
    /// the one before it has been to.
    fn want_footprints(&mut self, _wanted: bool) {}

    /// Whether [`pending`](Model::pending) tells the whole truth about what
    /// could happen. Where it does not, as with real processes of which only
    /// some operations are seen, an exploration never claims to be complete.
    fn is_exact(&self) -> bool {
        true
    }
}

/// A task and what it does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending<K> {
    /// Whose operation it is.
    pub task: TaskName,
    /// A digest of the operation and its arguments, made with [`Digest`]:
    /// equal operations have equal codes. By it nondeterminism is noticed at
    /// once and a round of a loop is recognised as such.
    ///
    /// [`Digest`]: super::Digest
    pub code: u64,
    /// What the operation reads and writes if it goes as it should; what it
    /// waits for, while it is blocked.
    pub footprint: Footprint<K>,
    /// The ways in which it may go, first [`Kind::Normal`] if it can, then
    /// the others in any fixed order. Empty while it is blocked.
    pub alternatives: Vec<Alternative<K>>,
}

/// One way in which an operation may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative<K> {
    /// Of which kind.
    pub kind: Kind,
    /// What schedules and timelines call it: `EPERM`, `short 1`, `SIGKILL`,
    /// `timeout`. One line, unique among the alternatives of the operation;
    /// empty for the normal one.
    pub label: Cow<'static, str>,
    /// What is read and written if it goes this way; `None` if that is the
    /// operation's own footprint.
    pub footprint: Option<Footprint<K>>,
}

impl<K> Alternative<K> {
    /// The operation goes as it should.
    pub const NORMAL: Self = Alternative {
        kind: Kind::Normal,
        label: Cow::Borrowed(""),
        footprint: None,
    };
}

/// Of which kind a way is in which an operation may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// As it should.
    Normal,
    /// As it may: a signal is delivered here and not later, the signal goes
    /// to this thread and not to that. Counts as no fault.
    Signal,
    /// Its timer fires now. A task that can go on only because of its timer
    /// is taken last, unless a strategy decides otherwise.
    Timer,
    /// It fails: an errno, a short write, an interruption, a death. Counts
    /// against the bound on faults. A task that can go on only by a fault is
    /// never taken where no faults are allowed.
    Fault(Lasting),
}

impl Kind {
    /// Whether it is any fault.
    pub fn is_fault(self) -> bool {
        matches!(self, Kind::Fault(_))
    }
}

/// Whether a fault, once it has struck, may strike every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lasting {
    /// It may: a disk that is full stays full.
    Possible,
    /// It may not: an interruption that never ends is no world to be right in.
    Never,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The judgement.
    pub verdict: Verdict,
    /// A digest of the state at the end, made with [`Digest`]: whatever two
    /// executions must have in common to count as the same end.
    ///
    /// [`Digest`]: super::Digest
    pub state: u64,
}

/// The judgement on an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every invariant held.
    Held,
    /// One did not.
    Broken(Failure),
    /// The model cannot say, for a reason that is no fault of the program: a
    /// tracer has lost its processes. Ends the exploration with this text.
    Unusable(String),
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which invariant, in words that do not depend on the schedule: two
    /// failures are the same if their rules are.
    pub rule: String,
    /// The evidence.
    pub evidence: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.evidence)
    }
}

/// So that a model can be lent to an exploration and be looked at afterwards.
impl<M: Model + ?Sized> Model for &mut M {
    type Key = M::Key;

    fn start(&mut self) {
        (**self).start();
    }

    fn pending(&self) -> &[Pending<Self::Key>] {
        (**self).pending()
    }

    fn step(&mut self, task: usize, alternative: usize) {
        (**self).step(task, alternative);
    }

    fn write_operation(&self, task: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        (**self).write_operation(task, out)
    }

    fn write_event(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        (**self).write_event(out)
    }

    fn outcome(&mut self) -> Outcome {
        (**self).outcome()
    }

    fn want_footprints(&mut self, wanted: bool) {
        (**self).want_footprints(wanted);
    }

    fn is_exact(&self) -> bool {
        (**self).is_exact()
    }
}
