//! The races of the plain run, each the other way round.
//!
//! Follows K. Sen, "Race Directed Random Testing of Concurrent Programs" (PLDI
//! 2008): a run tells which operations of different tasks conflict; then a task
//! is held before the first of two such operations until another one has done
//! the second. First a task is held for as long as others can go, so that one
//! execution turns round all races of an operation; where several operations
//! came before the one that was held, it is let go after each of them in turn.
//!
//! A place is known by its task, the operation, and how often the task has come
//! to that: not by how many steps there were before. So this needs no model
//! that repeats itself, and one more round of somebody's loop leads nothing
//! astray.
//!
//! Timers of others may fire meanwhile, where the bounds let them at any time:
//! who is held is slow. Nobody's fires for more than the first rounds, for a
//! task that ticks would never be done.
//!
//! Deviations: the paper draws whether and when a task that is held goes on.
//! Races that only come up in an order that is not the plain one are not looked
//! for. Of loops the first rounds count, as the bounds say, or three.
//!
//! Incomplete: it turns round one race at a time. It costs little, at most one
//! execution for each operation of the plain run and a few for each that is
//! overtaken, and finds what breaks when one task is too late.

use std::collections::{BTreeMap, VecDeque};

use super::{Pick, Strategy};
use crate::explore::TaskName;
use crate::explore::bounds::Bounds;
use crate::explore::conflicts::Foot;
use crate::explore::point::{Candidate, Point, Readiness, TaskId};

/// For how many rounds of a loop races are turned round, where the bounds say
/// nothing of it.
const ROUNDS: u32 = 3;

/// One race an execution, see the [module](self).
#[derive(Debug)]
pub struct Reverse {
    bounds: Bounds,
    plans: VecDeque<Plan>,
    /// How often each task has come to each operation in the execution at hand.
    rounds: BTreeMap<(TaskId, u64), u32>,
    state: State,
}

/// An operation of an execution, by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    task: TaskId,
    code: u64,
    /// How often its task has come to this operation, with this time.
    round: u32,
}

/// Who is held where, and for how long.
#[derive(Clone, Copy, Debug)]
struct Plan {
    held: Place,
    until: Until,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// Until nobody else can go.
    NobodyElse,
    /// Until this has been done; then it goes at once.
    Done(Place),
}

#[derive(Debug)]
enum State {
    Fresh,
    /// The plain run is at hand, and these have been its operations.
    Plain(Vec<Event>),
    Reversed(Reversed),
    Done,
}

/// An operation of the plain run.
#[derive(Debug)]
struct Event {
    place: Place,
    foot: Foot,
    name: TaskName,
    /// Who was there before it.
    present: Vec<TaskName>,
}

/// An execution in which a task is held.
#[derive(Debug)]
struct Reversed {
    plan: Plan,
    phase: Phase,
    /// What others did meanwhile that conflicts with what the held one has ahead.
    overtook: Vec<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It has not come so far, or is held.
    Holds,
    /// It is let go next.
    LetsGo,
    /// It was let go.
    Over,
}

impl Reverse {
    /// Executions within `bounds`.
    pub fn new(bounds: Bounds) -> Self {
        Reverse {
            bounds,
            plans: VecDeque::new(),
            rounds: BTreeMap::new(),
            state: State::Fresh,
        }
    }

    fn counts(&self, place: Place) -> bool {
        place.round <= self.bounds.rounds.unwrap_or(ROUNDS)
    }

    fn place(&self, point: &Point<'_>, candidate: &Candidate) -> Option<Place> {
        let at = point.task(candidate)?;
        let known = self.rounds.get(&(at.task, at.code));
        Some(Place {
            task: at.task,
            code: at.code,
            round: known.copied().unwrap_or(0) + 1,
        })
    }

