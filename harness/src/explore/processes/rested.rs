//! A sandbox between two steps: who stood when nothing ran any more stands
//! still, until somebody is let go or is given something to do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use daemonlab::sys::Signal;

use crate::delegate_world;
use crate::world::event::{Event, What, shown};
use crate::world::facts::LaunchFacts;
use crate::world::real::{Ending, RealWorld};
use crate::world::spec::{FileSpec, LaunchSpec};
use crate::world::steered::{LetGo, Standing, Steering};
use crate::world::{World, WorldError};

/// How long a task may compute between two visible calls before the others go
/// on without it.
const PATIENCE: Duration = Duration::from_secs(2);

/// What has happened, and what stands then; nothing, if something ran all the
/// time.
pub type Came = (Vec<Event>, Option<Standing>);

/// What an execution leaves behind.
#[derive(Debug, Default)]
pub struct Left {
    /// Who has made calls that nobody has seen, and so could not order, if somebody
    /// has.
    pub unseen: Option<String>,
    /// Its world, while that ends.
    ending: Option<Ending>,
}

/// A sandbox whose order is chosen. What it was asked is not asked again as long
/// as the answer is the same: an execution has many steps, and after most of
/// them only one task is not where it was.
#[derive(Debug)]
pub struct Rested<'a> {
    world: RealWorld,
    left: &'a mut Left,
    /// What stands, if nothing was done since that was seen.
    standing: Option<Standing>,
    /// Of launches without faults, whose counts are facts, and when that was.
    launches: BTreeMap<String, (LaunchFacts, Duration)>,
}

impl Rested<'_> {
    /// This one, in which nothing was launched yet.
    pub fn new(world: RealWorld, left: &mut Left) -> Rested<'_> {
        Rested {
            world,
            left,
            standing: None,
            launches: BTreeMap::new(),
        }
    }

    /// What stands now, and what has happened meanwhile.
    ///
    /// # Errors
    /// If the world is gone.
    pub fn stand(&mut self) -> Result<Came, WorldError> {
        match &self.standing {
            Some(standing) => Ok((Vec::new(), Some(standing.clone()))),
            None => self.came(|world| world.stand(None, PATIENCE)),
        }
    }

    /// Looks anew next time: a wait may come to its end by itself.
    pub fn look_anew(&mut self) {
        self.standing = None;
    }

    /// Lets this task go, and gives what comes of it.
    ///
    /// # Errors
    /// If it does not stand, or the world is gone.
    pub fn let_go(&mut self, task: &str, how: LetGo) -> Result<Came, WorldError> {
        let go = Some((task.to_owned(), how));
        self.came(|world| world.stand(go, PATIENCE))
    }

    /// Lets virtual time pass until something is to happen, or by `by`.
    ///
    /// # Errors
    /// If the world is gone.
    pub fn pass(&mut self, by: Duration) -> Result<Came, WorldError> {
        self.came(|world| world.pass(by, PATIENCE))
    }

    fn came(
        &mut self,
        of: impl FnOnce(&mut RealWorld) -> Result<Came, WorldError>,
    ) -> Result<Came, WorldError> {
        let (events, mut standing) = of(&mut self.world)?;
        if self.world.has_virtual_time()
            && let Some(standing) = &mut standing
        {
            waits_alike(standing);
        }
        self.standing.clone_from(&standing);
        for event in &events {
            self.hear(event);
        }
        Ok((events, standing))
    }

    /// What an event says of launches that are known.
    fn hear(&mut self, event: &Event) {
        match &event.what {
            // It was known before that was told.
            What::Launched { .. } => {}
            What::Ended { pid, end } => {
                let runs = |facts: &LaunchFacts| facts.pid == *pid && facts.end.is_none();
                for (facts, then) in self.launches.values_mut().filter(|known| runs(&known.0)) {
                    let started = then.saturating_sub(facts.duration);
                    facts.duration = event.at.saturating_sub(started);
                    facts.end = Some(*end);
                }
            }
            What::Output { id, .. } => drop(self.launches.remove(id)),
            what @ What::UnseenCalls { .. } => self.left.unseen = Some(shown::what(what)),
            what if what.is_traced() => {}
            _ => self.launches.clear(),
        }
    }

    /// Whether its time is virtual.
    pub fn has_virtual_time(&self) -> bool {
        self.world.has_virtual_time()
    }

    /// Lets everybody go on as they like, or holds them again.
    ///
    /// # Errors
    /// If the world is gone.
    pub fn steer(&mut self, steering: Steering) -> Result<(), WorldError> {
        self.touch().steer(steering)
    }

    /// For what makes somebody go on, or may.
    fn touch(&mut self) -> &mut RealWorld {
        self.standing = None;
        self.launches.clear();
        &mut self.world
    }
}

/// Where time is virtual, a sleep is a wait like any other: it takes nobody's
/// time.
fn waits_alike(standing: &mut Standing) {
    for task in standing.tasks.iter_mut().filter(|task| task.next.sleeps) {
        Arc::make_mut(&mut task.next).sleeps = false;
    }
}

impl World for Rested<'_> {
    delegate_world!(world: processes, remaining, file, sockets, tick, now);

    fn launch(&mut self, launch: &LaunchSpec) -> Result<i32, WorldError> {
        self.touch().launch(launch)
    }

    /// What a launch has written and how it ended is told by events of their
    /// own; everything else that changes is how long it has run.
    fn launch_facts(&mut self, id: &str) -> Result<LaunchFacts, WorldError> {
        let now = self.now();
        if let Some((facts, then)) = self.launches.get(id) {
            let more = match facts.end {
                Some(_) => Duration::ZERO,
                None => now.saturating_sub(*then),
            };
            return Ok(LaunchFacts {
                duration: facts.duration + more,
                ..facts.clone()
            });
        }
        let facts = self.world.launch_facts(id)?;
        if facts.matched.is_empty() {
            self.launches.insert(id.to_owned(), (facts.clone(), now));
        }
        Ok(facts)
    }

    fn signal(&mut self, pid: i32, signal: Signal) -> Result<(), WorldError> {
        self.touch().signal(pid, signal)
    }

    fn hang_up(&mut self, id: &str) -> Result<(), WorldError> {
        self.touch().hang_up(id)
    }

    fn write_file(&mut self, file: &FileSpec) -> Result<(), WorldError> {
        self.touch().write_file(file)
    }

    fn connect(
        &mut self,
        address: &str,
        data: &[u8],
        enough: usize,
        within: Duration,
    ) -> Result<Vec<u8>, WorldError> {
        self.touch().connect(address, data, enough, within)
    }

    fn wait(&mut self, at_most: Duration) -> Result<Vec<Event>, WorldError> {
        let events = self.touch().wait(at_most)?;
        events.iter().for_each(|event| self.hear(event));
        Ok(events)
    }

    fn finish(self: Box<Self>) -> Result<Vec<Event>, WorldError> {
        let (events, ending) = self.world.end()?;
        // The one before had all this execution's time.
        if let Some(before) = self.left.ending.replace(ending) {
            before.wait()?;
        }
        Ok(events)
    }
}
