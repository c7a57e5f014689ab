//! What it tells, and what it can be asked.

use std::time::Duration;

use super::Tracer;
use super::task::{Halt, Held, State, Task};
use crate::world::event::{End, What};
use crate::world::real::tracer::faults::Faults;
use crate::world::real::tracer::steer::Steer;

impl Tracer {
    /// Takes what there is to tell.
    pub fn tell(&mut self) -> Vec<(Duration, What)> {
        std::mem::take(&mut self.told)
    }

    /// Takes the processes that have ended.
    pub fn ended(&mut self) -> Vec<(i32, End)> {
        std::mem::take(&mut self.ended)
    }

    /// Whether the end of this process was told while it was traced. Asked
    /// once, by who has inherited it.
    pub fn was_told(&mut self, pid: i32) -> bool {
        self.told_ends.remove(&pid)
    }

    /// Tells the calls that are not over, now that they never will be: the
    /// world ends.
    pub fn cut_short(&mut self, now: Duration) {
        let all: Vec<i32> = self.tasks.keys().copied().collect();
        for tid in all {
            let who = self.who(tid);
            let task = self.tasks.get_mut(&tid);
            let call = task.and_then(|task| task.call.take().or(task.again.take()));
            let what = call.and_then(|call| self.recorder.never_over(&who, &call));
            self.told.extend(what.map(|what| (now, what)));
        }
    }

    /// Every task.
    pub fn everybody(&self) -> impl Iterator<Item = i32> + '_ {
        self.tasks.keys().copied()
    }

    /// Whether it wants its turn: something is traced, or there may be more.
    pub fn is_busy(&self) -> bool {
        self.more || !self.tasks.is_empty() || !self.unnamed.is_empty()
    }

    /// Whether there may be stops that were not taken.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// Every thread that it traces.
    pub fn threads(&self) -> impl Iterator<Item = i32> {
        self.tasks.keys().copied()
    }

    /// Whether it traces this thread, or holds its end.
    pub fn knows(&self, tid: i32) -> bool {
        self.tasks.contains_key(&tid)
    }

    /// Whether job control has stopped this thread. `/proc` shows one that is
    /// traced as if its tracer had.
    pub fn is_job_stopped(&self, tid: i32) -> bool {
        self.tasks.get(&tid).is_some_and(|task| task.job_stopped)
    }

    /// Whether the end of this thread is held.
    pub fn holds_end(&self, tid: i32) -> bool {
        matches!(
            self.tasks.get(&tid),
            Some(Task {
                state: State::Held(Held {
                    at: Halt::Ended(_),
                    ..
                }),
                ..
            })
        )
    }

    /// The faults' counts.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Steers this launch from now on. Where time is virtual, it passes only as
    /// it is told to.
    pub fn hold_still(&mut self, launch: &str) {
        self.steer.add(launch);
        if let Some(clock) = &mut self.clock {
            clock.stand_still();
        }
    }

    /// The decider that lets go only what was chosen.
    pub fn steer(&mut self) -> &mut Steer {
        &mut self.steer
    }
}
