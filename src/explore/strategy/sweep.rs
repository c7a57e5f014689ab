//! Every single fault on the plain run, in SQLite's manner.
//!
//! Follows the loops of SQLite's tests ("How SQLite Is Tested", 3.1 to 3.3:
//! out-of-memory and I/O error testing): for n = 1, 2, … the n-th call that can
//! fail does, in each way in which it can, until a run completes unhurt. Where
//! the fault may last, all that is done once more with a fault that lasts: from
//! the n-th call on, every call that can fail in that way does.
//!
//! Calls are counted when they are made. A call that waits and could be struck
//! while it waits counts when nothing but a fault can move it any more.
//!
//! Where the bounds speak of rounds of a loop, only calls of the first rounds
//! are counted.
//!
//! Incomplete: one order of the tasks, that of the plain run. It is cheap and
//! comes first; [`Dfs`](super::Dfs) with a bound of one fault and one
//! preemption, or [`Dpor`](super::Dpor) with a bound of one fault, come next.

use super::{Pick, Strategy};
use crate::explore::bounds::Bounds;
use crate::explore::model::{Kind, Lasting};
use crate::explore::point::{Point, TaskId};

/// One fault an execution, see the [module](self).
#[derive(Debug)]
pub struct Sweep {
    bounds: Bounds,
    /// Which call that can fail does, from 0; and in which of its ways.
    place: usize,
    way: usize,
    lasts: bool,
    /// How many calls that can fail there have been.
    met: usize,
    /// What waits and was counted already.
    waiting: Vec<(TaskId, u32)>,
    struck: Option<Struck>,
    state: State,
}

/// The fault of the execution at hand.
#[derive(Debug)]
struct Struck {
    label: String,
    may_last: bool,
    /// How many ways of failing the call has.
    ways: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Sweeping,
    Done,
}

impl Sweep {
    /// Of `bounds` those on timers, steps and rounds count.
    pub fn new(bounds: Bounds) -> Self {
        Sweep {
            bounds: Bounds {
                rounds: bounds.rounds,
                ..bounds.unbounded()
            },
            place: 0,
            way: 0,
            lasts: false,
            met: 0,
            waiting: Vec::new(),
            struck: None,
            state: State::Fresh,
        }
    }

    /// Goes on to the next fault; false if the last one did not strike.
    fn advance(&mut self) -> bool {
        let Some(struck) = self.struck.take() else {
            return false;
        };
        if struck.may_last && !self.lasts {
            self.lasts = true;
            return true;
        }
        self.lasts = false;
        self.way += 1;
        if self.way == struck.ways {
            self.way = 0;
            self.place += 1;
        }
        true
    }

    /// Whether this is the place; if not, it is counted.
    fn is_the_place(&mut self) -> bool {
        self.met += 1;
        self.struck.is_none() && self.met == self.place + 1
    }

    /// The way in which a candidate fails here, if it does.
    fn strike(&mut self, point: &Point<'_>, candidate: usize) -> Option<usize> {
        let offer = &point.candidates[candidate];
        let at = point.task(offer)?;
        let plain = at.plain_ways();
        let faults = &point.offered(offer)[plain..];
        if faults.is_empty() {
            return None;
        }
        if let Some(struck) = self.struck.as_ref().filter(|_| self.lasts) {
            let same = |way: &&crate::explore::point::Way| {
                way.kind == Kind::Fault(Lasting::Possible)
                    && point.label(offer, way) == struck.label
            };
            return faults
                .iter()
                .position(|way| same(&way))
                .map(|way| plain + way);
        }
        if plain == 0 {
            let call = (at.task, point.steps_of(at.task));
            if self.waiting.contains(&call) {
                return None;
            }
            self.waiting.push(call);
        }
        let is_late = |most| offer.round > most;
        if self.bounds.rounds.is_some_and(is_late) || !self.is_the_place() {
            return None;
        }
        let way = &faults[self.way];
        self.struck = Some(Struck {
            label: point.label(offer, way).to_owned(),
            may_last: way.kind == Kind::Fault(Lasting::Possible),
            ways: faults.len(),
        });
        Some(plain + self.way)
    }
}

impl Strategy for Sweep {
    fn name(&self) -> String {
        "every single fault on the plain run".to_owned()
    }

