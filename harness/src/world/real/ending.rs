//! The end of a world, from the harness's side.

use std::time::Duration;

use super::failure::refusal;
use super::heard::unexpected;
use super::wire::message::{Behind, Reply, Request};
use super::world::RealWorld;
use crate::world::WorldError;
use crate::world::event::Event;

const END: &str = "end the world";

impl RealWorld {
    /// Asks init to end, and takes what there was still to tell. Whoever makes
    /// the next world does not have to wait until everything has ended.
    ///
    /// # Errors
    /// If the world is gone.
    pub(crate) fn end(mut self) -> Result<(Vec<Event>, Ending), WorldError> {
        let events = match self.ask(END, &Request::Finish) {
            Ok(answered) => match answered.reply {
                Reply::Finished(events, behind) => {
                    self.network.heard(&events);
                    self.network.over();
                    self.ends_alone = behind == Behind::Nobody;
                    events
                }
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

/// A world whose init was asked to end. Dropping it kills who has not ended.
#[derive(Debug)]
pub(crate) struct Ending(RealWorld);

impl Ending {
    /// Waits until every process of it has ended. An init that is alone is none of
    /// them: what the kernel takes down with it keeps nobody waiting. It is gone
    /// before its host is.
    ///
    /// # Errors
    /// If something does not end.
    pub fn of_its_processes(self) -> Result<(), WorldError> {
        match self.0.ends_alone {
            true => Ok(()),
            false => self.wait(),
        }
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::unistd::Pid;

    use super::super::heard::PATIENCE;
    use super::super::kernel::Pidfd;
    use super::super::left::Watched;
    use super::super::wire::Channel;
    use super::*;
    use crate::world::spec::SandboxSpec;

    #[test]
    fn an_init_that_does_not_come_to_answer_is_ended_from_outside() {
        let mut init = Command::new("sleep").arg("1000").spawn().unwrap();
        let pidfd = Pidfd::open(Pid::from_raw(init.id() as i32)).unwrap();
        let (ours, _theirs) = Channel::pair().unwrap();
        let (network, left) = Watched::new(&SandboxSpec::default());
        let mut world = RealWorld::new(ours, pidfd, Default::default(), network);
        world.patience = Duration::from_millis(50);
        let (events, ending) = world.end().unwrap();
        assert!(events.is_empty());
        assert!(!left.is_untouched(), "nobody knows what it has done");
        // What takes as long as the kernel takes.
        let Ending(mut world) = ending;
        world.patience = PATIENCE;
        Ending(world).wait().unwrap();
        assert!(!init.wait().unwrap().success());
    }
}
