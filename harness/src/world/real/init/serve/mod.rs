//! The loop that everything happens in.
//!
//! - `prepare`: what init does to itself before anything else;
//! - `pace`: how long it sleeps, and when virtual time jumps;
//! - `reap`: what has stopped or ended, and what was written before;
//! - `settle`: what the harness asks, and when it is answered.

mod pace;
mod prepare;
mod reap;
mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signalfd::SignalFd;
use nix::sys::time::TimeSpec;

use self::prepare::{Prepared, prepare};
use super::connect::Connection;
use super::events::Events;
use super::launch::{Launch, now};
use super::place::Place;
use super::{etc, files, root};
use crate::world::panicked;
use crate::world::real::failure::{At, Failure, refusal};
use crate::world::real::kernel::null_streams;
use crate::world::real::stage::StageId;
use crate::world::real::template::{Blueprint, Inherited};
use crate::world::real::tracer::{Clock, Tracer, visible};
use crate::world::real::wire::Channel;
use crate::world::real::wire::message::{Answer, Problem, Reply, Request};
use crate::world::spec::SandboxSpec;

const FILL: &str = "fill the world's root";

/// A world, from the inside.
#[derive(Debug)]
pub struct Init {
    channel: Channel,
    lifeline: OwnedFd,
    /// The processor that it stays on, if on one.
    place: Option<Place>,
    /// What there is to reap, or to trace.
    pub(super) signals: SignalFd,
    /// How late timers may be for its children, in nanoseconds (`timerslack` in
    /// `prctl(2)`).
    pub(super) slack: u64,
    /// What it has from its template.
    pub(super) inherited: Inherited,
    /// When it was made, in nanoseconds of `CLOCK_MONOTONIC`.
    pub(super) started: u64,
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
    let mut init = match Init::new(channel, lifeline, blueprint) {
        Ok(init) => init,
        Err((channel, failure)) => {
            let _ = channel.send(&Err::<Reply, _>(Problem::Stage(failure)));
            return 1;
        }
    };
    match catch_unwind(AssertUnwindSafe(|| init.serve(blueprint))) {
        Ok(()) => 0,
        Err(panic) => {
            let error = refusal(
                "run the world's init",
                panicked::message(&*panic),
                "report this as a bug of daemonlab",
            );
            let _ = init.answer(Err(error.into()), &[], None);
            1
        }
    }
}

/// What every world has: its root.
fn make_root(blueprint: &Blueprint) -> Result<(), Failure> {
    root::make(blueprint)?;
    // Those of the tree, if not of who started it, are out of reach now.
    null_streams().at(StageId::Mounts, "open /dev/null")?;
    etc::write_usual(Path::new("/")).at(StageId::Mounts, FILL)
}

impl Init {
    fn new(
        channel: Channel,
        lifeline: OwnedFd,
        blueprint: &Blueprint,
    ) -> Result<Init, (Channel, Failure)> {
        let inherited = blueprint.inherited.clone();
        match prepare().and_then(|prepared| Ok((prepared, inherited?))) {
            Ok((Prepared { signals, slack }, inherited)) => Ok(Init {
                channel,
                lifeline,
                place: None,
                signals,
                slack,
                inherited,
                started: now(),
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
        let root = make_root(blueprint);
        if !self.channel.has_come() {
            // It was made ahead, and has time for what may be asked of it.
            visible::prepare_here();
        }
        let made = match self.channel.receive::<Request>() {
            Ok(Some(frame)) => match frame.message {
                Request::Make { spec, processor } => {
                    self.place = processor.and_then(Place::take);
                    root.map_err(Problem::Stage).and_then(|()| self.make(&spec))
                }
                other => Err(refusal("make the world", format!("{other:?} came first"), "").into()),
            },
            _ => return,
        };
        let failed = made.is_err();
        if self.answer(made, &[], None).is_err() || failed {
            return;
        }
        while self.turn() {}
        if let Some(place) = self.place.take() {
            place.leave(self.tracer.everybody());
        }
    }

    fn make(&mut self, spec: &SandboxSpec) -> Answer {
        etc::write(Path::new("/"), spec).at(StageId::Mounts, FILL)?;
        for file in &spec.files {
            files::write(file)?;
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
        let (mut asked, mut signalled) = (false, false);
        for source in ready {
            match source {
                Source::Lifeline => return false,
                Source::Channel => asked = true,
                Source::Signals => signalled = true,
                Source::Stream(id) => self.drain(&id),
                Source::Connection => {}
            }
        }
        // What the harness asks for looks at all of that, or waits for the next turn.
        if !asked && (signalled || self.tracer.is_busy()) {
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
        let _ = ppoll(&mut fds, self.timeout().map(TimeSpec::from), None);
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
}
