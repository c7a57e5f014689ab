//! What it costs to let another task go, where preemptions are counted.
//!
//! A *visit* is what a task does from when it is let go to when another one is.

use super::frame::{Entry, Frame, Goes, Switch};
use crate::explore::point::{Point, Readiness, TaskId};

/// Finds out what it is to switch at the last frame, and who has just stopped.
pub(super) fn find(frames: &mut [Frame], point: &Point<'_>) {
    let Some((frame, before)) = frames.split_last_mut() else {
        return;
    };
    frame.switch = match point.runner {
        Some(runner) => Switch::Preempts(runner),
        None => Switch::Free,
    };
    let ran = before.last().and_then(Frame::runs_after);
    frame.stopped = ran.filter(|ran| point.runner != Some(*ran));
    // What it waits for now is what has ended its visit.
    let stopped = frame.stopped.and_then(|task| frame.entry(task));
    if let (Some(stopped), Some(begun)) = (stopped, before.get_mut(frame.visiting)) {
        begun.visit.touches(stopped.foot);
    }
}

/// Adds the last event, by `entry`, to the visit that it is part of. `covered`
/// is whether it touches all that its operation as such touches.
pub(super) fn note_visit(frames: &mut [Frame], entry: &Entry, covered: bool) {
    let here = frames.len() - 1;
    let from = frames[here].visit_after(here);
    if from == here || entry.readiness == Readiness::Fault {
        return;
    }
    let foot = frames[here].event.foot;
    frames[from].visit.touches(foot);
    if !covered {
        frames[from].visit.touches(entry.foot);
    }
}

/// Sees to it that a blocked task is struck before the last event, if that may
/// release it: once it could go on, to strike it is a switch.
pub(super) fn strike_before(frames: &mut [Frame], point: &Point<'_>) {
    let Some(frame) = frames.last_mut() else {
        return;
    };
    if frame.switch == Switch::Uncounted {
        return;
    }
    let foot = frame.event.foot;
    frame.backtrack_where(|entry| {
        entry.readiness == Readiness::Fault && point.conflict(entry.foot, foot)
    });
}

impl Frame {
    /// Whether what an entry does next may come before what others do without
    /// the rest of its visit, and cost no preemption more: the next step of
    /// whoever need not be preempted, and a fault that strikes a blocked task.
    pub(super) fn is_one_step(&self, entry: usize) -> bool {
        self.goes_on(entry) || self.entries[entry].readiness == Readiness::Fault
    }

    /// Whether an entry is the task that goes on if nobody is preempted; any,
    /// where preemptions are not counted.
    pub(super) fn goes_on(&self, entry: usize) -> bool {
        match self.switch {
            Switch::Uncounted => true,
            Switch::Preempts(runner) => runner == self.entries[entry].task,
            Switch::Free => false,
        }
    }

    /// The frame at which the visit began that is on after what goes at this
    /// frame, which is the frame `here`.
    pub(super) fn visit_after(&self, here: usize) -> usize {
        match self.goes {
            Some(Goes::Step { entry, .. }) if !self.is_one_step(entry) => here,
            _ => self.visiting,
        }
    }

    /// The blocked task that a fault strikes here, where that is no switch.
    pub(super) fn struck(&self) -> Option<&Entry> {
        let Some(Goes::Step { entry, .. }) = self.goes else {
            return None;
        };
        let entry = &self.entries[entry];
        let counts = self.switch != Switch::Uncounted;
        (counts && entry.readiness == Readiness::Fault).then_some(entry)
    }

    /// Who would have to be preempted after what goes here, if it can go on.
    fn runs_after(&self) -> Option<TaskId> {
        match (self.goes, self.switch) {
            (Some(Goes::Step { entry, .. }), _) if self.struck().is_none() => {
                Some(self.entries[entry].task)
            }
            (_, Switch::Preempts(runner)) => Some(runner),
            _ => None,
        }
    }
}
