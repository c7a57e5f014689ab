//! Where tasks go on one at a time, one processor does for them, for init and
//! for the harness: a second one would have to be woken for every step.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// A processor that init stays on, with all that it starts.
#[derive(Debug)]
pub struct Place {
    /// The processors that it came from, but for this one.
    others: CpuSet,
}

impl Place {
    /// Goes to this processor, and stays there. Nothing, if the kernel does not
    /// let it, which changes nothing but the speed.
    pub fn take(processor: usize) -> Option<Place> {
        let own = Pid::from_raw(0);
        let mut others = sched_getaffinity(own).ok()?;
        let mut here = CpuSet::new();
        here.set(processor).ok()?;
        sched_setaffinity(own, &here).ok()?;
        others.unset(processor).ok()?;
        Some(Place { others })
    }

    /// Goes to any other processor, if there is one, and has these go there: what is
    /// left to do, all that the kernel takes down with an init, keeps nobody here
    /// waiting.
    pub fn leave(self, with: impl IntoIterator<Item = i32>) {
        for tid in with.into_iter().chain([0]) {
            let _ = sched_setaffinity(Pid::from_raw(tid), &self.others);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use nix::sched::sched_getcpu;

    use super::*;

    fn allowed() -> Vec<usize> {
        let set = sched_getaffinity(Pid::from_raw(0)).unwrap();
        (0..CpuSet::count())
            .filter(|cpu| set.is_set(*cpu) == Ok(true))
            .collect()
    }

    #[test]
    fn a_place_is_kept_until_it_is_left_for_the_others() {
        thread::spawn(|| {
            let before = allowed();
            let last = *before.last().unwrap();
            let place = Place::take(last).unwrap();
            assert_eq!((allowed(), sched_getcpu().unwrap()), (vec![last], last));
            place.leave([]);
            let others = &before[..before.len() - 1];
            // On a machine with one processor there is nowhere to go.
            assert_eq!(allowed(), if others.is_empty() { &before } else { others });
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_processor_that_is_not_there_is_none() {
        thread::spawn(|| {
            let before = allowed();
            assert!(Place::take(CpuSet::count() - 1).is_none());
            assert_eq!(allowed(), before);
        })
        .join()
        .unwrap();
    }
}
