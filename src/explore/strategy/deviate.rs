//! The plain run, but for a few named deviations.
//!
//! What a shrinker removes from and lowers. A deviation is anchored at a point
//! by names: "after the 6th step of `0.1`, `0` goes", "the 3rd step of `0`
//! goes the way `EPERM`". Taking one away leaves the meaning of the others
//! alone, which would not be so if they were counted along the execution. One
//! whose anchor does not come up is left out.

use super::{Pick, Strategy};
use crate::explore::TaskName;
use crate::explore::bounds::Bounds;
use crate::explore::point::{Point, TaskId};
use crate::explore::record::{Record, Way};

/// Where an execution does something else than go on without a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Deviation {
    /// After so many steps of a task, at the start if `None`, another one
    /// goes.
    Switch {
        after: Option<(TaskName, u32)>,
        to: TaskName,
    },
    /// A step of a task goes another way.
    Way {
        task: TaskName,
        index: u32,
        way: Way,
    },
}

/// The deviations of an execution, in its order.
pub(in crate::explore) fn deviations(record: &Record) -> Vec<Deviation> {
    let mut found = Vec::new();
    for step in &record.steps {
        if step.candidate > 0 {
            found.push(Deviation::Switch {
                after: step.after,
                to: step.task,
            });
        }
        if step.way_index > 0 {
            found.push(Deviation::Way {
                task: step.task,
                index: step.index,
                way: step.way.clone(),
            });
        }
    }
    found
}

/// Goes on without a fault, but for the deviations; once.
pub(in crate::explore) struct Deviate<'a> {
    bounds: Option<Bounds>,
    deviations: &'a [Deviation],
    last: Option<TaskId>,
}

impl<'a> Deviate<'a> {
    /// Of `bounds` those on steps and timers count.
    pub(in crate::explore) fn new(bounds: Bounds, deviations: &'a [Deviation]) -> Self {
        Deviate {
            bounds: Some(bounds.unbounded()),
            deviations,
            last: None,
        }
    }

    fn candidate(&self, point: &Point<'_>) -> Option<usize> {
        let here = self
            .last
            .map(|last| (point.name(last), point.steps_of(last)));
        let to = self
            .deviations
            .iter()
            .find_map(|deviation| match deviation {
                Deviation::Switch { after, to } if *after == here => Some(*to),
                _ => None,
            })?;
        point.candidates.iter().position(|candidate| {
            point
                .task(candidate)
                .is_some_and(|at| point.name(at.task) == to)
        })
    }

    fn way(&self, point: &Point<'_>, candidate: usize) -> Option<usize> {
        let candidate = &point.candidates[candidate];
        let at = point.task(candidate)?;
        let here = (point.name(at.task), point.steps_of(at.task) + 1);
        let wanted = self
            .deviations
            .iter()
            .find_map(|deviation| match deviation {
                Deviation::Way { task, index, way } if (*task, *index) == here => Some(way),
                _ => None,
            })?;
        point
            .offered(candidate)
            .iter()
            .position(|way| way.kind == wanted.kind && point.label(candidate, way) == wanted.label)
    }
}

impl Strategy for Deviate<'_> {
    fn name(&self) -> String {
        format!("the plain run with {} deviations", self.deviations.len())
    }

    fn begin(&mut self) -> Option<Bounds> {
        self.bounds.take()
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        let candidate = self.candidate(point).unwrap_or(0);
        let way = self.way(point, candidate).unwrap_or(0);
        if let Some(at) = point.task(&point.candidates[candidate]) {
            self.last = Some(at.task);
        }
        Pick::Go { candidate, way }
    }

    fn end(&mut self, _last: &Point<'_>) {}

    fn is_exhaustive(&self) -> bool {
        false
    }
}
