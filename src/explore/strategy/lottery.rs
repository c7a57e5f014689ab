//! Which calls a random execution fails.

use oorandom::Rand64;

use super::Pick;
use crate::explore::point::Point;

/// Draws the places of an execution's faults beforehand, among as many as the
/// executions before had, so that a fault is as likely late as early.
#[derive(Debug, Default)]
pub(super) struct Lottery {
    /// The most places that an execution has had.
    places: u64,
    met: u64,
    drawn: Vec<u64>,
}

impl Lottery {
    /// Draws for an execution with at most `most` faults: any number up to
    /// that, each as likely.
    pub(super) fn begin(&mut self, random: &mut Rand64, most: Option<u32>) {
        const MOST: u32 = 3;
        self.met = 0;
        self.drawn.clear();
        if self.places > 0 {
            let count = random.rand_range(0..u64::from(most.unwrap_or(MOST)) + 1);
            let places = self.places;
            self.drawn
                .extend((0..count).map(|_| random.rand_range(0..places)));
        }
    }

    /// Strikes here, if this is one of the places.
    pub(super) fn strike(&mut self, random: &mut Rand64, point: &Point<'_>) -> Option<Pick> {
        let mut struck = None;
        for (candidate, offer) in point.candidates.iter().enumerate() {
            let Some(at) = point.task(offer) else {
                continue;
            };
            let plain = at.plain_ways();
            let ways = point.offered(offer).len();
            if ways <= plain {
                continue;
            }
            if struck.is_none() && self.drawn.contains(&self.met) {
                let way = random.rand_range(plain as u64..ways as u64) as usize;
                struck = Some(Pick::Go { candidate, way });
            }
            self.met += 1;
        }
        self.places = self.places.max(self.met);
        struck
    }
}

/// One of the candidates' ways that are no faults, each as likely; nobody, if
/// nobody could go without.
pub(super) fn any_plain_way(random: &mut Rand64, point: &Point<'_>, candidate: usize) -> Pick {
    let plain = point
        .task(&point.candidates[candidate])
        .map_or(1, |at| at.plain_ways());
    let way = match plain {
        0 | 1 => 0,
        ways => random.rand_range(0..ways as u64) as usize,
    };
    Pick::Go { candidate, way }
}

/// How many candidates can go without a fault: the first ones. Nobody counts.
pub(super) fn plain_candidates(point: &Point<'_>) -> usize {
    let plain = point
        .candidates
        .iter()
        .take_while(|candidate| point.task(candidate).is_none_or(|at| at.plain_ways() > 0));
    plain.count()
}
