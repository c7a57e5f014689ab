//! The toy: two tasks that each add to one counter, or to one of their own, so
//! many times.

use std::fmt;
use std::hash::Hasher;

use daemonlab::explore::{
    Alternative, Digest, Footprint, Model, Outcome, Pending, TaskName, Verdict,
};

/// Whether the two tasks add to the same counter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Counters {
    Shared,
    Own,
}

/// For daemonlab: the toy as plain data.
pub struct Toy {
    counters: Counters,
    adds: u32,
    done: [u32; 2],
    values: [u64; 2],
    last: usize,
    all: [Pending<usize>; 2],
    pending: Vec<Pending<usize>>,
}

impl Toy {
    pub fn new(counters: Counters, adds: u32) -> Toy {
        let pending = |task: u16| Pending {
            task: TaskName::ROOT.child(task + 1).expect("there are few"),
            code: Digest::of(task),
            footprint: Footprint::none().writing([match counters {
                Counters::Shared => 0,
                Counters::Own => task.into(),
            }]),
            alternatives: vec![Alternative::NORMAL],
        };
        Toy {
            counters,
            adds,
            done: [0; 2],
            values: [0; 2],
            last: 0,
            all: [pending(0), pending(1)],
            pending: Vec::new(),
        }
    }

    fn counter(&self, task: usize) -> usize {
        match self.counters {
            Counters::Shared => 0,
            Counters::Own => task,
        }
    }
}

impl Model for Toy {
    type Key = usize;

    fn start(&mut self) {
        self.done = [0; 2];
        self.values = [0; 2];
        self.pending.clone_from_slice_or_extend(&self.all);
    }

    fn pending(&self) -> &[Pending<usize>] {
        &self.pending
    }

    fn step(&mut self, place: usize, _alternative: usize) {
        let task = usize::from(self.pending[place].task == self.all[1].task);
        self.last = task;
        self.done[task] += 1;
        let counter = self.counter(task);
        self.values[counter] = self.values[counter].wrapping_mul(31).wrapping_add(task as u64 + 1);
        if self.done[task] == self.adds {
            self.pending.remove(place);
        }
    }

    fn write_operation(&self, place: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "add({})", self.pending[place].task)
    }

    fn write_event(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "add = {:?}", self.values)
    }

    fn outcome(&mut self) -> Outcome {
        let mut digest = Digest::new();
        digest.write_u64(self.values[0]);
        digest.write_u64(self.values[1]);
        Outcome {
            verdict: Verdict::Held,
            state: digest.finish(),
        }
    }
}

/// Copies into a vector and keeps its allocations.
trait CopyInto<T> {
    fn clone_from_slice_or_extend(&mut self, from: &[T]);
}

impl<T: Clone> CopyInto<T> for Vec<T> {
    fn clone_from_slice_or_extend(&mut self, from: &[T]) {
        self.truncate(from.len());
        let (head, tail) = from.split_at(self.len());
        self.clone_from_slice(head);
        self.extend_from_slice(tail);
    }
}

/// For shuttle: the toy on its threads.
pub fn on_shuttle(counters: Counters, adds: u32) {
    use shuttle::sync::Arc;
    use shuttle::sync::atomic::{AtomicU64, Ordering};
    let values = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let tasks: Vec<_> = (0..2usize)
        .map(|task| {
            let values = values.clone();
            shuttle::thread::spawn(move || {
                let counter = if counters == Counters::Shared { 0 } else { task };
                for _ in 0..adds {
                    values[counter].fetch_add(task as u64 + 1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for task in tasks {
        task.join().expect("it does not panic");
    }
}

/// For loom: the toy on its threads.
pub fn on_loom(counters: Counters, adds: u32) {
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    let values = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let tasks: Vec<_> = (0..2usize)
        .map(|task| {
            let values = values.clone();
            loom::thread::spawn(move || {
                let counter = if counters == Counters::Shared { 0 } else { task };
                for _ in 0..adds {
                    values[counter].fetch_add(task + 1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for task in tasks {
        task.join().expect("it does not panic");
    }
}
