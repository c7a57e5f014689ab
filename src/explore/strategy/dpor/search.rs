//! The search itself: what is tried next.

use super::event::Event;
use super::frame::{Frame, Goes, Switch, open_last_rounds};
use super::races;
use super::switch;
use crate::explore::bounds::{Bounds, Timers};
use crate::explore::point::{Point, Readiness};
use crate::explore::strategy::{Pick, Prefix, Strategy};

/// Dynamic partial-order reduction, see the [module](super).
#[derive(Debug)]
pub struct Dpor {
    bounds: Bounds,
    /// Choices that are made in every execution.
    root: Prefix,
    /// The execution at hand, one frame a point. Frames behind `depth` are
    /// kept for their allocations.
    frames: Vec<Frame>,
    depth: usize,
    /// The first frame that was made by the execution at hand.
    fresh_from: usize,
    scratch: Event,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Searching,
    Done,
}

impl Dpor {
    /// Every execution within `bounds`; one of each class of equivalent ones.
    pub fn new(bounds: Bounds) -> Self {
        Dpor {
            bounds,
            root: Prefix::new(),
            frames: Vec::new(),
            depth: 0,
            fresh_from: 0,
            scratch: Event::default(),
            state: State::Fresh,
        }
    }

    /// The executions that begin with these choices, but for those that are
    /// equivalent to one which begins with choices that come before these.
    /// That is sound if all beginnings of a length are searched: to try all
    /// that there is at a point is the plainest of all reductions.
    pub(in crate::explore) fn under(bounds: Bounds, root: Prefix) -> Self {
        Dpor {
            root,
            ..Self::new(bounds)
        }
    }

    /// Makes the frame of a point that was not met before.
    fn arrive(&mut self, point: &Point<'_>) {
        let depth = self.depth;
        if depth == self.frames.len() {
            self.frames.push(Frame::default());
        }
        let (before, rest) = self.frames.split_at_mut(depth);
        let frame = &mut rest[0];
        frame.look(point, before.last(), self.bounds.rounds);
        if self.bounds.preemptions.is_some() {
            switch::find(&mut self.frames[..=depth], point);
        }
        self.depth += 1;
        races::find(&mut self.frames[..self.depth], point, &mut self.scratch);
        self.begin_frame(point);
    }

    /// Decides what is tried first at the newest frame.
    fn begin_frame(&mut self, point: &Point<'_>) {
        let (before, rest) = self.frames[..self.depth].split_at_mut(self.depth - 1);
        let frame = &mut rest[0];
        if let Some(parent) = before.last() {
            frame.inherit_sleep(parent, point);
        }
        if let Some((candidate, way)) = self.root.get(self.depth - 1) {
            return frame.fix(point, (*candidate).into(), (*way).into());
        }
        frame.end_first = point
            .candidates
            .first()
            .is_some_and(|first| first.at.is_none());
        let idle = frame.end_first
            || (self.bounds.timers == Timers::WhenIdle
                && frame
                    .entries
                    .iter()
                    .all(|entry| entry.readiness != Readiness::Ready));
        let first = point
            .candidates
            .iter()
            .filter_map(|candidate| candidate.at)
            .map(usize::from)
            .find(|index| frame.is_awake(*index));
        let first_goes_on = first.is_some_and(|first| frame.goes_on(first));
        match first {
            Some(first) if !idle && first_goes_on => frame.entries[first].backtrack = true,
            Some(_) if frame.switch != Switch::Uncounted => frame.backtrack_where(|_| true),
            Some(_) => frame.backtrack_where(|entry| entry.readiness != Readiness::Fault),
            // Nothing but faults is awake, and none of them is bound to
            // happen: the others may only be left out because they sleep.
            None => frame.backtrack_where(|_| true),
        }
        frame.goes = None;
    }

    /// The next thing to try at the last frame that has one; false if there
    /// is none.
    fn advance(&mut self) -> bool {
        while self.depth > self.root.len() {
            if self.frames[self.depth - 1].next().is_some() {
                return true;
            }
            self.depth -= 1;
        }
        false
    }
}

impl Strategy for Dpor {
    fn name(&self) -> String {
        match self.bounds.preemptions {
            None => "partial-order reduction".to_owned(),
            Some(most) => format!("partial-order reduction, at most {most} preemptions"),
        }
    }

    fn begin(&mut self) -> Option<Bounds> {
        match self.state {
            State::Done => return None,
            State::Fresh => self.state = State::Searching,
            State::Searching => {
                if !self.advance() {
                    self.state = State::Done;
                    return None;
                }
            }
        }
        // The last frame goes another way now, so that its event is new.
        self.fresh_from = self.depth.saturating_sub(1);
        Some(self.bounds)
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        let depth = point.depth;
        if depth == self.depth {
            self.arrive(point);
            if depth >= self.root.len() {
                self.frames[depth].next();
            }
            if self.frames[depth].goes.is_none() {
                return Pick::Abandon;
            }
        }
        if depth >= self.fresh_from {
            races::happen(&mut self.frames[..=depth], point);
        }
        match self.frames[depth].goes {
            Some(Goes::Step { entry, way }) => Pick::Go {
                candidate: self.frames[depth].entries[entry].candidate,
                way,
            },
            Some(Goes::Nobody) => Pick::GO_ON,
            None => Pick::Abandon,
        }
    }

    fn end(&mut self, last: &Point<'_>) {
        if last.depth == self.depth {
            // Nobody can go on, but who is blocked may have come too late.
            self.arrive(last);
            self.depth -= 1;
        }
        open_last_rounds(&mut self.frames[..self.depth], self.fresh_from);
    }

    fn wants_footprints(&self) -> Option<usize> {
        Some(self.depth)
    }

    fn is_exhaustive(&self) -> bool {
        true
    }
}
