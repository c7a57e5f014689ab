//! Watching a world: waiting in its own time until something is so.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::expect::{Failure, Heard};
use crate::world::event::{End, Event, What};
use crate::world::{World, WorldError};

use super::outcome::FailureKind;
use super::stop::Stop;

/// How long more output is waited for at a time.
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
    /// How many events of traced tasks were told and not kept, or never told.
    lost: u64,
    ends: BTreeMap<i32, (End, Duration)>,
}

/// How long something is waited for.
pub struct Patience {
    within: Duration,
    end: Duration,
    /// When the last look began: what it lacks was lacking then.
    looked: Duration,
}

/// What a look gives.
pub enum Look<T> {
    /// What was waited for.
    Seen(T),
    /// Not yet: what it lacks.
    NotYet(Vec<Failure>),
    /// Never any more: waiting would change nothing.
    Never(Vec<Failure>),
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
            lost: 0,
            ends: BTreeMap::new(),
        }
    }

    /// The patience to wait so long for something, from now on.
    pub fn patience(&self, within: Duration) -> Patience {
        let now = self.world.now();
        Patience {
            within,
            end: now + within,
            looked: now,
        }
    }

    /// After a look that lacks something: lets the next event or a short while
    /// pass, after which it is worth to look again.
    ///
    /// # Errors
    /// [`Trouble::Failed`] with what the look lacked if the patience or the
    /// case's time was over before that look; [`Trouble::Stopped`] if the run
    /// is.
    pub fn rest(&mut self, patience: &mut Patience, lacking: Vec<Failure>) -> Result<(), Trouble> {
        if self.stop.is_set() {
            return Err(Trouble::Stopped);
        }
        let Patience {
            within,
            end,
            looked,
        } = *patience;
        if looked >= self.deadline {
            let limit = self.limit;
            let note = format!("the case's time, {limit:?}, was over while it waited for this");
            return Err(failed(FailureKind::Timeout, lacking, &note));
        }
        if looked >= end && within.is_zero() {
            return Err(Trouble::Failed(FailureKind::Expectation, lacking));
        }
        if looked >= end {
            let note = format!("waited {within:?} for it; this is what was seen last");
            return Err(failed(FailureKind::Expectation, lacking, &note));
        }
        let tick = self.world.tick().min(end.min(self.deadline) - looked);
        let events = self.world.wait(tick)?;
        self.take_in(events);
        patience.looked = self.world.now();
        Ok(())
    }

    /// Lets a short while pass, and tells whether something was written in it.
    ///
    /// # Errors
    /// If the world is gone.
    pub fn more_output(&mut self) -> Result<bool, WorldError> {
        let events = self.world.wait(TICK)?;
        let more = events
            .iter()
            .any(|event| matches!(event.what, What::Output { .. }));
        self.take_in(events);
        Ok(more)
    }

    /// How and when a process ended that was the world's to reap.
    pub fn end_of(&self, pid: i32) -> Option<(End, Duration)> {
        self.ends.get(&pid).copied()
    }

    /// Takes in events that came by another way.
    pub fn take_in(&mut self, events: Vec<Event>) {
        for event in &events {
            match event.what {
                What::Ended { pid, end } => {
                    self.ends.insert(pid, (end, event.at));
                }
                What::Lost { events } => self.lost += events,
                _ => {}
            }
        }
        self.events.extend(events);
        let over = self.events.len().saturating_sub(KEPT_EVENTS);
        let dropped = self.events.drain(..over);
        self.lost += dropped.filter(|event| event.what.is_traced()).count() as u64;
    }

    /// What was heard of a launch so far.
    pub fn heard<'e>(&'e self, launch: &'e str) -> Heard<'e> {
        Heard::new(launch, &self.events, self.lost)
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
