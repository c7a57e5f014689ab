//! A world, from the harness's side.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use daemonlab::sys::Signal;
use nix::time::{ClockId, clock_gettime};

use super::failure::{Failure, error};
use super::heard::{Answered, Heard, PATIENCE, judge, judge_stage, unexpected};
use super::ids::IdMap;
use super::keep;
use super::kernel::Pidfd;
use super::left::Watched;
use super::wire::Channel;
use super::wire::message::{Reply, Request, Trial};
use crate::world::event::Event;
use crate::world::facts::{FileFacts, LaunchFacts, ProcessFacts, SocketFacts};
use crate::world::spec::{FileSpec, LaunchSpec, SandboxSpec};
use crate::world::steered::{LetGo, Standing, Steering};
use crate::world::{World, WorldError};

/// Asks, and takes the one reply that fits.
macro_rules! expect {
    ($world:expr, $stage:expr, $request:expr, $reply:pat => $value:expr) => {{
        let stage: &str = $stage;
        match $world.ask(stage, &$request)?.reply {
            $reply => Ok($value),
            other => Err(unexpected(stage, &other)),
        }
    }};
}

/// A sandbox on Linux. Dropping it ends everything in it.
#[derive(Debug)]
pub struct RealWorld {
    channel: Channel,
    pub(super) init: Pidfd,
    users: IdMap,
    groups: IdMap,
    pub(super) network: Watched,
    /// Whether its init ends, and nobody with it.
    pub(super) ends_alone: bool,
    /// When it was made, by `CLOCK_MONOTONIC`.
    made: Duration,
    /// Whether init has stopped answering in time, so that an answer that
    /// comes after all would be taken for another's.
    lost: bool,
    /// The world's time as init told it last, where it is virtual.
    time: Option<Duration>,
    /// By how much waits end late there.
    slack: Duration,
    /// How long init may take for what takes milliseconds.
    pub(super) patience: Duration,
}

impl RealWorld {
    /// A world whose init is there and was asked to make the rest.
    pub(super) fn new(
        channel: Channel,
        init: Pidfd,
        (users, groups): (IdMap, IdMap),
        network: Watched,
    ) -> RealWorld {
        RealWorld {
            channel,
            init,
            users,
            groups,
            network,
            ends_alone: false,
            made: Duration::ZERO,
            lost: false,
            time: None,
            slack: Duration::ZERO,
            patience: PATIENCE,
        }
    }

    /// Waits until the rest is made; `None` if init has ended before.
    pub(super) fn made(mut self, spec: &SandboxSpec) -> Result<Option<RealWorld>, WorldError> {
        let stage = "make a world";
        let answer = self.answer(Duration::ZERO);
        if let Ok(None) = answer {
            return Ok(None);
        }
        let reply = judge(stage, answer)?.reply;
        let Reply::Made { at, time } = reply else {
            return Err(unexpected(stage, &reply));
        };
        self.made = Duration::from_nanos(at);
        // Before anything asks for it.
        self.time = time;
        self.slack = spec.virtual_time.unwrap_or_default().slack;
        Ok(Some(self))
    }

    /// The same, with the stage that fails.
    pub(super) fn try_made(mut self) -> Result<RealWorld, Failure> {
        let answer = self.answer(Duration::ZERO);
        judge_stage(answer)?;
        Ok(self)
    }

    /// Tries what only a probe tries.
    pub(super) fn trial(&mut self, trial: Trial) -> Result<(), Failure> {
        let answer = self.exchange(&Request::Probe(trial), &[], Duration::ZERO);
        judge_stage(answer)
    }

