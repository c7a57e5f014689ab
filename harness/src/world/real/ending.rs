//! The end of a world, from the harness's side.

use std::time::Duration;

use super::failure::refusal;
use super::heard::unexpected;
use super::wire::message::{Reply, Request};
use super::world::RealWorld;
use crate::delegate_world;
use crate::world::event::Event;
use crate::world::{World, WorldError};

const END: &str = "end the world";

impl RealWorld {
    /// Asks init to end, and takes what there was still to tell. Whoever makes
    /// the next world does not have to wait until everything has ended.
    ///
    /// # Errors
    /// If the world is gone.
    pub fn end(mut self) -> Result<(Vec<Event>, Ending), WorldError> {
        let events = match self.ask(END, &Request::Finish) {
            Ok(answered) => match answered.reply {
                Reply::Events(events, _) => events,
                other => return Err(unexpected(END, &other)),
            },
            Err(error) if self.init.wait(Duration::ZERO) => return Err(error),
            // It is there but does not come to answer, as beside thousands of
            // processes that all want to run: it is ended from outside, and they
            // with it. What it had still to tell is evidence, and no verdict's ground.
            Err(_) => {
                let _ = self.init.kill();
                Vec::new()
            }
        };
        Ok((events, Ending(self)))
    }
}

/// A world whose init was asked to end. Dropping it kills what has not ended.
#[derive(Debug)]
pub struct Ending(RealWorld);

impl Ending {
    /// Takes the place of the one before, which had all this one's time, and waits
    /// for it.
    ///
    /// # Errors
    /// If that does not end.
    pub fn follow(self, before: &mut Option<Ending>) -> Result<(), WorldError> {
        before.replace(self).map_or(Ok(()), Ending::wait)
    }

    /// Waits until everything in it has ended.
    ///
    /// # Errors
    /// If something does not.
    pub fn wait(self) -> Result<(), WorldError> {
        if self.0.init.wait(self.0.patience) {
            return Ok(());
        }
        let evidence = "its init still runs after half a minute";
        let remedy = "look for a process in state D (uninterruptible sleep)";
        Err(refusal(END, evidence, remedy))
    }
}

/// A world that is not waited for when it has told all: while it ends, the next
/// one can begin. It waits for the one before it.
#[derive(Debug)]
pub struct Overlapping<'a> {
    world: RealWorld,
    before: &'a mut Option<Ending>,
}

impl RealWorld {
    /// This one as such a world, of a row of them that share `before`. Whoever
    /// drops that waits for the last.
    pub fn overlapping(self, before: &mut Option<Ending>) -> Overlapping<'_> {
        Overlapping {
            world: self,
            before,
        }
    }
}

impl World for Overlapping<'_> {
    delegate_world!(
        world: launch, launch_facts, processes, remaining, file, sockets, signal, hang_up,
        write_file, connect, wait, tick, now,
    );

    fn finish(self: Box<Self>) -> Result<Vec<Event>, WorldError> {
        let (events, ending) = self.world.end()?;
        ending.follow(self.before).map(|()| events)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::unistd::Pid;

    use super::super::host::PATIENCE;
    use super::super::ids::IdMap;
    use super::super::kernel::Pidfd;
    use super::super::wire::Channel;
    use super::*;

    #[test]
    fn an_init_that_does_not_come_to_answer_is_ended_from_outside() {
        let mut init = Command::new("sleep").arg("1000").spawn().unwrap();
        let pidfd = Pidfd::open(Pid::from_raw(init.id() as i32)).unwrap();
        let (ours, _theirs) = Channel::pair().unwrap();
        let mut world = RealWorld::new(ours, pidfd, IdMap::default(), IdMap::default());
        world.patience = Duration::from_millis(50);
        let (events, ending) = world.end().unwrap();
        assert!(events.is_empty());
        // What takes as long as the kernel takes.
        let Ending(mut world) = ending;
        world.patience = PATIENCE;
        Ending(world).wait().unwrap();
        assert!(!init.wait().unwrap().success());
    }
}