    fn begin(&mut self) -> Option<Bounds> {
        match self.state {
            State::Done => return None,
            State::Fresh => self.state = State::Sweeping,
            State::Sweeping => {
                if !self.advance() {
                    self.state = State::Done;
                    return None;
                }
            }
        }
        self.met = 0;
        self.waiting.clear();
        Some(self.bounds)
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        // Who waits for nothing but a fault comes last among the candidates.
        let waits = |candidate| {
            point
                .task(&point.candidates[candidate])
                .is_some_and(|at| at.plain_ways() == 0)
        };
        let first = 0;
        let waiting = (0..point.candidates.len()).filter(|candidate| waits(*candidate));
        let lasting = self.struck.is_some();
        for candidate in waiting.filter(|_| !lasting).chain([first]) {
            if let Some(way) = self.strike(point, candidate) {
                return Pick::Go { candidate, way };
            }
        }
        Pick::GO_ON
    }

    fn end(&mut self, _last: &Point<'_>) {}

    fn is_exhaustive(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::toy::{Op, Op::*, Toy};
    use crate::explore::{Config, Explorer, Next, Stop};

    fn faulty(op: Op) -> Op {
        Faulty(Box::new(op))
    }

    fn trails(toy: Toy) -> Vec<String> {
        let mut trails = Vec::new();
        let mut sweep = Sweep::new(Bounds::default());
        let report = Explorer::new(toy, Config::default()).explore_and(&mut sweep, |toy, _| {
            trails.push(toy.trail.join(" "));
            Next::GoOn
        });
        assert_eq!(report.stop, Stop::Exhausted);
        trails
    }

    /// `EIO` may last, a death may not.
    #[test]
    fn the_first_fails_then_the_second_until_a_run_is_unhurt() {
        let toy = Toy::new([
            vec![faulty(Get(0)), Alone, faulty(Get(1))],
            vec![faulty(Get(2))],
        ]);
        assert_eq!(
            trails(toy),
            [
                "1:Faulty(Get(0))!EIO 1:Alone 1:Faulty(Get(1)) 2:Faulty(Get(2))",
                "1:Faulty(Get(0))!EIO 1:Alone 1:Faulty(Get(1))!EIO 2:Faulty(Get(2))!EIO",
                "1:Faulty(Get(0))!death 2:Faulty(Get(2))",
                "1:Faulty(Get(0)) 1:Alone 1:Faulty(Get(1))!EIO 2:Faulty(Get(2))",
                "1:Faulty(Get(0)) 1:Alone 1:Faulty(Get(1))!EIO 2:Faulty(Get(2))!EIO",
                "1:Faulty(Get(0)) 1:Alone 1:Faulty(Get(1))!death 2:Faulty(Get(2))",
                "1:Faulty(Get(0)) 1:Alone 1:Faulty(Get(1)) 2:Faulty(Get(2))!EIO",
                "1:Faulty(Get(0)) 1:Alone 1:Faulty(Get(1)) 2:Faulty(Get(2))!EIO",
                "1:Faulty(Get(0)) 1:Alone 1:Faulty(Get(1)) 2:Faulty(Get(2))!death",
                "1:Faulty(Get(0)) 1:Alone 1:Faulty(Get(1)) 2:Faulty(Get(2))",
            ]
        );
    }

    #[test]
    fn who_waits_is_struck_while_it_waits() {
        let toy = Toy::new([vec![faulty(Receive(0))], vec![Alone, Send(0, 1)]]);
        assert_eq!(
            trails(toy),
            [
                "1:Faulty(Receive(0))!EIO 2:Alone 2:Send(0, 1)",
                "1:Faulty(Receive(0))!EIO 2:Alone 2:Send(0, 1)",
                "1:Faulty(Receive(0))!death 2:Alone 2:Send(0, 1)",
                // Later it is no wait any more, but a call that can fail.
                "2:Alone 2:Send(0, 1) 1:Faulty(Receive(0))!EIO",
                "2:Alone 2:Send(0, 1) 1:Faulty(Receive(0))!EIO",
                "2:Alone 2:Send(0, 1) 1:Faulty(Receive(0))!death",
                "2:Alone 2:Send(0, 1) 1:Faulty(Receive(0))",
            ]
        );
    }

    #[test]
    fn of_a_loop_the_first_rounds_are_struck() {
        let toy = || Toy::new([vec![faulty(Get(0)); 9]]);
        let executions = |rounds| {
            let bounds = Bounds {
                rounds,
                ..Bounds::default()
            };
            let mut sweep = Sweep::new(bounds);
            let report = Explorer::new(toy(), Config::default()).explore(&mut sweep);
            (report.executions, report.denied.rounds)
        };
        // An error, one that lasts, and a death in each round; and one unhurt.
        assert_eq!(executions(None), (9 * 3 + 1, false));
        assert_eq!(executions(Some(2)), (2 * 3 + 1, true));
    }

    #[test]
    fn with_nothing_to_fail_one_run_is_all() {
        assert_eq!(
            trails(Toy::new([vec![Alone], vec![Alone]])),
            ["1:Alone 2:Alone"]
        );
    }
}
