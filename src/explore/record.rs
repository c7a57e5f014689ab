//! What happened in one execution, in words, and what could have.

use super::bounds::Bounds;
use super::point::{Point, TaskId};
use super::run::{Difference, Ended, Run};
use super::strategy::retrace::Retrace;
use super::strategy::{Pick, Strategy};
use super::{Choice, Kind, Model, Outcome, TaskName, What};

/// An execution, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its steps.
    pub steps: Vec<Step>,
    /// How it ended.
    pub outcome: Outcome,
}

/// A step of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose.
    pub task: TaskName,
    /// Which step of its task it was, from 1.
    pub index: u32,
    /// The operation, as [`Model::write_operation`] has it.
    pub operation: String,
    /// The way it went.
    pub way: Way,
    /// What it did, as [`Model::write_event`] has it.
    pub event: String,
    /// The task that went before, with how many steps it had taken then;
    /// `None` at the start. No two steps of an execution have the same.
    pub after: Option<(TaskName, u32)>,
    /// Who could have gone, the first being the one that "go on" means;
    /// `None` is nobody.
    pub candidates: Vec<Option<TaskName>>,
    /// Which of the candidates went.
    pub candidate: usize,
    /// The ways in which it could have gone.
    pub ways: Vec<Way>,
    /// In which of them it went.
    pub way_index: usize,
    /// Whether it was a preemption.
    pub preempts: bool,
}

/// The way in which an operation went or could have gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Of which kind.
    pub kind: Kind,
    /// What the model calls it; empty for the normal one.
    pub label: String,
}

impl Record {
    /// Takes the steps once more and records them.
    pub(super) fn of<M: Model>(
        run: &mut Run<M>,
        bounds: Bounds,
        steps: &[(TaskId, u16)],
    ) -> Result<Record, Difference> {
        Record::under(run, &mut Retrace::new(bounds, steps))
    }

    /// Records one execution under a strategy.
    ///
    /// # Panics
    /// If the strategy has nothing left.
    pub(super) fn under<M: Model>(
        run: &mut Run<M>,
        strategy: &mut dyn Strategy,
    ) -> Result<Record, Difference> {
        let bounds = strategy.begin().expect("there is an execution to record");
        let (ended, steps) = write_down(run, strategy, bounds, u64::MAX);
        match ended {
            Ended::Judged(outcome) | Ended::Cut(outcome) => Ok(Record { steps, outcome }),
            Ended::Nondeterminism(difference) => Err(difference),
            Ended::Abandoned | Ended::OutOfSteps => Ok(Record {
                steps,
                outcome: run.model.outcome(),
            }),
        }
    }

    /// The choices that make up the execution.
    pub fn choices(&self) -> impl Iterator<Item = Choice> + '_ {
        self.steps.iter().flat_map(|step| {
            let next = Choice {
                what: What::Next(step.task),
                index: step.candidate as u32,
                bound: step.candidates.len() as u32,
            };
            let how = Choice {
                what: What::How(step.way.kind),
                index: step.way_index as u32,
                bound: step.ways.len() as u32,
            };
            [next, how].into_iter().filter(|choice| choice.bound > 1)
        })
    }

    /// How many of its steps were preemptions.
    pub fn preemptions(&self) -> usize {
        self.steps.iter().filter(|step| step.preempts).count()
    }

    /// How many of its steps were struck by a fault.
    pub fn faults(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| step.way.kind.is_fault())
            .count()
    }
}

/// Runs the execution that a strategy has begun, of at most `most` steps, and
/// writes its steps down.
pub(super) fn write_down<M: Model>(
    run: &mut Run<M>,
    strategy: &mut dyn Strategy,
    bounds: Bounds,
    most: u64,
) -> (Ended, Vec<Step>) {
    let mut recorder = Recorder {
        inner: strategy,
        steps: Vec::new(),
        last: None,
    };
    run.events = Some(Vec::new());
    let ended = run.execute(&mut recorder, bounds, most);
    let mut steps = recorder.steps;
    for (step, event) in steps.iter_mut().zip(run.events.take().unwrap_or_default()) {
        step.event = event;
    }
    (ended, steps)
}

/// Writes down what another strategy chooses.
struct Recorder<'a> {
    inner: &'a mut dyn Strategy,
    steps: Vec<Step>,
    last: Option<TaskId>,
}

impl Strategy for Recorder<'_> {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn begin(&mut self) -> Option<Bounds> {
        self.inner.begin()
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        let pick = self.inner.choose(point);
        let Pick::Go {
            candidate: index,
            way,
        } = pick
        else {
            return pick;
        };
        let candidate = &point.candidates[index];
        let Some(at) = point.task(candidate) else {
            return pick;
        };
        let ways: Vec<Way> = point
            .offered(candidate)
            .iter()
            .map(|way| Way {
                kind: way.kind,
                label: point.label(candidate, way).to_owned(),
            })
            .collect();
        self.steps.push(Step {
            task: point.name(at.task),
            index: point.steps_of(at.task) + 1,
            operation: point.operation(candidate),
            way: ways[way].clone(),
            event: String::new(),
            after: self
                .last
                .map(|last| (point.name(last), point.steps_of(last))),
            candidates: point
                .candidates
                .iter()
                .map(|candidate| Some(point.name(point.task(candidate)?.task)))
                .collect(),
            candidate: index,
            ways,
            way_index: way,
            preempts: candidate.preempts,
        });
        self.last = Some(at.task);
        pick
    }

    fn end(&mut self, last: &Point<'_>) {
        self.inner.end(last);
    }

    fn wants_footprints(&self) -> Option<usize> {
        self.inner.wants_footprints()
    }

    fn is_exhaustive(&self) -> bool {
        self.inner.is_exhaustive()
    }
}