    /// Which candidate goes.
    fn pick(&self, point: &Point<'_>, reversed: &mut Reversed) -> usize {
        let Plan { held, until } = reversed.plan;
        let is_held = |candidate: &Candidate| self.place(point, candidate) == Some(held);
        let found = point.candidates.iter().position(is_held);
        match (reversed.phase, found) {
            (Phase::Over, _) | (Phase::LetsGo, None) => return 0,
            (Phase::LetsGo, Some(held)) => {
                reversed.phase = Phase::Over;
                return held;
            }
            (Phase::Holds, _) => {}
        }
        let mut others = point.candidates.iter().enumerate();
        let other = others.find(|(index, candidate)| {
            Some(*index) != found && self.may_overtake(point, candidate)
        });
        let (Some((other, candidate)), Some(found)) = (other, found) else {
            // Nobody is held yet, or nobody else can go.
            if found.is_some() {
                reversed.phase = Phase::Over;
            }
            return found.unwrap_or(0);
        };
        let ahead = point.task(&point.candidates[found]).map(|at| at.foot);
        let goes = point.task(candidate).map(|at| at.foot);
        if let (Some(ahead), Some(goes), Some(place)) = (ahead, goes, self.place(point, candidate))
            && point.conflict(ahead, goes)
        {
            reversed.overtook.push(place);
            if until == Until::Done(place) {
                reversed.phase = Phase::LetsGo;
            }
        }
        other
    }

    /// Whether a candidate may go while another one is held.
    fn may_overtake(&self, point: &Point<'_>, candidate: &Candidate) -> bool {
        let readiness = point.task(candidate).map(|at| at.readiness);
        match readiness {
            Some(Readiness::Ready) => true,
            Some(Readiness::Timer) => self
                .place(point, candidate)
                .is_some_and(|place| self.counts(place)),
            _ => false,
        }
    }

    /// The operations of the plain run that others could have overtaken, the
    /// last one first: what races there does so with what came soon after.
    fn plan(&mut self, events: &[Event], point: &Point<'_>) {
        for (at, first) in events.iter().enumerate().rev() {
            let races = events[at + 1..]
                .iter()
                .any(|later| first.may_come_after(later) && point.conflict(first.foot, later.foot));
            if races && self.counts(first.place) {
                self.plans.push_back(Plan {
                    held: first.place,
                    until: Until::NobodyElse,
                });
            }
        }
    }

    /// Plans to let go earlier whom others have overtaken more than once.
    fn refine(&mut self, reversed: &Reversed) {
        let Some((_, earlier)) = reversed.overtook.split_last() else {
            return;
        };
        if reversed.plan.until != Until::NobodyElse {
            return;
        }
        let held = reversed.plan.held;
        for place in earlier.iter().copied() {
            if self.counts(place) {
                let until = Until::Done(place);
                self.plans.push_back(Plan { held, until });
            }
        }
    }
}

impl Event {
    /// Whether this one could be held until `later` has been done: not if its
    /// task had yet to make whoever does that.
    fn may_come_after(&self, later: &Event) -> bool {
        if later.place.task == self.place.task {
            return false;
        }
        let mut task = later.name;
        while !self.present.contains(&task) {
            let maker = match task == task.process() {
                true => task.parent(),
                false => Some(task.process()),
            };
            match maker {
                Some(maker) if maker == self.name => return false,
                Some(maker) => task = maker,
                None => return true,
            }
        }
        true
    }
}

impl Strategy for Reverse {
    fn name(&self) -> String {
        "the plain run's races, the other way round".to_owned()
    }

    fn begin(&mut self) -> Option<Bounds> {
        self.rounds.clear();
        self.state = match (&self.state, self.plans.pop_front()) {
            (State::Fresh, _) => State::Plain(Vec::new()),
            (_, Some(plan)) => State::Reversed(Reversed {
                plan,
                phase: Phase::Holds,
                overtook: Vec::new(),
            }),
            (_, None) => State::Done,
        };
        match self.state {
            State::Done => None,
            _ => Some(self.bounds),
        }
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        let mut state = std::mem::replace(&mut self.state, State::Done);
        let candidate = match &mut state {
            State::Reversed(reversed) => self.pick(point, reversed),
            _ => 0,
        };
        let goes = &point.candidates[candidate];
        if let (Some(place), Some(at)) = (self.place(point, goes), point.task(goes)) {
            if let State::Plain(events) = &mut state {
                events.push(Event {
                    place,
                    foot: at.foot,
                    name: point.name(at.task),
                    present: point.tasks.iter().map(|at| point.name(at.task)).collect(),
                });
            }
            self.rounds.insert((place.task, place.code), place.round);
        }
        self.state = state;
        Pick::Go { candidate, way: 0 }
    }

    fn end(&mut self, last: &Point<'_>) {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Plain(events) => self.plan(&events, last),
            State::Reversed(reversed) => self.refine(&reversed),
            State::Fresh | State::Done => {}
        }
    }

    fn wants_footprints(&self) -> Option<usize> {
        Some(0)
    }

    fn is_exhaustive(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
