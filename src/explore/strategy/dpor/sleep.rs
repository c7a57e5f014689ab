//! What need not be tried again.

use std::sync::Arc;

use crate::explore::conflicts::{Foot, WayName};
use crate::explore::point::{Point, TaskId};

/// A way of a task that need not be tried.
#[derive(Clone, Debug)]
pub(super) struct Asleep {
    pub(super) task: TaskId,
    pub(super) name: WayName,
    pub(super) foot: Foot,
    /// What else its task touches before another one goes, in any way.
    pub(super) rest: Option<Arc<[Foot]>>,
}

impl Asleep {
    pub(super) fn is(&self, task: TaskId, name: WayName) -> bool {
        (self.task, self.name) == (task, name)
    }

    pub(super) fn conflicts(&self, foot: Foot, point: &Point<'_>) -> bool {
        let mut rest = self.rest.iter().flat_map(|rest| rest.iter());
        point.conflict(self.foot, foot) || rest.any(|own| point.conflict(*own, foot))
    }
}

/// What a task does from when it is let go to when another one is.
#[derive(Debug, Default)]
pub(super) struct Visit {
    /// What it touches, in all executions so far that begin it alike; kept
    /// where it begins.
    feet: Vec<Foot>,
}

impl Visit {
    pub(super) fn clear(&mut self) {
        self.feet.clear();
    }

    pub(super) fn touches(&mut self, foot: Foot) {
        if !self.feet.contains(&foot) {
            self.feet.push(foot);
        }
    }

    pub(super) fn feet(&self) -> Option<Arc<[Foot]>> {
        (!self.feet.is_empty()).then(|| Arc::from(&self.feet[..]))
    }
}
