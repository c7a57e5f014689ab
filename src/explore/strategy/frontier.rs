//! The beginnings of all executions, to share out a search.

use super::{Dfs, Pick, Prefix, Strategy};
use crate::explore::bounds::Bounds;
use crate::explore::point::Point;

/// Runs to a given depth and no further, and notes the choices up to there.
///
/// It stops early where a loop goes beyond the rounds that the bounds allow:
/// what is tried there depends on whether it is the last round, which only the
/// rest of the execution tells.
pub(in crate::explore) struct Frontier {
    dfs: Dfs,
    rounds: Option<u32>,
    depth: usize,
    now: Prefix,
    /// The beginnings, in the order of their choices.
    pub(in crate::explore) prefixes: Vec<Prefix>,
    /// Whether one of them goes on beyond the depth.
    pub(in crate::explore) goes_on: bool,
}

impl Frontier {
    pub(in crate::explore) fn new(bounds: Bounds, depth: usize) -> Self {
        Frontier {
            dfs: Dfs::new(bounds),
            rounds: bounds.rounds,
            depth,
            now: Prefix::new(),
            prefixes: Vec::new(),
            goes_on: false,
        }
    }
}

impl Strategy for Frontier {
    fn name(&self) -> String {
        format!("the first {} steps", self.depth)
    }

    fn begin(&mut self) -> Option<Bounds> {
        self.now.clear();
        self.dfs.begin()
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        let is_late = point
            .candidates
            .iter()
            .any(|candidate| self.rounds.is_some_and(|most| candidate.round > most));
        if point.depth == self.depth || is_late {
            self.goes_on |= !is_late;
            return Pick::Abandon;
        }
        let pick = self.dfs.choose(point);
        if let Pick::Go { candidate, way } = pick {
            self.now.push((candidate as u16, way as u16));
        }
        pick
    }

    fn end(&mut self, last: &Point<'_>) {
        self.dfs.end(last);
        self.prefixes.push(self.now.clone());
    }

    fn is_exhaustive(&self) -> bool {
        true
    }
}
