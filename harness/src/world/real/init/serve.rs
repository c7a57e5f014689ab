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
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
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
use crate::world::real::template::Blueprint;
use crate::world::real::wire::Channel;
use crate::world::real::wire::message::{Answer, Problem, Reply, Request};
use crate::world::spec::SandboxSpec;

/// How many ends are taken note of in one turn, so that processes that end
/// faster than they are reaped keep init from nothing else.
const ENDS: usize = 1024;

/// A world, from the inside.
#[derive(Debug)]
pub struct Init {
    channel: Channel,
    lifeline: OwnedFd,
    signals: SignalFd,
    started: u64,
    /// The ids that exist inside.
    pub(super) users: IdMap,
    /// The group ids that exist inside.
    pub(super) groups: IdMap,
    /// What was launched, by id.
    pub(super) launches: BTreeMap<String, Launch>,
    /// What is not yet told.
    pub(super) events: Events,
    /// The processes that are no part of what is tested: stand-ins for shells.
    pub(super) hidden: BTreeSet<i32>,
    /// A request that is not answered yet.
    pub(super) pending: Option<Pending>,
}

/// A request that takes time.
#[derive(Debug)]
pub(super) enum Pending {
    /// For an event, until this moment.
    Wait(Duration),
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
    Calls(String),
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
                events: Events::default(),
                hidden: BTreeSet::new(),
                pending: None,
            }),
            Err(failure) => Err((channel, failure)),
        }
    }

    /// The world's own time.
    pub(super) fn time(&self) -> Duration {
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
        Ok(Reply::Made { at: self.started })
    }

    /// One turn of the loop; gives whether there is another.
    fn turn(&mut self) -> bool {
        let ready = self.ready();
        let mut asked = false;
        for (source, flags) in ready {
            match source {
                Source::Lifeline => return false,
                Source::Channel => asked = true,
                Source::Signals => self.reap(),
                Source::Stream(id) => self.drain(&id),
                Source::Calls(id) => self.calls(&id, flags),
                Source::Connection => {}
            }
        }
        self.release();
        (!asked || self.ask()) && self.settle()
    }

    /// Waits until something is there.
    fn ready(&self) -> Vec<(Source, PollFlags)> {
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
            if let Some(fd) = launch.watch.as_ref().and_then(|watch| watch.source()) {
                sources.push((Source::Calls(id.clone()), fd, PollFlags::POLLIN));
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
        ready.map(|((source, ..), flags)| (source, flags)).collect()
    }

    /// Until the next moment at which something is to be done.
    fn timeout(&self) -> PollTimeout {
        let delays = self
            .launches
            .values()
            .filter_map(|launch| launch.watch.as_ref()?.deadline());
        let pending = self.pending.as_ref().map(|pending| match pending {
            Pending::Wait(until) => *until,
            Pending::Connect(connection) => connection.until(),
        });
        let Some(moment) = delays.chain(pending).min() else {
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
            let events = self.events.take();
            let _ = self.answer(Ok(Reply::Events(events)), &[], None);
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
        let (answer, bytes) = match &mut self.pending {
            Some(Pending::Wait(until)) if !self.events.is_empty() || time >= *until => {
                (Ok(Reply::Events(self.events.take())), Vec::new())
            }
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

    /// Reaps what has ended. Its last words are read first, so that whoever
    /// sees the end sees them as well.
    pub(super) fn reap(&mut self) {
        while let Ok(Some(_)) = self.signals.read_signal() {}
        for _ in 0..ENDS {
            let peek = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
            let Some((pid, end)) = waitid(Id::All, peek).ok().and_then(ended) else {
                return;
            };
            let at = now();
            self.drain_all();
            let taken = waitid(
                Id::Pid(nix::unistd::Pid::from_raw(pid)),
                WaitPidFlag::WEXITED,
            );
            if taken.is_err() {
                return;
            }
            let mut shell = self.hidden.remove(&pid);
            for launch in self.launches.values_mut() {
                shell |= launch.ended(pid, end, at);
            }
            if !shell {
                let at = Duration::from_nanos(at.saturating_sub(self.started));
                self.events.add(at, What::Ended { pid, end });
            }
        }
        // There may be more: the next turn begins with this signal. That it is
        // blocked keeps it from being ignored.
        let _ = kill(nix::unistd::getpid(), Signal::SIGCHLD);
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

    fn calls(&mut self, id: &str, flags: PollFlags) {
        let at = self.time();
        if let Some(watch) = self
            .launches
            .get_mut(id)
            .and_then(|launch| launch.watch.as_mut())
        {
            for what in watch.serve(at, flags) {
                self.events.add(at, what);
            }
        }
    }

    fn release(&mut self) {
        let at = self.time();
        for watch in self
            .launches
            .values_mut()
            .filter_map(|launch| launch.watch.as_mut())
        {
            for what in watch.release(at) {
                self.events.add(at, what);
            }
        }
    }
}

fn ended(status: WaitStatus) -> Option<(i32, End)> {
    match status {
        WaitStatus::Exited(pid, status) => Some((pid.as_raw(), End::Exit(status))),
        WaitStatus::Signaled(pid, signal, _) => Some((pid.as_raw(), End::Signal(signal as i32))),
        _ => None,
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
