//! Watching a world: waiting in its own time until something is so.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::expect::Failure;
use crate::world::event::{End, Event, What};
use crate::world::{World, WorldError};

use super::outcome::FailureKind;
use super::stop::Stop;

/// The longest pause between two looks. Facts of files change without an
/// event, and a run that is to stop is noticed within this time.
const TICK: Duration = Duration::from_millis(20);

/// How many events are kept as evidence, the last ones.
const KEPT_EVENTS: usize = 10_000;

/// A world under observation.
pub struct Watch<'a> {
    /// The world.
    pub world: &'a mut dyn World,
    deadline: Duration,
    limit: Duration,
    stop: Stop,
    events: Vec<Event>,
    ends: BTreeMap<i32, End>,
}

/// What a look gives.
pub enum Look<T> {
    /// What was waited for.
    Seen(T),
    /// Not yet: what it lacks.
    NotYet(Vec<Failure>),
}

/// Why a step does not go on.
pub enum Trouble {
    /// Something is not as it should be.
    Failed(FailureKind, Vec<Failure>),
    /// The world could not do what it was asked to.
    World(WorldError),
    /// The run is to stop.
    Stopped,
}

impl From<WorldError> for Trouble {
    fn from(error: WorldError) -> Trouble {
        Trouble::World(error)
    }
}

impl<'a> Watch<'a> {
    /// Watches `world`, for `limit` of its own time.
    pub fn new(world: &'a mut dyn World, limit: Duration, stop: Stop) -> Watch<'a> {
        let deadline = world.now() + limit;
        Watch {
            world,
            deadline,
            limit,
            stop,
            events: Vec::new(),
            ends: BTreeMap::new(),
        }
    }

    /// Looks at once, then after every event and every short while, until what
    /// is looked for is seen. When `within`, the case's time, or the run is
    /// over, the last look tells what was lacking.
    ///
    /// # Errors
    /// [`Trouble::Failed`] with the last look, or with what `look` itself gives.
    pub fn until<T>(
        &mut self,
        within: Duration,
        mut look: impl FnMut(&mut Self) -> Result<Look<T>, Trouble>,
    ) -> Result<T, Trouble> {
        let start = self.world.now();
        loop {
            // Read before the look, so that the last look is never earlier
            // than the time that is given.
            let now = self.world.now();
            let lacking = match look(self)? {
                Look::Seen(seen) => return Ok(seen),
                Look::NotYet(lacking) => lacking,
            };
            if self.stop.is_set() {
                return Err(Trouble::Stopped);
            }
            if now >= self.deadline {
                let limit = self.limit;
                let note = format!("the case's time, {limit:?}, was over while it waited for this");
                return Err(failed(FailureKind::Timeout, lacking, &note));
            }
            let left = (start + within).saturating_sub(now);
            if left.is_zero() && within.is_zero() {
                return Err(Trouble::Failed(FailureKind::Expectation, lacking));
            }
            if left.is_zero() {
                let note = format!("waited {within:?} for it; this is what was seen last");
                return Err(failed(FailureKind::Expectation, lacking, &note));
            }
            let pause = TICK.min(left).min(self.deadline - now);
            let events = self.world.wait(pause)?;
            self.take_in(events);
        }
    }

    /// Lets `time` pass, unless the case's time or the run is over before.
    ///
    /// # Errors
    /// [`Trouble::Failed`] with `lacking` if it is.
    pub fn pause(&mut self, time: Duration, lacking: &Failure) -> Result<(), Trouble> {
        let end = self.world.now() + time;
        self.until(time, |watch| {
            Ok(if watch.world.now() >= end {
                Look::Seen(())
            } else {
                Look::NotYet(vec![lacking.clone()])
            })
        })
    }

    /// How a process ended that was the world's to reap.
    pub fn end_of(&self, pid: i32) -> Option<End> {
        self.ends.get(&pid).copied()
    }

    /// Takes in events that came by another way.
    pub fn take_in(&mut self, events: Vec<Event>) {
        for event in &events {
            if let What::Ended { pid, end } = event.what {
                self.ends.insert(pid, end);
            }
        }
        self.events.extend(events);
        let over = self.events.len().saturating_sub(KEPT_EVENTS);
        self.events.drain(..over);
    }

    /// What happened so far.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Takes in what has happened, without waiting.
    ///
    /// # Errors
    /// If the world is gone.
    pub fn catch_up(&mut self) -> Result<(), WorldError> {
        let events = self.world.wait(Duration::ZERO)?;
        self.take_in(events);
        Ok(())
    }
}

fn failed(kind: FailureKind, mut lacking: Vec<Failure>, note: &str) -> Trouble {
    for failure in &mut lacking {
        failure.notes.push(note.to_owned());
    }
    Trouble::Failed(kind, lacking)
}
