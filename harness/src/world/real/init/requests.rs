//! What the harness asks, and what is answered at once.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::connect::Connection;
use super::files;
use super::launch::{Launch, Own, now};
use super::serve::{Init, Pending};
use super::{keep, trials};
use crate::world::WorldError;
use crate::world::event::What;
use crate::world::facts::ProcessFacts;
use crate::world::real::failure::{error, refusal};
use crate::world::real::proc::{look_at, pids, process, sockets};
use crate::world::real::wire::message::{Answer, Reply, Request};
use crate::world::spec::LaunchSpec;
use crate::world::steered::{LetGo, Steering};

/// How many of the processes that remain are told of. More than any daemon
/// leaves, unless it cannot stop.
const MANY: usize = 256;

/// An answer, bytes, and a descriptor that go with it.
type Answered = (Answer, Vec<u8>, Option<OwnedFd>);

impl Init {
    /// Answers, or takes note of what takes time.
    pub(super) fn request(&mut self, request: Request, bytes: Vec<u8>) -> Option<Answered> {
        let answer = match request {
            Request::Make { .. } | Request::Finish => Ok(Reply::Done),
            Request::Launch(spec) => self.launch(&spec).map(Reply::Launched),
            Request::LaunchFacts(id) => self.launch_facts(&id),
            Request::Processes => Ok(Reply::Processes(self.processes())),
            Request::Remaining => Ok(self.remaining()),
            Request::File(path) => return Some(file(&path)),
            Request::Sockets => Ok(Reply::Sockets(sockets::listening())),
            Request::Signal { pid, signal } => send_signal(pid, signal),
            Request::HangUp(id) => self.hang_up(&id),
            Request::WriteFile(spec) => files::write(&spec).map(|()| Reply::Done),
            Request::Wait { until } => {
                self.asked = now();
                self.pending = Some(Pending::Wait(until));
                return None;
            }
            Request::Connect {
                address,
                enough,
                within,
            } => match Connection::start(&address, bytes, enough, self.time() + within) {
                Ok(connection) => {
                    self.pending = Some(Pending::Connect(connection));
                    return None;
                }
                Err(error) => Err(error),
            },
            Request::Stand { go, at_most } => {
                let goes = go.as_ref().is_none_or(|(task, how)| match how {
                    LetGo::TimeOut => self.tracer.time_out(task),
                    how => self.tracer.steer().let_go(task, *how),
                });
                if let Some((task, _)) = go.filter(|_| !goes) {
                    let stage = format!("let task {task} go");
                    let evidence = "it does not stand before anything, or wait for time";
                    let error = refusal(stage, evidence, "report this as a bug of daemonlab");
                    return Some((Err(error.into()), Vec::new(), None));
                }
                self.trace();
                self.pending = Some(Pending::Stand(self.real_time() + at_most));
                return None;
            }
            Request::Pass { by, at_most } => {
                let until = self.time() + by;
                let other = self.tracer.deadline().map_or(until, |at| at.min(until));
                self.tracer.jump(Some(other));
                self.trace();
                self.pending = Some(Pending::Stand(self.real_time() + at_most));
                return None;
            }
            Request::Steer(steering) => {
                match steering {
                    Steering::Held => self.tracer.steer().shut(),
                    Steering::Open => self.tracer.steer().open(),
                }
                self.trace();
                Ok(Reply::Done)
            }
            Request::Keep => {
                let (files, bytes) = keep::gather();
                return Some((Ok(Reply::Kept(files)), bytes, None));
            }
            Request::Probe(trial) => {
                let tried = trials::run(trial).map(|()| Reply::Done);
                return Some((tried.map_err(Into::into), Vec::new(), None));
            }
        };
        Some((answer.map_err(Into::into), Vec::new(), None))
    }

