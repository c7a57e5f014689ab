//! One processor for an exploration: what explores, the sandbox's init and what
//! runs in it take turns, and to wake somebody on another processor takes longer
//! than what is done there.

use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};
use nix::unistd::{Pid, gettid};

/// A thread that stays on one processor, with the threads that it starts, until
/// this is dropped. Where the kernel does not let it, nothing is different but the
/// speed.
#[derive(Debug)]
pub struct Stay {
    thread: Pid,
    /// Where it is, and where it might run before.
    place: Option<(usize, CpuSet)>,
}

impl Stay {
    /// Keeps this thread on the processor that it runs on, or on one that fewer
    /// threads of this process stay on.
    pub fn here() -> Stay {
        let thread = gettid();
        let stay = || -> Result<(usize, CpuSet), Errno> {
            let before = sched_getaffinity(thread)?;
            let here = sched_getcpu()?;
            let place = taken().take(&before, here);
            keep_on(thread, place).inspect_err(|_| taken().leave(place))?;
            Ok((place, before))
        };
        Stay {
            thread,
            place: stay().ok(),
        }
    }

    /// Does something on the other processors, if there are some: whatever it
    /// starts stays there.
    pub fn elsewhere<T>(&self, work: impl FnOnce() -> T) -> T {
        let Some((place, before)) = &self.place else {
            return work();
        };
        let mut others = *before;
        let _ = others.unset(*place);
        // With none of them it is refused.
        let _ = sched_setaffinity(self.thread, &others);
        let done = work();
        let _ = keep_on(self.thread, *place);
        done
    }

    /// The processor that it stays on; nothing, if the kernel does not let it.
    pub fn processor(&self) -> Option<usize> {
        self.place.as_ref().map(|(place, _)| *place)
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        if let Some((place, before)) = &self.place {
            taken().leave(*place);
            let _ = sched_setaffinity(self.thread, before);
        }
    }
}

fn keep_on(thread: Pid, processor: usize) -> Result<(), Errno> {
    let mut one = CpuSet::new();
    one.set(processor)?;
    sched_setaffinity(thread, &one)
}

/// The processors in a set.
fn members(set: &CpuSet) -> impl Iterator<Item = usize> {
    (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu) == Ok(true))
}

/// The processors that somebody stays on, once for each who does.
#[derive(Debug)]
struct Taken(Vec<usize>);

/// Those of this process, whose threads share its processors: what a thread is
/// allowed does not tell, for it may be elsewhere for a while.
fn taken() -> MutexGuard<'static, Taken> {
    static TAKEN: Mutex<Taken> = Mutex::new(Taken(Vec::new()));
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Taken {
    /// Takes, of those allowed, the first from `here` on that is taken the least.
    fn take(&mut self, allowed: &CpuSet, here: usize) -> usize {
        let (before, from): (Vec<usize>, Vec<usize>) =
            members(allowed).partition(|cpu| *cpu < here);
        let in_order = from.into_iter().chain(before);
        let times = |cpu: &usize| self.0.iter().filter(|other| *other == cpu).count();
        let place = in_order.min_by_key(times).unwrap_or(here);
        self.0.push(place);
        place
    }

    /// One of those on this processor stays there no longer.
    fn leave(&mut self, place: usize) {
        if let Some(at) = self.0.iter().position(|taken| *taken == place) {
            self.0.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use rstest::rstest;

    use super::*;

    fn allowed() -> Vec<usize> {
        members(&sched_getaffinity(gettid()).unwrap()).collect()
    }

    #[rstest]
    #[case::where_it_is(&[0, 1, 2], 1, &[], 1)]
    #[case::the_next(&[0, 1, 2], 1, &[1], 2)]
    #[case::around(&[0, 1, 2], 2, &[2, 1], 0)]
    #[case::twice(&[0, 1], 0, &[0, 1, 1], 0)]
    #[case::not_allowed_here_any_more(&[4], 1, &[4], 4)]
    fn who_shares_a_processor_shares_it_with_few(
        #[case] allowed: &[usize],
        #[case] here: usize,
        #[case] taken: &[usize],
        #[case] expected: usize,
    ) {
        let mut taken = Taken(taken.to_vec());
        assert_eq!(taken.take(&set(allowed), here), expected);
    }

    fn set(members: &[usize]) -> CpuSet {
        let mut set = CpuSet::new();
        members.iter().for_each(|cpu| set.set(*cpu).unwrap());
        set
    }

    #[test]
    fn what_is_left_is_taken_again() {
        let allowed = set(&[0, 1]);
        let mut taken = Taken(Vec::new());
        let three = [(); 3].map(|()| taken.take(&allowed, 0));
        assert_eq!(three, [0, 1, 0]);
        taken.leave(1);
        assert_eq!(taken.take(&allowed, 0), 1);
        // Nobody stays there.
        taken.leave(7);
        assert_eq!(taken.take(&allowed, 0), 1);
    }

    #[test]
    fn what_is_started_elsewhere_stays_there() {
        thread::spawn(move || {
            let before = allowed();
            let stay = Stay::here();
            let here = stay.processor().unwrap();
            let there = stay.elsewhere(|| thread::spawn(allowed).join().unwrap());
            assert_eq!(allowed(), [here]);
            let others: Vec<usize> = before.iter().copied().filter(|cpu| *cpu != here).collect();
            assert_eq!(there, if others.is_empty() { before } else { others });
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_thread_stays_with_what_it_starts_until_it_is_let_go() {
        thread::spawn(move || {
            let before = allowed();
            let stay = Stay::here();
            assert_eq!(allowed().len(), 1);
            assert_eq!(thread::spawn(allowed).join().unwrap(), allowed());
            drop(stay);
            assert_eq!(allowed(), before);
        })
        .join()
        .unwrap();
    }
}
