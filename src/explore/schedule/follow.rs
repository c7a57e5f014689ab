//! Running a model along a schedule.

mod told;

pub use told::{Adaptation, Adapted, CannotFollow, Diverged};

use super::{PlannedStep, Schedule, WayKind};
use crate::explore::bounds::Bounds;
use crate::explore::point::{Candidate, Point};
use crate::explore::record::Record;
use crate::explore::run::Run;
use crate::explore::strategy::{Pick, Strategy};
use crate::explore::{Model, TaskName};

/// How closely a schedule is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// Step by step: what differs is an error.
    Strict,
    /// Step by step as long as the schedule lasts; what comes after its end is
    /// let pass. For an execution that was ended where it broke.
    StrictThenOn,
    /// As far as it makes sense in a program that has changed a little: a step
    /// that the program no longer takes is left out, one that it takes now is
    /// let pass, one with other arguments is taken for the same. A fault or a
    /// timer that has lost its step is an error.
    Adapted,
}

/// An execution along a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// What happened.
    pub record: Record,
    /// Where the program differed from the schedule; empty if it was followed
    /// step by step.
    pub adaptations: Vec<Adaptation>,
}

/// Runs `model` along `schedule`, and then on without a fault, or judges it
/// where the schedule ends if `bounds` allow no more steps. Of `bounds` those
/// on steps and timers count; they should be those of the search that found
/// the schedule.
///
/// # Errors
/// If the model does not go along, with the place and what it did instead.
pub fn follow<M: Model>(
    mut model: M,
    schedule: &Schedule,
    fidelity: Fidelity,
    bounds: Bounds,
) -> Result<Followed, CannotFollow> {
    let mut guided = |other_arguments| {
        Guide {
            bounds: Some(bounds.unbounded()),
            schedule,
            fidelity,
            other_arguments,
            at: 0,
            adaptations: Vec::new(),
            passed: 0,
            before: Vec::new(),
            diverged: None,
        }
        .guide(&mut model)
    };
    let first = guided(OtherArguments::SameStep);
    match &first {
        Err(CannotFollow::Nondeterminism(_)) => first,
        Ok(followed) if followed.adaptations.is_empty() => first,
        _ if fidelity != Fidelity::Adapted => first,
        _ => match (&first, guided(OtherArguments::AnotherStep)) {
            (Err(_), Ok(second)) => Ok(second),
            (Ok(one), Ok(second)) if second.adaptations.len() < one.adaptations.len() => Ok(second),
            _ => first,
        },
    }
}

/// What to think of a step with other arguments than the one that is due.
/// Which is right cannot be told beforehand, so that both are tried and the
/// one with fewer adaptations is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OtherArguments {
    /// It is the step.
    SameStep,
    /// It is a new step before the one that is due.
    AnotherStep,
}

/// How many of the last steps a divergence tells.
const TOLD: usize = 5;

struct Guide<'a> {
    bounds: Option<Bounds>,
    schedule: &'a Schedule,
    fidelity: Fidelity,
    other_arguments: OtherArguments,
    /// How many steps of the schedule are behind.
    at: usize,
    adaptations: Vec<Adaptation>,
    /// How many steps were let pass.
    passed: usize,
    before: Vec<String>,
    diverged: Option<Diverged>,
}

/// What is to be done at a point.
enum Move {
    Take(Pick),
    /// The step of the schedule is left out; look again.
    LeaveOut,
    Diverge(String),
}

