//! What the execution at hand does at a point, and what happened before it.

use crate::explore::conflicts::{Foot, WayName};
use crate::explore::point::{Point, TaskId};

/// Whether two events conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// By what they touch.
    Real,
    /// Only in that the later one could have given the earlier one a way that
    /// it did not have.
    OfWays,
}

/// A step of the execution at hand.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) task: TaskId,
    /// Which step of its task, from 1.
    pub(super) number: u32,
    /// The way that it goes; `None` if it only waits.
    pub(super) name: Option<WayName>,
    pub(super) foot: Foot,
    /// The footprint of the operation as such, where what another task does
    /// could have given the task a way that it did not have.
    pub(super) call_foot: Option<Foot>,
    /// By task, how many of its events happened before, this one included.
    pub(super) clock: Vec<u32>,
}

impl Default for Event {
    fn default() -> Self {
        Event {
            task: TaskId(0),
            number: 0,
            name: None,
            foot: Foot::UNKNOWN,
            call_foot: None,
            clock: Vec::new(),
        }
    }
}

impl Event {
    /// How many events of `task` happened before or are this one.
    pub(super) fn knows(&self, task: TaskId) -> u32 {
        self.clock.get(task.index()).copied().unwrap_or(0)
    }

    /// Makes it the step with this number of `task`, which knows what `known`
    /// does.
    pub(super) fn begin(
        &mut self,
        (task, number): (TaskId, u32),
        foot: Foot,
        name: Option<WayName>,
        known: Option<&Event>,
    ) {
        self.task = task;
        self.number = number;
        self.foot = foot;
        self.name = name;
        self.call_foot = None;
        self.clock.clear();
        if let Some(known) = known {
            self.clock.extend_from_slice(&known.clock);
        }
    }

    /// Whether it conflicts with an earlier event that did not happen before
    /// it as far as is known.
    pub(super) fn meet(&self, earlier: &Event, point: &Point<'_>) -> Option<Conflict> {
        if self.knows(earlier.task) >= earlier.number {
            return None;
        }
        if point.conflict(earlier.foot, self.foot) {
            return Some(Conflict::Real);
        }
        let call = earlier.call_foot?;
        point.conflict(call, self.foot).then_some(Conflict::OfWays)
    }

    /// What happened before the other one happened before this one.
    pub(super) fn join(&mut self, other: &[u32]) {
        if self.clock.len() < other.len() {
            self.clock.resize(other.len(), 0);
        }
        for (mine, theirs) in self.clock.iter_mut().zip(other) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// Makes it known to itself.
    pub(super) fn raise(&mut self) {
        let task = self.task.index();
        if self.clock.len() <= task {
            self.clock.resize(task + 1, 0);
        }
        self.clock[task] = self.number;
    }
}
