//! The loop that everything happens in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, kill, signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::{Mode, umask};
use nix::unistd::setsid;

use super::connect::Connection;
use super::events::Events;
use super::launch::{Launch, now};
use super::{etc, root};
use crate::world::WorldError;
use crate::world::event::{End, What};
use crate::world::real::failure::{At, Failure, refusal};
use crate::world::real::ids::IdMap;
use crate::world::real::kernel::null_streams;
use crate::world::real::probe::StageId;
use crate::world::real::proc::pids;
use crate::world::real::template::Blueprint;
use crate::world::real::tracer::stop::{self, Next};
use crate::world::real::tracer::{Clock, Tracer};
use crate::world::real::wire::Channel;
use crate::world::real::wire::message::{Answer, Problem, Reply, Request};
use crate::world::spec::SandboxSpec;

/// How many ends are taken note of in one turn, so that processes that end
/// faster than they are reaped keep init from nothing else.
const ENDS: usize = 1024;

/// How much of the processors can be used in a row while virtual time stands
/// still; after that it passes as they are used, so that who never rests holds
/// up nobody. A machine that is busy with something else changes nothing.
const GRACE: Duration = Duration::from_secs(1);

/// The same for real time, for who neither rests nor uses a processor.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the harness is kept waiting for a moment of virtual time that is
/// slow to come: it asks again.
const KEPT: Duration = Duration::from_secs(2);

/// How often it is looked without a pause whether somebody still runs.
const PATIENT: u32 = 200;

/// The same for rounds of stops.
const STOPS: usize = 8;

/// A world, from the inside.
#[derive(Debug)]
pub struct Init {
    channel: Channel,
    lifeline: OwnedFd,
    /// What there is to reap, or to trace.
    pub(super) signals: SignalFd,
    /// When it was made, in nanoseconds of `CLOCK_MONOTONIC`.
    pub(super) started: u64,
    /// The ids that exist inside.
    pub(super) users: IdMap,
    /// The group ids that exist inside.
    pub(super) groups: IdMap,
    /// What was launched, by id.
    pub(super) launches: BTreeMap<String, Launch>,
    /// What is traced.
    pub(super) tracer: Tracer,
    /// What is not yet told.
    pub(super) events: Events,
    /// The processes that are no part of what is tested: stand-ins for shells.
    pub(super) hidden: BTreeSet<i32>,
    /// A request that is not answered yet.
    pub(super) pending: Option<Pending>,
    /// When it was made, in nanoseconds of `CLOCK_MONOTONIC`.
    pub(super) asked: u64,
    /// What was seen when nothing ran, where time is virtual: how often who
    /// waits was on a processor.
    seen: Option<u64>,
    /// How often in a row somebody was seen to run.
    busy: u32,
    /// Since when, in nanoseconds of `CLOCK_MONOTONIC`, and how much of the
    /// processors was used then; what has passed in virtual time is added.
    busy_since: Option<(u64, Duration)>,
}

/// A request that takes time.
#[derive(Debug)]
pub(super) enum Pending {
    /// For an event, until this moment.
    Wait(Duration),
    /// For the moment when nothing runs, until this moment of real time: as
    /// long as something runs, virtual time stands still.
    Stand(Duration),
    /// A conversation with a server.
    Connect(Connection),
}

/// What something can be heard from.
#[derive(Debug)]
enum Source {
    Channel,
    Lifeline,
    Signals,
    Stream(String),
    Connection,
}

/// Serves one world, as PID 1 of its namespace, and gives its exit status.
pub fn run(channel: Channel, lifeline: OwnedFd, blueprint: &Blueprint) -> i32 {
    // What went wrong is for the harness to tell: there is no stderr here.
    std::panic::set_hook(Box::new(|_| {}));
    let mut init = match Init::new(channel, lifeline) {
        Ok(init) => init,
        Err((channel, failure)) => {
            let _ = channel.send(&Err::<Reply, _>(Problem::Stage(failure)));
            return 1;
        }
    };
    match catch_unwind(AssertUnwindSafe(|| init.serve(blueprint))) {
        Ok(()) => 0,
        Err(panic) => {
            let message = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("it panicked");
            let error = refusal(
                "run the world's init",
                message,
                "report this as a bug of daemonlab",
            );
            let _ = init.answer(Err(error.into()), &[], None);
            1
        }
    }
}

