//! Uniformly at random: at every point each candidate is as likely.
//!
//! P. Thomson, A. Donaldson and A. Betts ("Concurrency Testing Using Schedule
//! Bounding", PPoPP 2014) found it as good as a bound on preemptions on most of
//! their programs, and it costs nothing: the baseline for everything else.
//! Faults are drawn apart, so that an execution has few of them wherever they
//! strike.
//!
//! Incomplete: it may try the same execution twice and another one never, and
//! executions are not equally likely, only choices are.

use oorandom::Rand64;

use super::lottery::{Lottery, any_plain_way, plain_candidates};
use super::{Pick, Strategy};
use crate::explore::bounds::Bounds;
use crate::explore::point::Point;

/// Uniformly random choices, see the [module](self).
#[derive(Debug)]
pub struct Random {
    seed: u64,
    random: Rand64,
    left: u64,
    bounds: Bounds,
    faults: Lottery,
}

impl Random {
    /// So many executions within `bounds`, the same ones for the same seed.
    pub fn new(seed: u64, executions: u64, bounds: Bounds) -> Self {
        Random {
            seed,
            random: Rand64::new(seed.into()),
            left: executions,
            bounds,
            faults: Lottery::default(),
        }
    }
}

impl Strategy for Random {
    fn name(&self) -> String {
        format!("at random, seed {}", self.seed)
    }

    fn begin(&mut self) -> Option<Bounds> {
        self.left = self.left.checked_sub(1)?;
        self.faults.begin(&mut self.random, self.bounds.faults);
        Some(self.bounds)
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        if let Some(struck) = self.faults.strike(&mut self.random, point) {
            return struck;
        }
        let candidates = plain_candidates(point) as u64;
        let candidate = match candidates {
            1 => 0,
            candidates => self.random.rand_range(0..candidates) as usize,
        };
        any_plain_way(&mut self.random, point, candidate)
    }

    fn end(&mut self, _last: &Point<'_>) {}

    fn is_exhaustive(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::explore::toy::{Op::*, Toy};
    use crate::explore::{Config, Explorer, Next};

    fn trails(toy: Toy, mut random: Random) -> BTreeMap<String, u32> {
        let mut trails = BTreeMap::new();
        Explorer::new(toy, Config::default()).explore_and(&mut random, |toy, _| {
            *trails.entry(toy.trail.join(" ")).or_default() += 1;
            Next::GoOn
        });
        trails
    }

    #[test]
    fn every_order_comes_up_as_often_as_its_choices_say() {
        let toy = Toy::new([vec![Get(0), Get(1)], vec![Get(2)]]);
        let trails = trails(toy, Random::new(7, 4_000, Bounds::default()));
        let share = |trail: &str| f64::from(trails[trail]) / 4_000.0;
        assert_eq!(trails.len(), 3);
        assert!((share("2:Get(2) 1:Get(0) 1:Get(1)") - 0.5).abs() < 0.03);
        assert!((share("1:Get(0) 2:Get(2) 1:Get(1)") - 0.25).abs() < 0.03);
        assert!((share("1:Get(0) 1:Get(1) 2:Get(2)") - 0.25).abs() < 0.03);
    }

    #[test]
    fn a_fault_is_as_likely_late_as_early() {
        let toy = Toy::new([vec![Faulty(Box::new(Alone)); 10]]);
        let bounds = Bounds {
            faults: Some(1),
            ..Bounds::default()
        };
        let trails = trails(toy, Random::new(3, 8_000, bounds));
        for place in 0..10 {
            let struck = |trail: &str| trail.split(' ').position(|event| event.contains("!EIO"));
            let hits = trails
                .iter()
                .filter(|(trail, _)| struck(trail) == Some(place));
            let hits: u32 = hits.map(|(_, count)| *count).sum();
            // Half of the executions have one, half of those this kind, at one
            // place of ten.
            assert!((150..250).contains(&hits), "{hits} at {place}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_executions() {
        let toy = || Toy::new([vec![Get(0); 3], vec![Get(1); 3], vec![Sleep, Alone]]);
        let run = |seed| trails(toy(), Random::new(seed, 50, Bounds::default()));
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
