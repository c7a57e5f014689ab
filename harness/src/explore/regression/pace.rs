//! When a budget is used up, and when there is something to tell.

use std::time::{Duration, Instant};

use crate::case::stop::Stop;

use super::Limit;

/// How often it is told how far an exploration is.
const TOLD: Duration = Duration::from_millis(200);

/// The budget of an exploration, as far as it is not counted elsewhere.
pub struct Pace<'a> {
    /// How many schedules there are to be at most.
    pub most: u64,
    time: Option<Duration>,
    began: Instant,
    told: Option<Instant>,
    stop: &'a Stop,
    tell: &'a mut (dyn FnMut(u64, u64) + Send),
    /// What was used up when it last said no.
    used_up: Option<Limit>,
}

impl<'a> Pace<'a> {
    /// Begins now.
    pub fn new(
        most: u64,
        time: Option<Duration>,
        stop: &'a Stop,
        tell: &'a mut (dyn FnMut(u64, u64) + Send),
    ) -> Pace<'a> {
        Pace {
            most,
            time,
            began: Instant::now(),
            told: None,
            stop,
            tell,
            used_up: None,
        }
    }

    /// Whether to go on after so many schedules.
    pub fn go_on(&mut self, schedules: u64) -> bool {
        if self.told.is_none_or(|told| told.elapsed() >= TOLD) {
            self.told = Some(Instant::now());
            (self.tell)(schedules, self.most);
        }
        if self.time.is_some_and(|most| self.began.elapsed() >= most) {
            self.used_up = Some(Limit::Time);
        }
        self.used_up.is_none() && !self.stop.is_set()
    }

    /// Which part of the budget is used up after so many schedules.
    pub fn used_up(&self, schedules: u64) -> Option<Limit> {
        let all = (schedules >= self.most).then_some(Limit::Schedules);
        self.used_up.or(all)
    }

    /// What says that everything is to stop.
    pub fn stop(&self) -> &Stop {
        self.stop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_its_time_and_with_the_run() {
        let stop = Stop::default();
        let mut told = Vec::new();
        let mut tell = |schedules, most| told.push((schedules, most));
        let mut pace = Pace::new(3, Some(Duration::ZERO), &stop, &mut tell);
        assert!(!pace.go_on(1));
        assert_eq!(pace.used_up(1), Some(Limit::Time));
        assert_eq!(told, [(1, 3)]);

        let mut tell = |_, _| {};
        let mut pace = Pace::new(3, None, &stop, &mut tell);
        assert!(pace.go_on(1));
        assert_eq!(pace.used_up(2), None);
        assert_eq!(pace.used_up(3), Some(Limit::Schedules));
        stop.set();
        assert!(!pace.go_on(2));
    }
}