impl Init {
    fn new(channel: Channel, lifeline: OwnedFd) -> Result<Init, (Channel, Failure)> {
        match prepare() {
            Ok((signals, users, groups)) => Ok(Init {
                channel,
                lifeline,
                signals,
                started: now(),
                users,
                groups,
                launches: BTreeMap::new(),
                tracer: Tracer::default(),
                events: Events::default(),
                hidden: BTreeSet::new(),
                pending: None,
                asked: 0,
                seen: None,
                busy: 0,
                busy_since: None,
            }),
            Err(failure) => Err((channel, failure)),
        }
    }

    /// The world's own time.
    pub(super) fn time(&self) -> Duration {
        self.tracer.time().unwrap_or_else(|| self.real_time())
    }

    /// The same, as it passes outside.
    pub(super) fn real_time(&self) -> Duration {
        Duration::from_nanos(now().saturating_sub(self.started))
    }

    fn serve(&mut self, blueprint: &Blueprint) {
        let made = match self.channel.receive::<Request>() {
            Ok(Some(frame)) => match frame.message {
                Request::Make(spec) => self.make(blueprint, &spec),
                other => Err(refusal("make the world", format!("{other:?} came first"), "").into()),
            },
            _ => return,
        };
        let failed = made.is_err();
        if self.answer(made, &[], None).is_err() || failed {
            return;
        }
        while self.turn() {}
    }

    fn make(&mut self, blueprint: &Blueprint, spec: &SandboxSpec) -> Answer {
        root::make(blueprint, |root| etc::write(root, spec))?;
        // Those of the tree, if not of who started it, are out of reach now.
        null_streams().at(StageId::Mounts, "open /dev/null")?;
        for file in &spec.files {
            super::files::write(file)?;
        }
        // Facts are counted from here: the world is there.
        self.started = now();
        if let Some(time) = &spec.virtual_time {
            self.tracer.keep_time(Clock::new(time.slack));
        }
        Ok(Reply::Made {
            at: self.started,
            time: self.tracer.time(),
        })
    }

    /// One turn of the loop; gives whether there is another.
    fn turn(&mut self) -> bool {
        let ready = self.ready();
        let idle = ready.is_empty();
        let mut asked = false;
        for source in ready {
            match source {
                Source::Lifeline => return false,
                Source::Channel => asked = true,
                Source::Signals => self.reap(),
                Source::Stream(id) => self.drain(&id),
                Source::Connection => {}
            }
        }
        if self.tracer.is_busy() {
            self.reap();
        }
        let goes_on = (!asked || self.ask()) && self.settle();
        self.pass_time(idle);
        goes_on
    }

    /// Waits until something is there.
    fn ready(&self) -> Vec<Source> {
        let mut sources = vec![
            (Source::Channel, self.channel.as_fd(), PollFlags::POLLIN),
            (Source::Lifeline, self.lifeline.as_fd(), PollFlags::POLLIN),
            (Source::Signals, self.signals.as_fd(), PollFlags::POLLIN),
        ];
        for (id, launch) in &self.launches {
            let streams = [launch.stdout.source(), launch.stderr.source()];
            for fd in streams.into_iter().flatten() {
                sources.push((Source::Stream(id.clone()), fd, PollFlags::POLLIN));
            }
        }
        if let Some(Pending::Connect(connection)) = &self.pending {
            let (fd, flags) = connection.source();
            sources.push((Source::Connection, fd, flags));
        }
        let mut fds: Vec<PollFd<'_>> = sources
            .iter()
            .map(|(_, fd, flags)| PollFd::new(*fd, *flags))
            .collect();
        let _ = poll(&mut fds, self.timeout());
        let flags: Vec<PollFlags> = fds
            .iter()
            .map(|fd| fd.revents().unwrap_or(PollFlags::empty()))
            .collect();
        let ready = sources
            .into_iter()
            .zip(flags)
            .filter(|(_, flags)| !flags.is_empty());
        ready.map(|((source, ..), _)| source).collect()
    }

    /// Lets virtual time jump, if the harness waits and nothing runs: twice in
    /// a row with nobody on a processor in between, since no event tells that
    /// somebody has fallen asleep.
    fn pass_time(&mut self, idle: bool) {
        let until = match &self.pending {
            Some(Pending::Wait(until)) => *until,
            Some(Pending::Connect(connection)) => connection.until(),
            Some(Pending::Stand(_)) | None => return,
        };
        let Some(switches) = self.tracer.quiet().filter(|_| idle) else {
            self.seen = None;
            self.busy = self.busy.saturating_add(1);
            self.pass_busy_time();
            std::thread::yield_now();
            return;
        };
        self.busy = 0;
        self.busy_since = None;
        if self.seen.replace(switches) == Some(switches) {
            self.seen = None;
            let other = self.tracer.deadline().map_or(until, |at| at.min(until));
            self.tracer.jump(Some(other));
        }
    }

