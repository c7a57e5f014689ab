//! Whether anybody runs, and until when nobody goes on.

use std::time::Duration;

use super::task::{State, Task};
use super::{LOOK_AGAIN, LOOK_AT_LAST, Tracer};
use crate::world::real::tracer::decider::Decider;
use crate::world::real::tracer::steer::Rest;
use crate::world::steered::{Idle, Standing, StandingTask};

impl Tracer {
    /// Every task, if none of them runs; nothing, while one does, or is about
    /// to because its time has come.
    pub fn standing(&mut self) -> Option<Standing> {
        if self.more || self.turns || self.ends_any() || !self.unnamed.is_empty() {
            return None;
        }
        // Who was only just let go has done nothing yet.
        if self.going.is_some() {
            return None;
        }
        let mut idle = self.at_rest()?;
        let held = |task: &&Task| matches!(task.state, State::Held(_) | State::JobControl(_));
        if self.tasks.len() - self.tasks.values().filter(held).count() > 1 {
            // Who was seen asleep may have been woken by one who was looked at
            // later, and has fallen asleep since.
            idle = self.at_rest()?;
        }
        if self.wake_late() {
            return None;
        }
        let clock = self.clock.as_ref();
        let tasks = self.tasks.keys().filter_map(|tid| {
            Some(StandingTask {
                until: clock.and_then(|clock| clock.until(*tid)),
                ..self.steer.of(*tid)?
            })
        });
        Some(Standing {
            tasks: tasks.collect(),
            idle,
        })
    }

    /// For how long nobody goes on; nothing, while one does.
    fn at_rest(&self) -> Option<Idle> {
        // A fault may let somebody go by then.
        let mut idle = match self.deadline() {
            Some(_) => Idle::ForNow,
            None => Idle::default(),
        };
        let timed = |tid| self.clock.as_ref().is_some_and(|clock| clock.knows(tid));
        for (tid, task) in &self.tasks {
            let rest = match &task.state {
                // Somebody has killed it where it stood.
                State::Held(held) if held.was_killed() => Rest::Runs,
                State::Held(_) | State::JobControl(_) => Rest::Waits,
                State::Running(_) | State::Between => task.looks.rest_of(*tid),
            };
            match rest {
                Rest::Runs => return None,
                Rest::WaitsForTime => idle = Idle::ForNow,
                Rest::Waits if timed(*tid) => idle = Idle::ForNow,
                Rest::Waits => {}
            }
        }
        Some(idle)
    }

    /// When it wants its turn, if nothing happens before.
    pub fn deadline(&self) -> Option<Duration> {
        if self.more {
            return Some(Duration::ZERO);
        }
        let others = self.others.iter().filter_map(|decider| decider.deadline());
        let pause = LOOK_AGAIN.saturating_mul(1 << self.looks.min(16));
        let turn = self.turns.then(|| self.last + pause.min(LOOK_AT_LAST));
        others.chain(self.faults.deadline()).chain(turn).min()
    }
}
