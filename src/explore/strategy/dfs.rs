//! Depth first, with an iterative bound on preemptions.
//!
//! Follows M. Musuvathi and S. Qadeer, "Iterative Context Bounding for
//! Systematic Testing of Multithreaded Programs" (PLDI 2007; the CHESS tool):
//! every execution without a preemption, then every one with at most one, and
//! so on, because most bugs need few. Within one bound it is the plain search
//! of all choices in the manner of TigerBeetle's `exhaustigen`: keep the
//! choices of the last execution, raise the right-most that can be raised, drop
//! what is right of it.
//!
//! Deviations: CHESS keeps a queue of the executions that a bound cut off and
//! goes on from there; here each bound starts over and meets the executions
//! below it again, which costs little since their number grows with each bound
//! by about the length of an execution. And faults are choices like others.
//!
//! Incomplete: beyond the bounds. If a bound on preemptions kept nothing away,
//! the search is over before the last bound, and complete for any number.

use super::{Pick, Prefix, Strategy};
use crate::explore::bounds::Bounds;
use crate::explore::point::{Point, TaskId};

/// Depth-first search, see the [module](self).
#[derive(Clone, Debug)]
pub struct Dfs {
    bounds: Bounds,
    /// The bound on preemptions of the executions at hand.
    level: Option<u32>,
    /// Choices that are made in every execution.
    root: Prefix,
    stack: Vec<Frame>,
    /// The first frame that the execution at hand has to fill in.
    fresh_from: usize,
    held_back: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Searching,
    Done,
}

/// The choice at one point.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    candidate: u16,
    /// How many candidates are tried.
    candidates: u16,
    way: u16,
    /// How many ways of this candidate are tried.
    ways: u16,
    /// Who goes, and what it does: to know the last round of a loop.
    goes: Option<(TaskId, u64)>,
    /// What is tried once this is known to be the last round.
    in_last_round: Option<(u16, u16)>,
}

impl Dfs {
    /// Every execution within `bounds`, at once.
    pub fn new(bounds: Bounds) -> Self {
        Self::from_level(bounds, bounds.preemptions)
    }

    /// Every execution within `bounds` that begins with these choices.
    pub(in crate::explore) fn under(bounds: Bounds, root: Prefix) -> Self {
        Dfs {
            root,
            ..Self::new(bounds)
        }
    }

    /// Every execution within `bounds`, those with few preemptions first. The
    /// same as [`new`](Dfs::new) if `bounds` has none on preemptions.
    pub fn iterative(bounds: Bounds) -> Self {
        Self::from_level(bounds, bounds.preemptions.map(|_| 0))
    }

    fn from_level(bounds: Bounds, level: Option<u32>) -> Self {
        Dfs {
            bounds,
            level,
            root: Prefix::new(),
            stack: Vec::new(),
            fresh_from: 0,
            held_back: false,
            state: State::Fresh,
        }
    }

    /// Raises the right-most choice that can be raised; false if none can.
    fn advance(&mut self) -> bool {
        while let Some(frame) = self.stack.last_mut() {
            if frame.way + 1 < frame.ways {
                frame.way += 1;
                self.fresh_from = self.stack.len();
                return true;
            }
            if frame.candidate + 1 < frame.candidates {
                frame.candidate += 1;
                frame.way = 0;
                self.fresh_from = self.stack.len() - 1;
                return true;
            }
            self.stack.pop();
        }
        self.fresh_from = 0;
        false
    }

    /// Goes to the next bound on preemptions; false if that was the last.
    fn deepen(&mut self) -> bool {
        let next = match (self.level, self.bounds.preemptions) {
            (Some(level), Some(most)) if level < most && self.held_back => level + 1,
            _ => return false,
        };
        self.level = Some(next);
        self.held_back = false;
        true
    }

    /// Fills in how many ways the frame's candidate may go.
    fn fill(&mut self, depth: usize, point: &Point<'_>) {
        let given = self.root.get(depth).copied();
        let frame = &mut self.stack[depth];
        if let Some((candidate, way)) = given {
            (frame.candidate, frame.candidates) = (candidate, candidate + 1);
            (frame.way, frame.ways) = (way, way + 1);
            let at = point.task(&point.candidates[usize::from(candidate)]);
            frame.goes = at.map(|at| (at.task, at.code));
            return;
        }
        let candidate = &point.candidates[usize::from(frame.candidate)];
        let at = point.task(candidate);
        frame.ways = candidate.ways;
        frame.goes = at.map(|at| (at.task, at.code));
        frame.in_last_round = None;
        if let (Some(at), true) = (at, is_late(&self.bounds, candidate.round)) {
            let first_choice = frame.candidate == 0;
            frame.in_last_round = Some((frame.candidates, frame.ways));
            frame.ways = (at.plain_ways() as u16).max(1);
            if first_choice && point.runner == Some(at.task) {
                frame.candidates = 1;
            }
        }
    }
}

fn is_late(bounds: &Bounds, round: u32) -> bool {
    bounds.rounds.is_some_and(|most| round > most)
}

impl Strategy for Dfs {
    fn name(&self) -> String {
        match (self.level, self.bounds.preemptions) {
            (Some(level), Some(most)) if level < most => {
                format!("depth first, preemptions from 0 to {most} (now {level})")
            }
            _ => "depth first".to_owned(),
        }
    }

    fn begin(&mut self) -> Option<Bounds> {
        match self.state {
            State::Done => return None,
            State::Fresh => self.state = State::Searching,
            State::Searching => {
                if !self.advance() && !self.deepen() {
                    self.state = State::Done;
                    return None;
                }
            }
        }
        Some(Bounds {
            preemptions: self.level,
            ..self.bounds
        })
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        let depth = point.depth;
        if depth >= self.fresh_from {
            if depth == self.stack.len() {
                self.stack.push(Frame {
                    candidates: point.candidates.len() as u16,
                    ..Frame::default()
                });
            }
            self.fill(depth, point);
            self.held_back |= point.held_back;
        }
        let frame = &self.stack[depth];
        Pick::Go {
            candidate: frame.candidate.into(),
            way: frame.way.into(),
        }
    }

    fn end(&mut self, _last: &Point<'_>) {
        for depth in self.fresh_from..self.stack.len() {
            let Frame {
                goes,
                in_last_round: Some((candidates, ways)),
                ..
            } = self.stack[depth]
            else {
                continue;
            };
            if self.stack[depth + 1..]
                .iter()
                .all(|later| later.goes != goes)
            {
                self.stack[depth].candidates = candidates;
                self.stack[depth].ways = ways;
            }
        }
    }

    fn is_exhaustive(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