impl Guide<'_> {
    fn guide<M: Model>(mut self, model: &mut M) -> Result<Followed, CannotFollow> {
        let record =
            Record::under(&mut Run::new(model), &mut self).map_err(CannotFollow::Nondeterminism)?;
        match self.diverged {
            Some(diverged) => Err(CannotFollow::Diverged(diverged)),
            None => Ok(Followed {
                record,
                adaptations: self.adaptations,
            }),
        }
    }

    fn next(&mut self, point: &Point<'_>) -> Move {
        let Some(due) = self.schedule.steps.get(self.at) else {
            return match (self.fidelity, point.candidates[0].at) {
                (Fidelity::Strict, Some(_)) => Move::Diverge("the end".to_owned()),
                _ => Move::Take(Pick::GO_ON),
            };
        };
        let found = point.candidates.iter().position(|candidate| {
            point
                .task(candidate)
                .is_some_and(|at| point.name(at.task) == due.task)
        });
        match (self.fidelity, found) {
            (Fidelity::Strict | Fidelity::StrictThenOn, Some(found)) => {
                self.exactly(point, due, found)
            }
            (Fidelity::Strict | Fidelity::StrictThenOn, None) => Move::Diverge(due.to_string()),
            (Fidelity::Adapted, Some(found)) => self.roughly(point, due, found),
            (Fidelity::Adapted, None) => self.without(point, due),
        }
    }

    fn exactly(&mut self, point: &Point<'_>, due: &PlannedStep, found: usize) -> Move {
        let candidate = &point.candidates[found];
        if point.operation(candidate) != due.operation || step_number(point, candidate) != due.index
        {
            return Move::Diverge(due.to_string());
        }
        self.take(point, due, found)
    }

    /// Takes the step that is due, in its way.
    fn take(&mut self, point: &Point<'_>, due: &PlannedStep, candidate: usize) -> Move {
        let offer = &point.candidates[candidate];
        let wanted = due.way.as_ref();
        let kind = wanted.map(|way| way.kind);
        let label = wanted.map_or("", |way| way.label.as_str());
        let way = point
            .offered(offer)
            .iter()
            .position(|way| WayKind::of(way.kind) == kind && point.label(offer, way) == label);
        match way {
            Some(way) => {
                self.at += 1;
                Move::Take(Pick::Go { candidate, way })
            }
            None => Move::Diverge(due.to_string()),
        }
    }

    /// The task that is due can go: is it about to do what is due?
    fn roughly(&mut self, point: &Point<'_>, due: &PlannedStep, found: usize) -> Move {
        let candidate = &point.candidates[found];
        let operation = point.operation(candidate);
        if operation == due.operation {
            return self.take(point, due, found);
        }
        let later = self.schedule.steps[self.at + 1..]
            .iter()
            .filter(|step| step.task == due.task)
            .any(|step| step.operation == operation);
        if later {
            return Move::LeaveOut;
        }
        let same_step = self.other_arguments == OtherArguments::SameStep;
        if same_step && name(&operation) == name(&due.operation) {
            let what = Adapted::TakenForTheSame(due.operation.clone(), operation);
            self.adapt(what);
            return self.take(point, due, found);
        }
        self.pass(point, due, found)
    }

    /// The task that is due cannot go.
    fn without(&mut self, point: &Point<'_>, due: &PlannedStep) -> Move {
        let known = |task: TaskName| point.tasks.iter().find(|at| point.name(at.task) == task);
        let has_lived = point.has_stepped(due.task);
        if known(due.task).is_none() && has_lived {
            return Move::LeaveOut;
        }
        // It is yet to come, or waits: for its parent, or for whoever goes on.
        let parent = point.candidates.iter().position(|candidate| {
            point
                .task(candidate)
                .is_some_and(|at| Some(point.name(at.task)) == due.task.parent())
        });
        let found = match known(due.task) {
            None => parent.unwrap_or(0),
            Some(_) => 0,
        };
        self.pass(point, due, found)
    }

    /// Lets a candidate take a step that the schedule does not have.
    fn pass(&mut self, point: &Point<'_>, due: &PlannedStep, candidate: usize) -> Move {
        let offer = &point.candidates[candidate];
        let without_a_fault = point.task(offer).is_some_and(|at| at.plain_ways() > 0);
        let most = self.schedule.steps.len() + 100;
        if !without_a_fault || self.passed >= most {
            return Move::Diverge(due.to_string());
        }
        self.passed += 1;
        self.adapt(Adapted::LetPass(show(point, offer)));
        Move::Take(Pick::Go { candidate, way: 0 })
    }

    fn adapt(&mut self, what: Adapted) {
        self.adaptations.push(Adaptation {
            step: self.at + 1,
            what,
        });
    }

    fn diverge(&mut self, point: &Point<'_>, expected: String) -> Pick {
        let could: Vec<String> = point
            .candidates
            .iter()
            .map(|candidate| show(point, candidate))
            .collect();
        let got = match could.is_empty() {
            true => "the end: nobody can go on".to_owned(),
            false => could.join(", or "),
        };
        let from = self.before.len().saturating_sub(TOLD);
        self.diverged = Some(Diverged {
            step: self.at + 1,
            expected,
            got,
            before: self.before.split_off(from),
        });
        Pick::Abandon
    }
}

/// What an operation is called, without its arguments.
fn name(operation: &str) -> &str {
    let end = operation.find(['(', ' ']).unwrap_or(operation.len());
    &operation[..end]
}

fn step_number(point: &Point<'_>, candidate: &Candidate) -> u32 {
    point
        .task(candidate)
        .map_or(0, |at| point.steps_of(at.task) + 1)
}

fn show(point: &Point<'_>, candidate: &Candidate) -> String {
    match point.task(candidate) {
        Some(at) => format!(
            "{} {} {}",
            point.name(at.task),
            step_number(point, candidate),
            point.operation(candidate)
        ),
        None => "the end".to_owned(),
    }
}

impl Strategy for Guide<'_> {
    fn name(&self) -> String {
        "along a schedule".to_owned()
    }

    fn begin(&mut self) -> Option<Bounds> {
        self.bounds.take()
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        let schedule = self.schedule;
        let pick = loop {
            match self.next(point) {
                Move::Take(pick) => break pick,
                Move::Diverge(expected) => return self.diverge(point, expected),
                Move::LeaveOut => {
                    let due = &schedule.steps[self.at];
                    if due.way.is_some() {
                        return self.diverge(point, due.to_string());
                    }
                    self.adapt(Adapted::LeftOut(due.to_string()));
                    self.at += 1;
                }
            }
        };
        if let Pick::Go { candidate, way } = pick {
            let candidate = &point.candidates[candidate];
            let mut step = show(point, candidate);
            if let Some(way) = point.offered(candidate).get(way)
                && let Some(kind) = WayKind::of(way.kind)
            {
                step += &format!(" [{kind} {}]", point.label(candidate, way));
            }
            self.before.push(step);
        }
        pick
    }

    fn end(&mut self, last: &Point<'_>) {
        let schedule = self.schedule;
        while let Some(due) = schedule.steps.get(self.at)
            && self.diverged.is_none()
        {
            if self.fidelity != Fidelity::Adapted || due.way.is_some() {
                self.diverge(last, due.to_string());
            } else {
                self.adapt(Adapted::LeftOut(due.to_string()));
                self.at += 1;
            }
        }
    }

    fn is_exhaustive(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
