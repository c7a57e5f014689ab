//! The world that lies.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use daemonlab::sys::Signal;
use daemonlab_harness::case::StepStarted;
use daemonlab_harness::case::maker::WorldMaker;
use daemonlab_harness::delegate_world;
use daemonlab_harness::run::worlds::Worlds;
use daemonlab_harness::world::event::{Event, What};
use daemonlab_harness::world::facts::{FileFacts, LaunchFacts, ProcessFacts, SocketFacts};
use daemonlab_harness::world::spec::SandboxSpec;
use daemonlab_harness::world::{World, WorldError, WorldKind};
use nix::errno::Errno;

use super::lie::{Known, Lie, Tell};

/// Which lie is told, and when.
pub struct Plot {
    step: usize,
    lie: Lie,
    /// The step that is under way.
    now: Cell<usize>,
}

impl Plot {
    /// This lie, for as long as that step takes.
    pub fn new(step: usize, lie: Lie) -> Plot {
        Plot {
            step,
            lie,
            now: Cell::new(0),
        }
    }

    /// Hears of the steps.
    pub fn hear(&self, begun: &StepStarted) {
        self.now.set(begun.step);
    }

    /// What is to be told of the events, whatever the step: they are heard as
    /// they happen.
    fn of_events(&self) -> Option<&Tell<Vec<Event>>> {
        match &self.lie {
            Lie::Events(tell) => Some(tell),
            _ => None,
        }
    }

    fn lie(&self) -> Option<&Lie> {
        (self.now.get() == self.step).then_some(&self.lie)
    }
}

/// Makes worlds that lie.
pub struct Liars<'a> {
    /// Where the worlds come from.
    pub worlds: Worlds,
    /// What they lie about.
    pub plot: &'a Plot,
}

impl WorldMaker for Liars<'_> {
    fn make(
        &mut self,
        kind: WorldKind,
        spec: &SandboxSpec,
        folder: &str,
    ) -> Result<Box<dyn World + '_>, WorldError> {
        Ok(Box::new(Liar {
            plot: self.plot,
            world: self.worlds.make(kind, spec, folder)?,
            known: Known::default(),
            signalled: None,
            looks: 0,
            waits: 0,
            unheard: Vec::new(),
        }))
    }
}

struct Liar<'a> {
    world: Box<dyn World + 'a>,
    plot: &'a Plot,
    known: Known,
    /// Who was sent a signal last, as it was before.
    signalled: Option<ProcessFacts>,
    /// How often the processes were looked at while it lies.
    looks: u32,
    /// How often something was waited for while it lies.
    waits: u32,
    /// Events that it has kept back so far.
    unheard: Vec<Event>,
}

/// What is waited for in vain is over when it was looked at again: nobody
/// waits for a lie to come true.
const AGES: Duration = Duration::from_secs(24 * 60 * 60);

impl World for Liar<'_> {
    delegate_world!(world: launch, hang_up, write_file, tick);

    fn launch_facts(&mut self, id: &str) -> Result<LaunchFacts, WorldError> {
        let mut facts = self.world.launch_facts(id)?;
        self.known.launch.get_or_insert_with(|| facts.clone());
        match self.plot.lie() {
            Some(Lie::Launch(tell)) => tell(&mut facts),
            Some(Lie::Ended(tell)) if facts.end.is_some() => tell(&mut facts),
            _ => {}
        }
        Ok(facts)
    }

    fn processes(&mut self) -> Result<Vec<ProcessFacts>, WorldError> {
        let mut processes = self.world.processes()?;
        let Some(lie) = self.plot.lie() else {
            return Ok(processes);
        };
        self.looks += 1;
        match lie {
            Lie::Processes(tell) => tell(&mut processes, &self.known),
            Lie::ProcessesLater(tell) if self.looks > 1 => tell(&mut processes, &self.known),
            Lie::Stays => {
                if let Some(signalled) = &self.signalled {
                    processes.retain(|process| process.pid != signalled.pid);
                    processes.push(signalled.clone());
                }
            }
            _ => {}
        }
        Ok(processes)
    }

    fn file(&mut self, path: &Path) -> Result<FileFacts, WorldError> {
        let mut facts = self.world.file(path)?;
        let known = self.known.files.entry(path.to_path_buf());
        let before = known.or_insert_with(|| facts.clone());
        match self.plot.lie() {
            Some(Lie::File(tell)) => tell(&mut facts),
            Some(Lie::OldFile) => facts = before.clone(),
            _ => {}
        }
        Ok(facts)
    }

    fn sockets(&mut self) -> Result<Vec<SocketFacts>, WorldError> {
        let mut sockets = self.world.sockets()?;
        if let Some(Lie::Sockets(tell)) = self.plot.lie() {
            tell(&mut sockets);
        }
        Ok(sockets)
    }

    fn signal(&mut self, pid: i32, signal: Signal) -> Result<(), WorldError> {
        let processes = self.world.processes()?;
        self.signalled = processes.into_iter().find(|process| process.pid == pid);
        self.world.signal(pid, signal)
    }

    fn connect(
        &mut self,
        address: &str,
        data: &[u8],
        enough: usize,
        within: Duration,
    ) -> Result<Vec<u8>, WorldError> {
        let came = self.world.connect(address, data, enough, within);
        let Some(Lie::Connection(tell)) = self.plot.lie() else {
            return came;
        };
        tell(came.ok()).ok_or_else(|| WorldError {
            stage: format!("connect to {address}"),
            errno: Some(Errno::ECONNREFUSED as i32),
            evidence: String::new(),
            remedy: String::new(),
        })
    }

    fn wait(&mut self, at_most: Duration) -> Result<Vec<Event>, WorldError> {
        let mut events = self.world.wait(at_most)?;
        if let Some(tell) = self.plot.of_events() {
            let traced = |event: &mut Event| event.what.is_traced();
            self.unheard.extend(events.extract_if(.., traced));
            if self.plot.lie().is_some() {
                tell(&mut self.unheard);
                events.append(&mut self.unheard);
            }
        }
        let Some(lie) = self.plot.lie() else {
            return Ok(events);
        };
        if !at_most.is_zero() {
            self.waits += 1;
        }
        let whom = self.signalled.as_ref().map(|process| process.pid);
        match lie {
            Lie::End(end) => {
                for event in &mut events {
                    if let What::Ended { pid, end: told } = &mut event.what
                        && Some(*pid) == whom
                    {
                        *told = *end;
                    }
                }
            }
            Lie::Stays => events.retain(
                |event| !matches!(event.what, What::Ended { pid, .. } if Some(pid) == whom),
            ),
            _ => {}
        }
        Ok(events)
    }

    fn now(&self) -> Duration {
        let now = self.world.now();
        // Unless the lie is about what comes after the wait.
        let in_earnest = matches!(self.plot.lie(), None | Some(Lie::Ended(_) | Lie::End(_)));
        match self.waits {
            0 => now,
            _ if in_earnest => now,
            _ => now + AGES,
        }
    }

    fn finish(self: Box<Self>) -> Result<Vec<Event>, WorldError> {
        self.world.finish()
    }
}