    fn launch(&mut self, spec: &LaunchSpec) -> Result<i32, WorldError> {
        if self.launches.contains_key(&spec.id) {
            let stage = format!("start {:?}", spec.command.first());
            let evidence = format!("there is a launch {:?} already", spec.id);
            return Err(refusal(stage, evidence, "give it another id"));
        }
        let started = self.started;
        let fixed = self.tracer.time();
        let real = || Duration::from_nanos(now().saturating_sub(started));
        let time = || fixed.unwrap_or_else(real);
        let own = Own {
            groups: self.inherited.groups.len() > 1,
            slack: self.slack,
            ignored: self.inherited.ignored,
            signals: &self.signals,
        };
        let launch = Launch::start(spec, &own, &mut self.tracer, time);
        let launch = match launch {
            Ok(launch) => launch,
            Err(error) => {
                // What has ended meanwhile is not told of again.
                self.reap();
                return Err(error);
            }
        };
        let (pid, at) = (launch.pid, launch.started);
        self.hidden.extend(launch.shell);
        self.launches.insert(spec.id.clone(), launch);
        let id = spec.id.clone();
        self.events.add(at, What::Launched { id, pid });
        self.reap();
        Ok(pid)
    }

    fn launch_facts(&mut self, id: &str) -> Result<Reply, WorldError> {
        self.reap();
        self.drain_all();
        let launch = self.launches.get(id).ok_or_else(|| unknown(id))?;
        let facts = launch.facts(self.time(), self.tracer.faults().of(id));
        Ok(Reply::Launch(Box::new(facts)))
    }

    fn processes(&mut self) -> Vec<ProcessFacts> {
        self.reap();
        self.facts_of(|| self.shown())
    }

    /// A fork bomb leaves no time to look at what it made, and looking at all
    /// of it takes longer than anybody waits. So it is stopped: to one signal
    /// to everybody no child can be born meanwhile (copy_process in
    /// kernel/fork.c).
    fn remaining(&mut self) -> Reply {
        self.reap();
        if self.shown().len() > MANY {
            // Where nobody is left to be stopped, there is nothing to stop.
            let _ = kill(Pid::from_raw(-1), Signal::SIGSTOP);
        }
        let mut left_out = 0;
        let facts = self.facts_of(|| {
            let mut pids = self.shown();
            left_out = pids.len().saturating_sub(MANY);
            pids.truncate(MANY);
            pids
        });
        Reply::Remaining(facts, left_out)
    }

    fn shown(&self) -> Vec<i32> {
        let shown = |pid: &i32| *pid != 1 && !self.hidden.contains(pid);
        pids().into_iter().filter(shown).collect()
    }

    fn facts_of(&self, pids: impl FnMut() -> Vec<i32>) -> Vec<ProcessFacts> {
        let facts = |pid| {
            let mut facts = process::facts(pid, &self.inherited.users, &self.inherited.groups)?;
            if facts.state == 't' && self.tracer.is_job_stopped(pid) {
                facts.state = 'T';
            }
            Some(facts)
        };
        let looked_at = look_at(pids, facts).into_iter();
        looked_at.map(|(_, facts)| facts).collect()
    }

    fn hang_up(&mut self, id: &str) -> Result<Reply, WorldError> {
        self.drain_all();
        let launch = self.launches.get_mut(id).ok_or_else(|| unknown(id))?;
        if launch.shell.is_none() {
            let stage = format!("hang up the terminal of launch {id:?}");
            let evidence = "it has none, or none any more";
            return Err(refusal(stage, evidence, "start it with `stdio: terminal`"));
        }
        launch.stdout.close();
        Ok(Reply::Done)
    }
}

fn unknown(id: &str) -> WorldError {
    let evidence = "nothing was started under that id";
    refusal(
        format_args!("find the launch {id:?}"),
        evidence,
        "start it first",
    )
}

fn file(path: &Path) -> Answered {
    match files::facts(path) {
        Ok((facts, fd)) => (Ok(Reply::File(facts)), Vec::new(), fd),
        Err(error) => (Err(error.into()), Vec::new(), None),
    }
}

/// Signals a process of the world, whose init is none of them.
fn send_signal(pid: i32, signal: i32) -> Result<Reply, WorldError> {
    let stage = format!("send signal {signal} to process {pid}");
    if pid <= 1 {
        return Err(error(stage, Errno::ESRCH));
    }
    // SAFETY: numbers only. nix has no number for real-time signals.
    let done = unsafe { libc::kill(pid, signal) };
    Errno::result(done)
        .map(|_| Reply::Done)
        .map_err(|errno| error(stage, errno))
}