    fn exchange(&mut self, request: &Request, bytes: &[u8], takes: Duration) -> Heard {
        if self.lost {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.channel.send_with(request, bytes, &[])?;
        self.answer(takes)
    }

    fn answer(&mut self, takes: Duration) -> Heard {
        let answer = self.channel.receive_within(takes + self.patience);
        self.lost = answer.is_err();
        answer
    }

    /// Asks init, which may take `takes` longer than usual.
    fn call(
        &mut self,
        stage: &str,
        request: &Request,
        bytes: &[u8],
        takes: Duration,
    ) -> Result<Answered, WorldError> {
        judge(stage, self.exchange(request, bytes, takes))
    }

    pub(super) fn ask(&mut self, stage: &str, request: &Request) -> Result<Answered, WorldError> {
        self.call(stage, request, &[], Duration::ZERO)
    }

    fn done(&mut self, stage: &str, request: &Request) -> Result<(), WorldError> {
        match self.ask(stage, request)?.reply {
            Reply::Done => Ok(()),
            other => Err(unexpected(stage, &other)),
        }
    }

    /// Lets a task go, if one is named, and waits until nothing runs: what has
    /// happened, and what stands then; nothing, if something ran for `at_most`.
    /// For worlds whose launches are steered.
    ///
    /// # Errors
    /// If that task does not stand, or the world is gone.
    pub fn stand(
        &mut self,
        go: Option<(String, LetGo)>,
        at_most: Duration,
    ) -> Result<(Vec<Event>, Option<Standing>), WorldError> {
        self.come_to_rest("let a task go", &Request::Stand { go, at_most }, at_most)
    }

    /// Lets virtual time pass until something is to happen, or by `by`, and
    /// waits until nothing runs, as [`RealWorld::stand`] does.
    ///
    /// # Errors
    /// If the world is gone.
    pub fn pass(
        &mut self,
        by: Duration,
        at_most: Duration,
    ) -> Result<(Vec<Event>, Option<Standing>), WorldError> {
        self.come_to_rest("let time pass", &Request::Pass { by, at_most }, at_most)
    }

    fn come_to_rest(
        &mut self,
        stage: &str,
        request: &Request,
        at_most: Duration,
    ) -> Result<(Vec<Event>, Option<Standing>), WorldError> {
        match self.call(stage, request, &[], at_most)?.reply {
            Reply::Standing(events, standing, time) => {
                self.time = time;
                self.network.heard(&events);
                Ok((events, standing))
            }
            other => Err(unexpected(stage, &other)),
        }
    }

    /// Whether its time is virtual.
    pub fn has_virtual_time(&self) -> bool {
        self.time.is_some()
    }

    /// Lets steered tasks go on as they like, or holds them again.
    ///
    /// # Errors
    /// If the world is gone.
    pub fn steer(&mut self, steering: Steering) -> Result<(), WorldError> {
        self.done("steer", &Request::Steer(steering))
    }

    /// Copies what is evidence into `folder` of the host, which is made if it
    /// is not there: below `files/` what lies under `/etc`, `/home`, `/root`,
    /// `/run`, `/srv`, `/tmp` and `/var` and is the world's own, bounded;
    /// `files.json`, which lists it with owners and modes; `processes.json`,
    /// those of [`World::remaining`]; `sockets.json`. Files get no owner, no set-id bits, and links are only listed.
    ///
    /// # Errors
    /// What could not be read or written.
    pub fn keep(&mut self, folder: &Path) -> Result<(), WorldError> {
        let stage = "gather the files of the world";
        let answered = self.ask(stage, &Request::Keep)?;
        let Reply::Kept(files) = answered.reply else {
            return Err(unexpected(stage, &answered.reply));
        };
        // Bounded as well: a fork bomb leaves thousands.
        let (processes, _) = self.remaining()?;
        let sockets = self.sockets()?;
        keep::write(folder, &files, &answered.bytes)?;
        keep::write_facts(folder, "processes.json", &processes)?;
        keep::write_facts(folder, "sockets.json", &sockets)
    }
}

impl World for RealWorld {
    fn launch(&mut self, launch: &LaunchSpec) -> Result<i32, WorldError> {
        let stage = format!(
            "start {:?} as launch {:?}",
            launch.command.first(),
            launch.id
        );
        self.network.launched(launch);
        expect!(self, &stage, Request::Launch(launch.clone()), Reply::Launched(pid) => pid)
    }

