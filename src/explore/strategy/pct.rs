//! PCT: random priorities, lowered at a few random places.
//!
//! Follows S. Burckhardt, P. Kothari, M. Musuvathi and S. Nagarakatte, "A
//! Randomized Scheduler with Probabilistic Guarantees of Finding Bugs"
//! (ASPLOS 2010). Each task gets a random priority above *d*; the task with the
//! highest goes, always; at *d* − 1 places, drawn beforehand, the task that
//! is about to go is given the priority *d* − 1, *d* − 2, … instead. An
//! execution with *n* tasks and *k* steps shows a given bug of depth *d*, one
//! that needs *d* orderings, with a probability of at least 1 / (n · k^(d−1)).
//!
//! Deviations: *k* is not known beforehand; the places are drawn among as many
//! steps as the longest execution so far has had, which the first ones do
//! without. Tasks come to be while it runs and get their priority then.
//! Among several ways without a fault one is drawn; faults are drawn apart and
//! are not part of *d*.
//!
//! Incomplete: it is random.

use oorandom::Rand64;

use super::lottery::{Lottery, any_plain_way, plain_candidates};
use super::{Pick, Strategy};
use crate::explore::bounds::Bounds;
use crate::explore::point::Point;

/// Random priorities, see the [module](self).
#[derive(Debug)]
pub struct Pct {
    seed: u64,
    depth: u32,
    random: Rand64,
    left: u64,
    bounds: Bounds,
    faults: Lottery,
    /// By task; 0 until it is first seen.
    priorities: Vec<u64>,
    /// At which steps the priority of who is about to go falls.
    falls: Vec<u64>,
    longest: u64,
}

impl Pct {
    /// So many executions within `bounds`, for bugs of a `depth` of at least
    /// 1, the same ones for the same seed.
    pub fn new(seed: u64, depth: u32, executions: u64, bounds: Bounds) -> Self {
        Pct {
            seed,
            depth: depth.max(1),
            random: Rand64::new(seed.into()),
            left: executions,
            bounds,
            faults: Lottery::default(),
            priorities: Vec::new(),
            falls: Vec::new(),
            longest: 1,
        }
    }

    /// The candidate with the highest priority.
    fn highest(&mut self, point: &Point<'_>, candidates: usize) -> usize {
        let mut highest = (0, 0);
        for (place, candidate) in point.candidates[..candidates].iter().enumerate() {
            let Some(at) = point.task(candidate) else {
                continue;
            };
            let task = at.task.index();
            if self.priorities.len() <= task {
                self.priorities.resize(task + 1, 0);
            }
            if self.priorities[task] == 0 {
                // The low bits tell apart what is drawn twice.
                let drawn = self.random.rand_u64() >> 17;
                self.priorities[task] = (1 << 63) | (drawn << 16) | task as u64;
            }
            highest = highest.max((self.priorities[task], place));
        }
        highest.1
    }
}

impl Strategy for Pct {
    fn name(&self) -> String {
        format!("PCT for depth {}, seed {}", self.depth, self.seed)
    }

    fn begin(&mut self) -> Option<Bounds> {
        self.left = self.left.checked_sub(1)?;
        self.faults.begin(&mut self.random, self.bounds.faults);
        self.priorities.fill(0);
        self.falls.clear();
        for _ in 1..self.depth {
            let place = self.random.rand_range(0..self.longest);
            self.falls.push(place);
        }
        Some(self.bounds)
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        if let Some(struck) = self.faults.strike(&mut self.random, point) {
            return struck;
        }
        let candidates = plain_candidates(point);
        let mut highest = self.highest(point, candidates);
        for fall in 0..self.falls.len() {
            if self.falls[fall] == point.depth as u64
                && let Some(at) = point.task(&point.candidates[highest])
            {
                self.priorities[at.task.index()] = (self.falls.len() - fall) as u64;
                highest = self.highest(point, candidates);
            }
        }
        any_plain_way(&mut self.random, point, highest)
    }

    fn end(&mut self, last: &Point<'_>) {
        self.longest = self.longest.max(last.depth as u64);
    }

    fn is_exhaustive(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::explore::toy::{Op, Op::*, Toy};
    use crate::explore::{Config, Explorer, OnFailure, Verdict};

    const EXECUTIONS: u64 = 5_000;

    /// How many of the executions fail.
    fn failures(toy: Toy, depth: u32) -> u64 {
        let config = Config {
            on_failure: OnFailure::GoOn,
            ..Config::default()
        };
        let mut pct = Pct::new(11, depth, EXECUTIONS, Bounds::default());
        let mut failures = 0;
        Explorer::new(toy, config).explore_and(&mut pct, |_, outcome| {
            failures += u64::from(outcome.verdict != Verdict::Held);
            crate::explore::Next::GoOn
        });
        failures
    }

    fn padded(ops: &[Op], steps: usize) -> Vec<Op> {
        let mut program = vec![Alone; steps - ops.len()];
        let half = program.len() / 2;
        program.splice(half..half, ops.iter().cloned());
        program
    }

    /// One ordering: the second task writes before the first reads.
    fn depth_one(steps: usize) -> Toy {
        Toy::new([padded(&[Get(0)], steps), padded(&[Set(0, 1)], steps)])
            .with_invariant(|state| (state.seen[0] == [1]).then_some("it reads 0"))
    }

    /// Two orderings: the write falls between the two reads.
    fn depth_two(steps: usize) -> Toy {
        Toy::new([
            padded(&[Get(0), Get(0)], steps),
            padded(&[Set(0, 1)], steps),
        ])
        .with_invariant(|state| (state.seen[0] == [0, 1]).then_some("it reads the same"))
    }

    /// Three: and the second write comes after the second read.
    fn depth_three(steps: usize) -> Toy {
        let writes = [Set(0, 1), Set(0, 2)];
        Toy::new([padded(&[Get(0), Get(0)], steps), padded(&writes, steps)])
            .with_invariant(|state| (state.seen[0] == [0, 1]).then_some("not one write only"))
    }

    /// At least 1 / (n · k^(d−1)), with n = 2 tasks and k steps in all. The
    /// bugs are of the worst kind, for which this is what is to be expected, so
    /// that four standard deviations less are let pass.
    #[rstest]
    #[case(depth_one(10), 1, 20)]
    #[case(depth_two(10), 2, 20)]
    #[case(depth_two(25), 2, 50)]
    #[case(depth_three(3), 3, 6)]
    #[case(depth_three(4), 3, 8)]
    fn it_keeps_its_promise(#[case] toy: Toy, #[case] depth: u32, #[case] steps: u64) {
        let failures = failures(toy, depth);
        let promised = EXECUTIONS as f64 / (2 * steps.pow(depth - 1)) as f64;
        let least = promised - 4.0 * promised.sqrt();
        assert!(
            least > 0.0 && failures as f64 >= least,
            "{failures}, promised {promised}"
        );
    }

    /// With no place where a priority falls, nobody is ever left half-way.
    #[test]
    fn without_a_fall_nobody_is_interrupted() {
        assert_eq!(failures(depth_two(10), 1), 0);
    }
}
