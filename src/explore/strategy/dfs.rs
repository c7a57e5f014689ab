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
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::explore::toy::{Op::*, Toy};
    use crate::explore::{Config, Explorer, Next, OnFailure, Overrun, Report, StepLimit};

    /// Every execution as its events, in the order in which they were run.
    fn universe(toy: Toy, mut dfs: Dfs) -> (Vec<String>, Report) {
        let config = Config {
            on_failure: OnFailure::GoOn,
            ..Config::default()
        };
        let mut all = Vec::new();
        let report = Explorer::new(toy, config).explore_and(&mut dfs, |toy, _| {
            all.push(toy.trail.join(" "));
            Next::GoOn
        });
        (all, report)
    }

    fn within(preemptions: Option<u32>, faults: u32) -> Bounds {
        Bounds {
            preemptions,
            faults: Some(faults),
            ..Bounds::default()
        }
    }

    #[test]
    fn two_tasks_of_two_steps_have_six_orders() {
        let toy = Toy::new([vec![Get(0), Get(1)], vec![Get(2), Get(3)]]);
        let (all, report) = universe(toy, Dfs::new(Bounds::default()));
        assert_eq!(
            all,
            [
                "1:Get(0) 1:Get(1) 2:Get(2) 2:Get(3)",
                "1:Get(0) 2:Get(2) 2:Get(3) 1:Get(1)",
                "1:Get(0) 2:Get(2) 1:Get(1) 2:Get(3)",
                "2:Get(2) 2:Get(3) 1:Get(0) 1:Get(1)",
                "2:Get(2) 1:Get(0) 1:Get(1) 2:Get(3)",
                "2:Get(2) 1:Get(0) 2:Get(3) 1:Get(1)",
            ]
        );
        assert!(report.complete, "{report}");
    }

    #[test]
    fn a_lock_leaves_two_orders() {
        let task = || vec![Lock(0), Mix(0, 1), Unlock(0)];
        let (all, report) = universe(Toy::new([task(), task()]), Dfs::new(Bounds::default()));
        assert_eq!(
            all,
            [
                "1:Lock(0) 1:Mix(0, 1) 1:Unlock(0) 2:Lock(0) 2:Mix(0, 1) 2:Unlock(0)",
                "2:Lock(0) 2:Mix(0, 1) 2:Unlock(0) 1:Lock(0) 1:Mix(0, 1) 1:Unlock(0)",
            ]
        );
        assert!(report.complete);
    }

    #[test]
    fn a_pipe_and_a_timer_have_four_ends() {
        let toy = Toy::new([vec![ReceiveOrTimeOut(0)], vec![Alone, Send(0, 7)]]);
        let (all, _) = universe(toy, Dfs::new(Bounds::default()));
        assert_eq!(
            all,
            [
                // The receiver waits, so the sender goes; the timer comes last.
                "2:Alone 2:Send(0, 7) 1:ReceiveOrTimeOut(0)",
                "2:Alone 2:Send(0, 7) 1:ReceiveOrTimeOut(0)!timeout",
                "2:Alone 1:ReceiveOrTimeOut(0)!timeout 2:Send(0, 7)",
                "1:ReceiveOrTimeOut(0)!timeout 2:Alone 2:Send(0, 7)",
            ]
        );
    }

    #[test]
    fn one_fault_strikes_once_anywhere() {
        let faulty = |op| Faulty(Box::new(op));
        let toy = Toy::new([vec![faulty(Set(0, 1)), faulty(Set(1, 1))]]);
        let (all, report) = universe(toy, Dfs::new(within(None, 1)));
        assert_eq!(
            all,
            [
                "1:Faulty(Set(0, 1)) 1:Faulty(Set(1, 1))",
                "1:Faulty(Set(0, 1)) 1:Faulty(Set(1, 1))!EIO",
                "1:Faulty(Set(0, 1)) 1:Faulty(Set(1, 1))!death",
                "1:Faulty(Set(0, 1))!EIO 1:Faulty(Set(1, 1))",
                "1:Faulty(Set(0, 1))!death",
            ]
        );
        assert_eq!(report.faults, 1);
        assert!(report.denied.faults && report.complete);
    }

    #[test]
    fn where_only_a_fault_could_go_on_the_end_comes_first() {
        let toy = Toy::new([vec![Faulty(Box::new(Receive(0))), Set(0, 1)]]);
        let (all, _) = universe(toy.clone(), Dfs::new(within(None, 1)));
        assert_eq!(
            all,
            [
                "",
                "1:Faulty(Receive(0))!EIO 1:Set(0, 1)",
                "1:Faulty(Receive(0))!death",
            ]
        );
        let (all, _) = universe(toy, Dfs::new(within(None, 0)));
        assert_eq!(all, [""]);
    }

    /// C(4,2), and of those the ones with so many preemptions: after the
    /// first task has ended, the switch to the second is none.
    #[rstest]
    #[case(0, 2)]
    #[case(1, 4)]
    #[case(2, 6)]
    fn a_bound_on_preemptions_binds(#[case] most: u32, #[case] executions: usize) {
        let toy = Toy::new([vec![Get(0), Get(1)], vec![Get(2), Get(3)]]);
        let (all, report) = universe(toy, Dfs::new(within(Some(most), 0)));
        assert_eq!(all.len(), executions);
        assert_eq!(report.preemptions, most);
        assert_eq!(report.denied.preemptions, most < 2);
    }

    #[test]
    fn the_iterative_bound_starts_with_none_and_ends_when_it_keeps_nothing_away() {
        let toy = Toy::new([vec![Get(0), Get(1)], vec![Get(2), Get(3)]]);
        let (all, report) = universe(toy, Dfs::iterative(within(Some(9), 0)));
        assert_eq!(all.len(), 2 + 4 + 6);
        assert_eq!(all[0], "1:Get(0) 1:Get(1) 2:Get(2) 2:Get(3)");
        assert_eq!(all[1], "2:Get(2) 2:Get(3) 1:Get(0) 1:Get(1)");
        assert!(report.complete && !report.denied.preemptions, "{report}");
    }

    /// A fault on a blocked task is no preemption of the one that runs.
    #[test]
    fn a_blocked_task_can_be_struck_without_a_preemption() {
        let toy = Toy::new([
            vec![Alone, Alone, Alone],
            vec![Faulty(Box::new(Receive(0)))],
        ]);
        let (all, _) = universe(toy, Dfs::new(within(Some(0), 1)));
        assert_eq!(
            all,
            [
                "1:Alone 1:Alone 1:Alone",
                "1:Alone 1:Alone 1:Alone 2:Faulty(Receive(0))!EIO",
                "1:Alone 1:Alone 1:Alone 2:Faulty(Receive(0))!death",
                "1:Alone 1:Alone 2:Faulty(Receive(0))!EIO 1:Alone",
                "1:Alone 1:Alone 2:Faulty(Receive(0))!death 1:Alone",
                "1:Alone 2:Faulty(Receive(0))!EIO 1:Alone 1:Alone",
                "1:Alone 2:Faulty(Receive(0))!death 1:Alone 1:Alone",
                "2:Faulty(Receive(0))!EIO 1:Alone 1:Alone 1:Alone",
                "2:Faulty(Receive(0))!death 1:Alone 1:Alone 1:Alone",
            ]
        );
    }

    /// Seven rounds of the same: faults are tried in the first two and the
    /// last.
    #[test]
    fn of_a_loop_the_first_rounds_and_the_last_are_tried() {
        let toy = Toy::new([vec![Faulty(Box::new(Mix(0, 1))); 7]]);
        let bounds = Bounds {
            rounds: Some(2),
            ..within(None, 1)
        };
        let (all, report) = universe(toy, Dfs::new(bounds));
        let struck = |trail: &String| trail.split(" 1:").position(|event| event.contains("EIO"));
        let rounds: Vec<usize> = all.iter().filter_map(struck).collect();
        assert_eq!(rounds, [6, 1, 0]);
        assert!(report.denied.rounds);
    }

    #[test]
    fn of_a_loop_the_first_rounds_and_the_last_are_interrupted() {
        let toy = Toy::new([vec![Mix(0, 1); 7], vec![Set(1, 1)]]);
        let bounds = Bounds {
            rounds: Some(2),
            ..Bounds::default()
        };
        let (all, _) = universe(toy, Dfs::new(bounds));
        let before = |trail: &String| trail.split(' ').position(|event| event.starts_with("2:"));
        // Words, of which a `Mix` has two.
        let rounds: Vec<usize> = all.iter().filter_map(before).map(|word| word / 2).collect();
        assert_eq!(rounds, [7, 6, 1, 0]);
    }

    #[rstest]
    #[case(Overrun::Breaks, 1, 0)]
    #[case(Overrun::Cut, 0, 1)]
    fn what_does_not_end_fails_or_is_cut(
        #[case] then: Overrun,
        #[case] failures: usize,
        #[case] cut: u64,
    ) {
        let toy = Toy::new([vec![Until(0)]]);
        let bounds = Bounds {
            steps: StepLimit { most: 50, then },
            ..Bounds::default()
        };
        let (_, report) = universe(toy, Dfs::new(bounds));
        assert_eq!(
            (report.failures.len(), report.cut, report.longest),
            (failures, cut, 50)
        );
        assert_eq!(report.complete, cut == 0);
    }

    /// (2k)! / (k!)² orders of two tasks of k steps.
    #[rstest]
    #[case(3, 20)]
    #[case(4, 70)]
    #[case(6, 924)]
    fn the_number_of_orders_is_the_binomial(#[case] steps: usize, #[case] orders: usize) {
        let toy = Toy::new([vec![Mix(0, 1); steps], vec![Mix(0, 2); steps]]);
        let (all, _) = universe(toy, Dfs::new(Bounds::default()));
        assert_eq!(all.len(), orders);
    }
}
