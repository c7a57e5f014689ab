//! One execution after the other, under a strategy.

use std::mem;

use super::bounds::{Bounds, Overrun, Timers};
use super::conflicts::{Foot, Interner, WayName};
use super::point::{Candidate, Point, Readiness, TaskAt, TaskId, Way};
use super::report::Denied;
use super::strategy::{Pick, Strategy};
use super::{Failure, Kind, Model, Outcome, Pending, TaskName, Verdict};

/// The rule that an execution breaks which takes more steps than
/// [`Bounds::steps`] allows, where that is a failure.
pub const ENDLESS: &str = "every execution ends";

/// A step that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) task: TaskId,
    /// Which step of its task it was, from 1.
    pub(super) index: u32,
    pub(super) alternative: u16,
    pub(super) kind: Kind,
    pub(super) code: u64,
    pub(super) candidate: (u16, u16),
    pub(super) way: (u16, u16),
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself or by [`Overrun::Breaks`].
    Judged(Outcome),
    /// By [`Overrun::Cut`].
    Cut(Outcome),
    /// By [`Pick::Abandon`].
    Abandoned,
    /// The steps that it was given were used up.
    OutOfSteps,
    /// The same choices did not lead to the same point.
    Nondeterminism(Difference),
}

/// Two executions with the same choices went apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// After how many steps.
    pub after: usize,
    /// What the first execution showed there.
    pub first: String,
    /// What the second one did.
    pub second: String,
}

pub(super) struct Run<M: Model> {
    pub(super) model: M,
    interner: Interner<M::Key>,
    names: Vec<TaskName>,
    /// How many steps each task has taken in this execution.
    counts: Vec<u32>,
    bounds: Bounds,
    runner: Option<TaskId>,
    preemptions: u32,
    faults: u32,
    tasks: Vec<TaskAt>,
    ways: Vec<Way>,
    candidates: Vec<Candidate>,
    /// Whether the bound on preemptions kept a candidate away.
    held_back: bool,
    taken: Vec<Taken>,
    /// What each point looked like: one more than steps were taken.
    shapes: Vec<u64>,
    previous: (Vec<Taken>, Vec<u64>),
    /// Whether the execution has made the same choices as the previous one.
    same: bool,
    /// What each step did, where that is recorded.
    pub(super) events: Option<Vec<String>>,
    pub(super) denied: Denied,
}

impl<M: Model> Run<M> {
    pub(super) fn new(model: M) -> Self {
        Run {
            model,
            interner: Interner::new(),
            names: Vec::new(),
            counts: Vec::new(),
            bounds: Bounds::default(),
            runner: None,
            preemptions: 0,
            faults: 0,
            tasks: Vec::new(),
            ways: Vec::new(),
            candidates: Vec::new(),
            held_back: false,
            taken: Vec::new(),
            shapes: Vec::new(),
            previous: (Vec::new(), Vec::new()),
            same: true,
            events: None,
            denied: Denied::default(),
        }
    }

    pub(super) fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// How many tasks this execution has seen.
    pub(super) fn task_count(&self) -> usize {
        self.names.len()
    }

    pub(super) fn preemptions(&self) -> u32 {
        self.preemptions
    }

    pub(super) fn faults(&self) -> u32 {
        self.faults
    }

    /// Runs one execution, of at most `most` steps.
    pub(super) fn execute(
        &mut self,
        strategy: &mut dyn Strategy,
        bounds: Bounds,
        most: u64,
    ) -> Ended {
        self.begin(bounds);
        let wants_footprints = strategy.wants_footprints();
        loop {
            self.look(wants_footprints);
            if let Some(difference) = self.compare_with_previous() {
                return Ended::Nondeterminism(difference);
            }
            if self.candidates.is_empty() {
                strategy.end(&self.point());
                return Ended::Judged(self.model.outcome());
            }
            if self.taken.len() >= bounds.steps.most as usize {
                strategy.end(&self.point());
                return self.overrun();
            }
            if self.taken.len() as u64 >= most {
                strategy.end(&self.point());
                return Ended::OutOfSteps;
            }
            let Pick::Go { candidate, way } = strategy.choose(&self.point()) else {
                strategy.end(&self.point());
                return Ended::Abandoned;
            };
            let chosen = self.candidates[candidate];
            debug_assert!(way < usize::from(chosen.ways));
            if chosen.at.is_none() {
                strategy.end(&self.point());
                return Ended::Judged(self.model.outcome());
            }
            self.step(candidate, way);
        }
    }

