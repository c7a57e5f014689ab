//! The parts of a search that come next.

use std::collections::VecDeque;

use daemonlab::explore::Timers;

use super::hunt::Hunt;
use super::stages::{Begun, Parts, Rest, Stage};

/// A part of a search, at its place among all of them.
pub(super) struct Part {
    pub(super) place: usize,
    pub(super) stage: Stage,
    /// Its strategy, if it goes on.
    pub(super) begun: Option<Begun>,
}

/// What comes next: the parts that are there, and share after share of the rest.
pub(super) struct Queue<'h> {
    hunt: &'h Hunt,
    parts: VecDeque<Part>,
    rest: Option<Rest>,
    /// How many shares of the rest there were so far.
    shares: u64,
    /// How many parts there were so far.
    places: usize,
}

impl<'h> Queue<'h> {
    /// With these parts.
    pub(super) fn new(hunt: &'h Hunt, parts: Parts) -> Queue<'h> {
        let mut queue = Queue {
            hunt,
            parts: VecDeque::new(),
            rest: None,
            shares: 0,
            places: 0,
        };
        queue.add(parts);
        queue
    }

    /// With these parts as well.
    pub(super) fn add(&mut self, parts: Parts) {
        for stage in parts.first {
            self.push(stage);
        }
        self.rest = parts.rest;
    }

    /// Whether nothing comes any more.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.rest.is_none()
    }

    /// The next one.
    pub(super) fn next(&mut self) -> Option<Part> {
        self.look(0)?;
        self.parts.pop_front()
    }

    /// The one that comes after so many others.
    pub(super) fn look(&mut self, after: usize) -> Option<&Part> {
        while self.parts.len() <= after {
            let share = self.rest?.share(self.hunt, self.shares);
            self.push(share);
            self.shares += 1;
        }
        self.parts.get(after)
    }

    /// How many are there without another share of the rest.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// This one comes next, once more.
    pub(super) fn again(&mut self, part: Part) {
        self.parts.push_front(part);
    }

    /// Leaves out what is needless once every order was tried, but not every
    /// moment at which a timer may fire; gives the places of those parts.
    pub(super) fn leave_out(&mut self) -> Vec<usize> {
        let idle = self.hunt.timers == Timers::WhenIdle;
        let is_needless = |part: &Part| part.stage.timers == Timers::WhenIdle || !idle;
        let needless = self.parts.iter().filter(|part| is_needless(part));
        let places = needless.map(|part| part.place).collect();
        self.parts.retain(|part| !is_needless(part));
        self.rest = None;
        places
    }

    fn push(&mut self, stage: Stage) {
        self.parts.push_back(Part {
            place: self.places,
            stage,
            begun: None,
        });
        self.places += 1;
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::explore::faults::Faults;
    use crate::explore::processes::hunt::Tactic;
    use crate::explore::processes::stages::parts;

    fn hunt(tactic: Tactic, timers: Timers) -> Hunt {
        Hunt {
            tactic,
            runs: 80,
            seed: 7,
            faults: Faults::None,
            preemptions: None,
            timers,
        }
    }

    /// The runs and the name of what comes next.
    fn next(queue: &mut Queue<'_>) -> (usize, u64, String) {
        let part = queue.next().expect("there is more");
        (part.place, part.stage.runs, part.stage.begin().name())
    }

    #[test]
    fn what_is_drawn_comes_in_shares_after_the_parts() {
        let hunt = hunt(Tactic::Mixed, Timers::WhenIdle);
        let mut queue = Queue::new(&hunt, parts(&hunt));
        assert_eq!(queue.look(4).map(|part| part.place), Some(4));
        let runs: Vec<(usize, u64)> = (0..3)
            .map(|_| next(&mut queue))
            .map(|(at, runs, _)| (at, runs))
            .collect();
        assert_eq!(runs, [(0, 20), (1, 20), (2, 20)]);
        assert_eq!(
            next(&mut queue),
            (3, 25, "PCT for depth 3, seed 7".to_owned())
        );
        assert_eq!(
            next(&mut queue),
            (4, 25, "PCT for depth 3, seed 8".to_owned())
        );
        assert_eq!(
            next(&mut queue),
            (5, 25, "PCT for depth 3, seed 9".to_owned())
        );
        assert!(!queue.is_empty());
    }

    #[test]
    fn who_goes_on_comes_first() {
        let hunt = hunt(Tactic::Random, Timers::WhenIdle);
        let mut queue = Queue::new(&hunt, parts(&hunt));
        let part = queue.next().expect("there is more");
        queue.again(part);
        assert_eq!(next(&mut queue).0, 0);
        assert_eq!(next(&mut queue), (1, 25, "at random, seed 8".to_owned()));
    }

    #[rstest]
    #[case::what_lets_timers_fire_stays(Timers::WhenIdle, &[0, 2], &[1])]
    #[case::all_have_let_them_fire(Timers::AnyTime, &[0, 1, 2], &[])]
    fn where_every_order_was_tried(
        #[case] timers: Timers,
        #[case] left_out: &[usize],
        #[case] stays: &[usize],
    ) {
        let hunt = hunt(Tactic::Mixed, timers);
        let mut queue = Queue::new(&hunt, parts(&hunt));
        assert_eq!(queue.leave_out(), left_out);
        let more: Vec<usize> = std::iter::from_fn(|| queue.next())
            .map(|part| part.place)
            .collect();
        assert_eq!(more, stays);
        assert!(queue.is_empty());
    }
}
