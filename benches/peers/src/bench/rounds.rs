//! Subjects in turns: what disturbs the machine for a while disturbs them all.

use std::time::{Duration, Instant};

/// What is measured: its name, and one round of it.
pub type Subject<'a> = (&'static str, Box<dyn FnMut() -> Duration + 'a>);

/// A subject's times, in order of size.
#[derive(Debug)]
pub struct Times {
    /// What was measured.
    pub name: &'static str,
    sorted: Vec<Duration>,
}

impl Times {
    /// The time that so many percent of the rounds stay below.
    pub fn percentile(&self, percent: usize) -> Duration {
        self.sorted[(self.sorted.len() - 1) * percent / 100]
    }

    pub fn median(&self) -> Duration {
        self.percentile(50)
    }
}

/// Runs each subject once a round, after one round that does not count.
pub fn interleaved(count: usize, mut subjects: Vec<Subject<'_>>) -> Vec<Times> {
    let mut all: Vec<Times> = subjects
        .iter()
        .map(|(name, _)| Times {
            name,
            sorted: Vec::new(),
        })
        .collect();
    for round in 0..=count {
        for ((_, run), times) in subjects.iter_mut().zip(&mut all) {
            let time = run();
            if round > 0 {
                times.sorted.push(time);
            }
        }
    }
    for times in &mut all {
        times.sorted.sort_unstable();
    }
    all
}

pub fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