    /// Lets as much of virtual time pass as somebody has run beyond what is
    /// granted.
    fn pass_busy_time(&mut self) {
        let used = self.tracer.used();
        let Some((since, used_then)) = &mut self.busy_since else {
            self.busy_since = Some((now(), used));
            return;
        };
        let beyond = used.saturating_sub(*used_then + GRACE);
        let real = Duration::from_nanos(now().saturating_sub(*since));
        let real = real.saturating_sub(PATIENCE);
        *used_then += beyond;
        *since += real.as_nanos() as u64;
        self.tracer.pass_time(beyond.max(real));
    }

    /// Until the next moment at which something is to be done.
    fn timeout(&self) -> PollTimeout {
        if self.tracer.time().is_some() {
            return match &self.pending {
                _ if self.tracer.has_more() => PollTimeout::ZERO,
                None => PollTimeout::NONE,
                // Who computes for long is not disturbed all the time.
                Some(_) if self.busy > PATIENT => PollTimeout::from(1u8),
                Some(_) => PollTimeout::ZERO,
            };
        }
        let pending = self.pending.as_ref().map(|pending| match pending {
            Pending::Wait(until) => *until,
            // No event tells that a task has fallen asleep.
            Pending::Stand(_) => Duration::ZERO,
            Pending::Connect(connection) => connection.until(),
        });
        let Some(moment) = pending.into_iter().chain(self.tracer.deadline()).min() else {
            return PollTimeout::NONE;
        };
        // Rounded up, so as not to come too early and go round and round.
        let millis = moment
            .saturating_sub(self.time())
            .as_micros()
            .div_ceil(1000);
        PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
    }

    /// Takes and answers a request; gives whether there may be another.
    fn ask(&mut self) -> bool {
        let Ok(Some(frame)) = self.channel.receive::<Request>() else {
            return false;
        };
        if let Request::Finish = frame.message {
            self.drain_all();
            self.tracer.cut_short(self.time());
            self.tell();
            let events = self.events.take();
            let _ = self.answer(Ok(Reply::Events(events, self.tracer.time())), &[], None);
            return false;
        }
        match self.request(frame.message, frame.bytes) {
            Some((answer, bytes, fd)) => self.answer(answer, &bytes, fd).is_ok(),
            None => true,
        }
    }

    fn answer(&self, answer: Answer, bytes: &[u8], fd: Option<OwnedFd>) -> Result<(), WorldError> {
        let fds: Vec<BorrowedFd<'_>> = fd.iter().map(AsFd::as_fd).collect();
        let sent = self.channel.send_with(&answer, bytes, &fds);
        sent.map_err(|why| refusal("answer the harness", why, ""))
    }

    /// Answers what was waited for; gives whether the harness is still there.
    fn settle(&mut self) -> bool {
        let time = self.time();
        let asked = Duration::from_nanos(now().saturating_sub(self.asked));
        let kept = self.tracer.time().is_some() && asked > KEPT;
        if let Some(Pending::Stand(until)) = self.pending {
            return self.stand(until);
        }
        let (answer, bytes) = match &mut self.pending {
            Some(Pending::Wait(until)) if !self.events.is_empty() || time >= *until || kept => (
                Ok(Reply::Events(self.events.take(), self.tracer.time())),
                Vec::new(),
            ),
            Some(Pending::Connect(connection)) => match connection.go_on(time) {
                Some(Ok(bytes)) => (Ok(Reply::Received), bytes),
                Some(Err(error)) => (Err(error.into()), Vec::new()),
                None => return true,
            },
            _ => return true,
        };
        self.pending = None;
        self.answer(answer, &bytes, None).is_ok()
    }

    /// Answers once nothing runs; gives whether the harness is still there.
    fn stand(&mut self, until: Duration) -> bool {
        let standing = self.tracer.standing();
        if standing.is_none() && self.real_time() < until {
            std::thread::yield_now();
            return true;
        }
        self.pending = None;
        self.drain_all();
        let events = self.events.take();
        let answer = Ok(Reply::Standing(events, standing));
        self.answer(answer, &[], None).is_ok()
    }

