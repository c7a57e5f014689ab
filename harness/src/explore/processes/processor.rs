//! One processor for an exploration: what explores, the sandbox's init and what
//! runs in it take turns, and to wake somebody on another processor takes longer
//! than what is done there.

use std::fs;

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
            let place = choose(&before, sched_getcpu()?, &taken(thread));
            keep_on(thread, place)?;
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
        if let Some((_, before)) = &self.place {
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

/// The processor of each other thread of this process that stays on one.
fn taken(own: Pid) -> Vec<usize> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
    let threads = threads.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    threads
        .filter(|thread| *thread != own.as_raw())
        .filter_map(|thread| {
            let set = sched_getaffinity(Pid::from_raw(thread)).ok()?;
            let mut members = members(&set);
            members.next().filter(|_| members.next().is_none())
        })
        .collect()
}

/// Of those allowed, the first from `here` on that is taken the least.
fn choose(allowed: &CpuSet, here: usize, taken: &[usize]) -> usize {
    let (before, from): (Vec<usize>, Vec<usize>) = members(allowed).partition(|cpu| *cpu < here);
    let in_order = from.into_iter().chain(before);
    let times = |cpu: &usize| taken.iter().filter(|other| *other == cpu).count();
    in_order.min_by_key(times).unwrap_or(here)
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
        let mut set = CpuSet::new();
        allowed.iter().for_each(|cpu| set.set(*cpu).unwrap());
        assert_eq!(choose(&set, here, taken), expected);
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
