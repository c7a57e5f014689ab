//! The steps of an execution once more, by their numbers.
//!
//! For the determinism self-check and for recording an execution that has
//! just been seen. A schedule that has been written down is replayed by names:
//! see [`follow`](crate::explore::schedule::follow).

use super::{Pick, Strategy};
use crate::explore::bounds::Bounds;
use crate::explore::point::{Point, TaskId};

/// Takes given steps, once; then goes on as long as it may.
pub(in crate::explore) struct Retrace<'a> {
    bounds: Option<Bounds>,
    /// Who goes, and in which of the model's alternatives.
    steps: &'a [(TaskId, u16)],
}

impl<'a> Retrace<'a> {
    /// Of `bounds` those on steps and timers count.
    pub(in crate::explore) fn new(bounds: Bounds, steps: &'a [(TaskId, u16)]) -> Self {
        Retrace {
            bounds: Some(bounds.unbounded()),
            steps,
        }
    }
}

impl Strategy for Retrace<'_> {
    fn name(&self) -> String {
        "the same steps again".to_owned()
    }

    fn begin(&mut self) -> Option<Bounds> {
        self.bounds.take()
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        let Some((task, alternative)) = self.steps.get(point.depth).copied() else {
            return Pick::GO_ON;
        };
        let found = point
            .candidates
            .iter()
            .position(|candidate| point.task(candidate).is_some_and(|at| at.task == task));
        let Some(candidate) = found else {
            return Pick::Abandon;
        };
        let ways = point.offered(&point.candidates[candidate]);
        match ways.iter().position(|way| way.alternative == alternative) {
            Some(way) => Pick::Go { candidate, way },
            None => Pick::Abandon,
        }
    }

    fn end(&mut self, _last: &Point<'_>) {}

    fn is_exhaustive(&self) -> bool {
        false
    }
}