    fn launch_facts(&mut self, id: &str) -> Result<LaunchFacts, WorldError> {
        let stage = "look at a launch";
        expect!(self, stage, Request::LaunchFacts(id.to_owned()), Reply::Launch(facts) => *facts)
    }

    fn processes(&mut self) -> Result<Vec<ProcessFacts>, WorldError> {
        expect!(self, "look at the processes", Request::Processes, Reply::Processes(facts) => facts)
    }

    fn remaining(&mut self) -> Result<(Vec<ProcessFacts>, usize), WorldError> {
        let stage = "look at the processes that remain";
        expect!(self, stage, Request::Remaining, Reply::Remaining(facts, more) => (facts, more))
    }

    fn file(&mut self, path: &Path) -> Result<FileFacts, WorldError> {
        let stage = format!("look at {path:?}");
        let answered = self.ask(&stage, &Request::File(path.to_owned()))?;
        let Reply::File(mut facts) = answered.reply else {
            return Err(unexpected(&stage, &answered.reply));
        };
        (facts.uid, facts.gid) = (None, None);
        if let Some(fd) = answered.fd {
            // Inside, the kernel shows an owner without a mapping as `nobody`,
            // who may exist there. From here, every id is its own.
            let meta = fs::File::from(fd)
                .metadata()
                .map_err(|why| error(&stage, why))?;
            facts.uid = self.users.inside(meta.uid());
            facts.gid = self.groups.inside(meta.gid());
        }
        Ok(facts)
    }

    fn sockets(&mut self) -> Result<Vec<SocketFacts>, WorldError> {
        expect!(self, "look at the sockets", Request::Sockets, Reply::Sockets(facts) => facts)
    }

    fn signal(&mut self, pid: i32, signal: Signal) -> Result<(), WorldError> {
        let signal = signal.number();
        self.done("send a signal", &Request::Signal { pid, signal })
    }

    fn hang_up(&mut self, id: &str) -> Result<(), WorldError> {
        self.done("hang up a terminal", &Request::HangUp(id.to_owned()))
    }

    fn write_file(&mut self, file: &FileSpec) -> Result<(), WorldError> {
        self.network.written(&file.path);
        self.done("make a file", &Request::WriteFile(file.clone()))
    }

    fn connect(
        &mut self,
        address: &str,
        data: &[u8],
        enough: usize,
        within: Duration,
    ) -> Result<Vec<u8>, WorldError> {
        self.network.connected();
        let stage = format!("connect to {address}");
        let request = Request::Connect {
            address: address.to_owned(),
            enough,
            within,
        };
        let answered = self.call(&stage, &request, data, within)?;
        match answered.reply {
            Reply::Received => Ok(answered.bytes),
            other => Err(unexpected(&stage, &other)),
        }
    }

    fn wait(&mut self, at_most: Duration) -> Result<Vec<Event>, WorldError> {
        let stage = "wait for an event";
        let until = self.now().saturating_add(at_most);
        let request = Request::Wait { until };
        match self.call(stage, &request, &[], at_most)?.reply {
            Reply::Events(events, time) => {
                self.time = time;
                self.network.heard(&events);
                Ok(events)
            }
            other => Err(unexpected(stage, &other)),
        }
    }

    fn tick(&self) -> Duration {
        match self.time {
            // Each look costs as much as a jump of time.
            Some(_) => self.slack.max(Duration::from_secs(1)),
            None => Duration::from_millis(20),
        }
    }

    fn now(&self) -> Duration {
        if let Some(time) = self.time {
            return time;
        }
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(self.made, Duration::from);
        now.saturating_sub(self.made)
    }

    fn finish(self: Box<Self>) -> Result<Vec<Event>, WorldError> {
        let (events, ending) = self.end()?;
        ending.of_its_processes()?;
        Ok(events)
    }
}

impl Drop for RealWorld {
    fn drop(&mut self) {
        // Also for an init that does not listen any more. After a finish, it
        // is gone already, or goes.
        if !self.ends_alone && self.init.kill().is_ok() {
            self.init.wait(Duration::from_secs(5));
        }
    }
}