    /// Looks at what has stopped, and reaps what has ended. Its last words are
    /// read first, so that whoever sees the end sees them as well.
    pub(super) fn reap(&mut self) {
        while let Ok(Some(_)) = self.signals.read_signal() {}
        let mut stops = 0;
        for _ in 0..ENDS {
            self.trace();
            let (pid, end) = match self.next() {
                None => return,
                // It has come in between.
                Some((_, Next::Stopped(_))) if stops < STOPS => {
                    stops += 1;
                    continue;
                }
                Some((_, Next::Stopped(_))) => break,
                Some((pid, Next::Ended(end))) => (pid, end),
            };
            self.drain_all();
            if self.tracer.knows(pid) {
                self.tracer.end(self.time(), pid, end);
                self.tell();
            } else if !stop::take_end(pid) {
                return;
            } else if !self.tracer.was_told(pid) {
                self.ended(pid, end);
            }
        }
        // There may be more: the next turn begins with this signal. That it is
        // blocked keeps it from being ignored.
        let _ = kill(nix::unistd::getpid(), Signal::SIGCHLD);
    }

    /// What there is next of any process.
    fn next(&self) -> Option<(i32, Next)> {
        let (pid, next) = stop::peek()?;
        if !self.tracer.holds_end(pid) {
            return Some((pid, next));
        }
        // The kernel shows that one again and again; others may be behind it.
        let free = |pid: &i32| !self.tracer.holds_end(*pid);
        let ended = |pid: i32| Some((pid, Next::Ended(stop::has_ended(pid)?)));
        pids()
            .into_iter()
            .chain(self.tracer.threads())
            .filter(free)
            .find_map(ended)
    }

    fn ended(&mut self, pid: i32, end: End) {
        let at = self.time();
        let mut shell = self.hidden.remove(&pid);
        for launch in self.launches.values_mut() {
            shell |= launch.ended(pid, end, at);
        }
        if !shell {
            self.events.add(at, What::Ended { pid, end });
        }
    }

    /// Looks at what has stopped, and lets go what is held no more.
    pub(super) fn trace(&mut self) {
        self.tracer.turn(self.time());
        self.tell();
    }

    fn tell(&mut self) {
        for (at, what) in self.tracer.tell() {
            self.events.add(at, what);
        }
        let ended = self.tracer.ended();
        if !ended.is_empty() {
            self.drain_all();
        }
        for (pid, end) in ended {
            self.ended(pid, end);
        }
    }

    fn drain(&mut self, id: &str) {
        let at = self.time();
        let Some(launch) = self.launches.get_mut(id) else {
            return;
        };
        for (stderr, stream) in [(false, &mut launch.stdout), (true, &mut launch.stderr)] {
            let bytes = stream.drain();
            if bytes > 0 {
                let id = id.to_owned();
                self.events.add(at, What::Output { id, stderr, bytes });
            }
        }
    }

    /// Reads what every launch has written so far.
    pub(super) fn drain_all(&mut self) {
        let ids: Vec<String> = self.launches.keys().cloned().collect();
        ids.iter().for_each(|id| self.drain(id));
    }
}

/// Takes a session keyring of its own, as an empty login does: keys of who
/// started the harness are not for the sandbox (`session-keyring(7)`). A kernel
/// without keys has none to forget.
fn forget_keys() {
    const JOIN_SESSION_KEYRING: libc::c_int = 1; // linux/keyctl.h
    let name: *const libc::c_char = std::ptr::null();
    // SAFETY: without a name it takes nothing of this process's memory.
    unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, name) };
}

fn prepare() -> Result<(SignalFd, IdMap, IdMap), Failure> {
    let what = "become the init of a world";
    let at = |errno: Errno| Failure::new(StageId::Processes, what, errno);
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(at)?;
    prctl::set_name(c"daemonlab-init").map_err(at)?;
    forget_keys();
    null_streams().at(StageId::Processes, what)?;
    // Signals of the harness's terminal are not for init. The leader of a
    // group cannot have a session of its own, but needs none.
    let _ = setsid();
    umask(Mode::from_bits_truncate(0o022));
    // The template ignores it, and then there would be nothing to reap.
    // SAFETY: the default disposition runs no code of this process.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }.map_err(at)?;
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&mask), None).map_err(at)?;
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    let signals = SignalFd::with_flags(&mask, flags).map_err(at)?;
    let map = |name: &str| -> Result<IdMap, Failure> {
        let path = format!("/proc/self/{name}");
        let text = fs::read_to_string(&path).at(StageId::Processes, format_args!("read {path}"))?;
        Ok(IdMap::parse(&text))
    };
    Ok((signals, map("uid_map")?, map("gid_map")?))
}