    pub(super) fn point(&self) -> Point<'_> {
        Point {
            depth: self.taken.len(),
            runner: self.runner,
            tasks: &self.tasks,
            candidates: &self.candidates,
            held_back: self.held_back,
            ways: &self.ways,
            names: &self.names,
            counts: &self.counts,
            words: &self.model,
            conflicts: &self.interner.conflicts,
        }
    }

    fn begin(&mut self, bounds: Bounds) {
        mem::swap(&mut self.previous.0, &mut self.taken);
        mem::swap(&mut self.previous.1, &mut self.shapes);
        self.taken.clear();
        self.shapes.clear();
        self.counts.fill(0);
        self.bounds = bounds;
        self.runner = None;
        self.preemptions = 0;
        self.faults = 0;
        self.same = true;
        if let Some(events) = &mut self.events {
            events.clear();
        }
        self.model.start();
    }

    /// Fills in what the next [`Point`] shows.
    fn look(&mut self, wants_footprints: bool) {
        self.tasks.clear();
        self.ways.clear();
        let mut shape = 0u64;
        let timers_wait = self.bounds.timers == Timers::WhenIdle;
        let no_timers = timers_wait && is_anyone_ready(self.model.pending());
        for (place, pending) in self.model.pending().iter().enumerate() {
            let task = task_id(&mut self.names, &mut self.counts, place, pending.task);
            let call_foot = match wants_footprints {
                true => self.interner.number(&pending.footprint),
                false => Foot::UNKNOWN,
            };
            let ways_from = self.ways.len();
            let mut readiness = Readiness::Blocked;
            for faults in [false, true] {
                for (alternative, way) in pending.alternatives.iter().enumerate() {
                    if way.kind.is_fault() != faults || (no_timers && way.kind == Kind::Timer) {
                        continue;
                    }
                    readiness = readiness.min(match way.kind {
                        Kind::Normal | Kind::Signal => Readiness::Ready,
                        Kind::Timer => Readiness::Timer,
                        Kind::Fault(_) => Readiness::Fault,
                    });
                    self.ways.push(Way {
                        alternative: alternative as u16,
                        kind: way.kind,
                        foot: match &way.footprint {
                            // It may fire only when all others wait, so that
                            // whatever they do matters to it.
                            _ if timers_wait && way.kind == Kind::Timer => Foot::UNKNOWN,
                            Some(footprint) if wants_footprints => self.interner.number(footprint),
                            _ => call_foot,
                        },
                        name: match wants_footprints {
                            true => self.interner.name(&way.label),
                            false => WayName::NORMAL,
                        },
                    });
                }
            }
            let ways = &self.ways[ways_from..];
            let plain = ways.iter().take_while(|way| !way.kind.is_fault()).count();
            for part in [
                u64::from(task.0),
                pending.code,
                ways.len() as u64,
                plain as u64,
            ] {
                shape = (shape.rotate_left(5) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            }
            self.tasks.push(TaskAt {
                task,
                code: pending.code,
                foot: call_foot,
                ways_from: ways_from as u32,
                plain: plain as u16,
                all: ways.len() as u16,
                readiness,
            });
        }
        self.shapes.push(shape);
        self.offer();
    }

    /// Fills in the candidates.
    fn offer(&mut self) {
        self.candidates.clear();
        self.held_back = false;
        let faults_left = self.bounds.faults.is_none_or(|most| self.faults < most);
        let runner = self
            .tasks
            .iter()
            .position(|at| Some(at.task) == self.runner && at.readiness == Readiness::Ready);
        let preemptions_left = self
            .bounds
            .preemptions
            .is_none_or(|most| self.preemptions < most);
        for readiness in [Readiness::Ready, Readiness::Timer, Readiness::Fault] {
            if readiness == Readiness::Fault && self.candidates.is_empty() && faults_left {
                self.candidates.push(Candidate {
                    at: None,
                    ways: 1,
                    round: 1,
                    preempts: false,
                });
            }
            for place in 0..self.tasks.len() {
                // The runner goes first among its equals.
                let place = match runner {
                    Some(runner) if readiness == Readiness::Ready && place <= runner => match place
                    {
                        0 => runner,
                        _ => place - 1,
                    },
                    _ => place,
                };
                let at = self.tasks[place];
                if at.readiness != readiness {
                    continue;
                }
                let preempts =
                    readiness != Readiness::Fault && runner.is_some_and(|runner| runner != place);
                if preempts && !preemptions_left {
                    self.held_back = true;
                    continue;
                }
                if at.plain < at.all && !faults_left {
                    self.denied.faults = true;
                }
                let ways = if faults_left { at.all } else { at.plain };
                if ways == 0 {
                    continue;
                }
                let round = self.round(&at);
                self.candidates.push(Candidate {
                    at: Some(place as u16),
                    ways,
                    round,
                    preempts,
                });
            }
        }
        self.denied.preemptions |= self.held_back;
        // With no fault-only task there is nothing but the end.
        if let [Candidate { at: None, .. }] = self.candidates[..] {
            self.candidates.clear();
        }
    }

    fn round(&mut self, at: &TaskAt) -> u32 {
        let Some(most) = self.bounds.rounds else {
            return 1;
        };
        let before = self
            .taken
            .iter()
            .filter(|taken| taken.task == at.task && taken.code == at.code)
            .count() as u32;
        self.denied.rounds |= before >= most;
        before + 1
    }

    fn step(&mut self, candidate: usize, way: usize) {
        let chosen = self.candidates[candidate];
        let place = usize::from(chosen.at.expect("nobody does not step"));
        let at = self.tasks[place];
        let way_taken = self.ways[at.ways_from as usize + way];
        self.counts[at.task.index()] += 1;
        let taken = Taken {
            task: at.task,
            index: self.counts[at.task.index()],
            alternative: way_taken.alternative,
            kind: way_taken.kind,
            code: at.code,
            candidate: (candidate as u16, self.candidates.len() as u16),
            way: (way as u16, chosen.ways),
        };
        self.preemptions += u32::from(chosen.preempts);
        self.faults += u32::from(way_taken.kind.is_fault());
        if at.readiness != Readiness::Fault {
            self.runner = Some(at.task);
        }
        self.same = self.same
            && self.previous.0.get(self.taken.len()).is_some_and(|before| {
                (before.task, before.alternative) == (taken.task, taken.alternative)
            });
        self.taken.push(taken);
        self.model.step(place, way_taken.alternative.into());
        if let Some(events) = &mut self.events {
            let mut event = String::new();
            self.model
                .write_event(&mut event)
                .expect("writing to a string does not fail");
            events.push(event);
        }
    }

    fn overrun(&mut self) -> Ended {
        let mut outcome = self.model.outcome();
        if self.bounds.steps.then == Overrun::Cut {
            return Ended::Cut(outcome);
        }
        if outcome.verdict == Verdict::Held {
            outcome.verdict = Verdict::Broken(Failure {
                rule: ENDLESS.to_owned(),
                evidence: format!(
                    "after {} steps it goes on: {}",
                    self.taken.len(),
                    self.describe()
                ),
            });
        }
        Ended::Judged(outcome)
    }

    /// What every task is about to do.
    pub(super) fn describe(&self) -> String {
        let mut text = String::new();
        for (place, at) in self.tasks.iter().enumerate() {
            if place > 0 {
                text.push_str("; ");
            }
            let task = at.task.index();
            text.push_str(&format!("{} #{} ", self.names[task], self.counts[task] + 1));
            self.model
                .write_operation(place, &mut text)
                .expect("writing to a string does not fail");
            match at.readiness {
                Readiness::Blocked => text.push_str(" (blocked)"),
                Readiness::Timer => text.push_str(" (until its timer fires)"),
                Readiness::Fault => text.push_str(" (blocked but for a fault)"),
                Readiness::Ready => {}
            }
        }
        if text.is_empty() {
            text.push_str("no task is left");
        }
        text
    }

    fn compare_with_previous(&mut self) -> Option<Difference> {
        let depth = self.taken.len();
        if !self.same {
            return None;
        }
        let expected = *self.previous.1.get(depth)?;
        if expected == self.shapes[depth] {
            return None;
        }
        let second = self.describe();
        Some(Difference {
            after: depth,
            first: self.see_again(expected),
            second,
        })
    }

    /// Tries to come once more to a point that looked like `expected` after
    /// the steps of this execution, and describes it.
    fn see_again(&mut self, expected: u64) -> String {
        const ATTEMPTS: usize = 8;
        let steps = self.taken.clone();
        for _ in 0..ATTEMPTS {
            self.begin(self.bounds);
            self.same = false;
            for step in &steps {
                self.look(false);
                let Some(place) = self.tasks.iter().position(|at| at.task == step.task) else {
                    break;
                };
                if usize::from(step.alternative) >= usize::from(self.tasks[place].all) {
                    break;
                }
                self.counts[step.task.index()] += 1;
                self.model.step(place, step.alternative.into());
            }
            self.look(false);
            if self.shapes.last() == Some(&expected) {
                return self.describe();
            }
        }
        format!("something else, which did not show itself in {ATTEMPTS} more attempts")
    }
}

fn is_anyone_ready<K>(pending: &[Pending<K>]) -> bool {
    let mut ways = pending.iter().flat_map(|pending| &pending.alternatives);
    ways.any(|way| matches!(way.kind, Kind::Normal | Kind::Signal))
}

/// The number of a task. A task is mostly where it was in the step before.
fn task_id(
    names: &mut Vec<TaskName>,
    counts: &mut Vec<u32>,
    place: usize,
    name: TaskName,
) -> TaskId {
    let place = match names.get(place) {
        Some(known) if *known == name => place,
        _ => names
            .iter()
            .position(|known| *known == name)
            .unwrap_or_else(|| {
                names.push(name);
                counts.push(0);
                names.len() - 1
            }),
    };
    TaskId(u16::try_from(place).expect("fewer than 65,536 tasks"))
}
