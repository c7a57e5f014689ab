//! The tracer: turns what the kernel says into stops, asks the deciders, and
//! carries out what they say.
//!
//! - `task`: a traced thread, and what it is held at;
//! - `stops`: what has stopped, is held, and let go;
//! - `life`: how a task begins, executes a program, and ends;
//! - `entry`, `exit`: a call that is about to be made, and one that is over;
//! - `anew`: waits that a tracer's presence has ended;
//! - `time`: virtual time: whether it is quiet, and who is woken;
//! - `rest`: whether anybody runs, and until when nobody goes on;
//! - `tell`: what it tells, and what it can be asked.

mod anew;
mod entry;
mod exit;
mod life;
mod rest;
mod stops;
mod task;
mod tell;
mod time;

use std::collections::{BTreeMap, BTreeSet};
use std::thread::yield_now;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use self::task::{State, Task};
use super::chance::Chance;
use super::decider::{Decider, Who};
use super::family::Family;
use super::faults::Faults;
use super::recorder::{Recorder, Recording};
use super::rules::Rules;
use super::steer::{Rest, Steer};
use super::stop::{Reason, has_ended, nap, next_stop};
use super::time::Clock;
use super::tracee::{Running, Stopped};
use crate::world::event::{End, What};

/// How many stops are taken in a row before init looks at anything else.
const BURST: usize = 256;

/// How long a task whose turn it is not waits until it is looked at again: the
/// call of the other may have fallen asleep, which nobody tells. First so long,
/// then twice as long each time, and this at most.
const LOOK_AGAIN: Duration = Duration::from_micros(20);
const LOOK_AT_LAST: Duration = Duration::from_millis(1);

/// How long the next stop is waited for after one, before init sleeps: a program
/// that makes a call makes another soon, and to be woken takes longer than that.
const EAGER: Duration = Duration::from_micros(30);

/// How long init sleeps at once while it waits for the next stop of who was let
/// go, and how long that may take before it looks at anything else.
const NAP: Duration = Duration::from_micros(50);
const SLICE: Duration = Duration::from_millis(1);

/// How many stops go by after that was in vain before it is tried again: where
/// the tasks have no processor of their own, it only keeps them from this one.
const IN_VAIN: u32 = 16;

/// What is traced in one world.
#[derive(Debug, Default)]
pub struct Tracer {
    tasks: BTreeMap<i32, Task>,
    family: Family,
    /// New threads whose makers have not told of them yet: which of the two
    /// stops arrives first is chance.
    unnamed: BTreeMap<i32, Stopped>,
    faults: Faults,
    steer: Steer,
    /// The clock, where time is virtual.
    clock: Option<Clock>,
    chance: Chance,
    others: Vec<Box<dyn Decider>>,
    recorder: Recorder,
    /// Held tasks, in the order of their stops.
    held: Vec<i32>,
    told: Vec<(Duration, What)>,
    ended: Vec<(i32, End)>,
    /// Processes whose end was told, but which their parents may not have
    /// reaped; who inherits one has nothing to tell.
    told_ends: BTreeSet<i32>,
    /// Whether there may be stops that were not taken.
    more: bool,
    /// When the last stop was.
    last: Duration,
    /// Whether some task waits only for its turn.
    turns: bool,
    /// How often in a row that was so, with no stop in between.
    looks: u32,
    /// After how many stops one is waited for again before init sleeps.
    left: u32,
    /// Who was let go last since stops were taken last.
    going: Option<i32>,
    /// Whether it has taken a signal that may have told of somebody's end.
    napped: bool,
}

impl Tracer {
    /// Adds a decider, which is asked after those that are there.
    pub fn add(&mut self, decider: Box<dyn Decider>) {
        self.others.push(decider);
    }

    /// Traces a launcher from now on: the child that waits to be told that it
    /// may set its filter, in a session that was made in `session`. Its calls
    /// count from its exec on.
    ///
    /// # Errors
    /// EPERM where the kernel does not allow it.
    pub fn seize(
        &mut self,
        pid: i32,
        session: i32,
        launch: &str,
        rules: Rules,
        recording: Recording,
    ) -> Result<(), Errno> {
        let running = Running::seize(pid)?;
        let who = self.family.launcher(pid, session, launch);
        self.faults.add(launch, rules);
        self.recorder.add(launch, recording);
        self.insert(who, State::Running(running));
        Ok(())
    }

    /// Takes the stops that there are, and lets go what is held no more.
    pub fn turn(&mut self, now: Duration) {
        self.more = true;
        self.going = None;
        // Each stop at its own moment, so that a timeline tells them apart.
        let began = Instant::now();
        let real = self.clock.is_none();
        // Who is steered stays on this processor, and is seen through below.
        let apart = real && !self.steer.is_shut();
        let passed = |began: Instant| match real {
            true => began.elapsed(),
            false => Duration::ZERO,
        };
        for taken in 0..BURST {
            let awaited = || (apart && taken > 0).then(|| self.await_stop()).flatten();
            let Some((tid, reason)) = next_stop().or_else(awaited) else {
                self.more = false;
                break;
            };
            self.looks = 0;
            self.stopped(now + passed(began), tid, reason);
        }
        self.release(now + passed(began));
        if self.steer.is_shut() {
            self.see_it_through(|| now + passed(began));
        }
        self.looks = self.looks.saturating_add(u32::from(self.turns));
        self.wake_overdue();
    }

    /// The next stop, if it comes soon.
    fn await_stop(&mut self) -> Option<(i32, Reason)> {
        let runs = |task: &Task| matches!(task.state, State::Running(_));
        if !self.held.is_empty() || !self.tasks.values().any(runs) {
            return None;
        }
        if self.left > 0 {
            self.left -= 1;
            return None;
        }
        let began = Instant::now();
        while began.elapsed() < EAGER {
            if let Some(stop) = next_stop() {
                return Some(stop);
            }
            // The task may have been woken on this very processor.
            yield_now();
        }
        self.left = IN_VAIN;
        None
    }

    /// Follows who was let go to where it stops again, or falls asleep, on the
    /// processor that they share. One signal may have told of several stops, and a
    /// nap has taken it: nothing is left when there is no other.
    fn see_it_through(&mut self, now: impl Fn() -> Duration) {
        for _ in 0..BURST {
            let next = match self.going {
                Some(tid) => self.give_way(tid),
                None => next_stop(),
            };
            let Some((tid, reason)) = next else {
                return;
            };
            self.going = None;
            self.looks = 0;
            self.stopped(now(), tid, reason);
            self.release(now());
        }
        self.more = true;
    }

    /// Lets who was let go have this processor, and gives the next stop; nothing,
    /// if it has fallen asleep, or goes on for long. To give the processor away
    /// takes less than to be woken, but who has used more of it than init does not
    /// come next then (EEVDF, "eligible"), and init has to sleep.
    fn give_way(&mut self, tid: i32) -> Option<(i32, Reason)> {
        let began = Instant::now();
        yield_now();
        loop {
            if let Some(stop) = next_stop() {
                return Some(stop);
            }
            if !self.is_going(tid) {
                self.going = None;
                return None;
            }
            if began.elapsed() > SLICE {
                return None;
            }
            self.nap();
        }
    }

    fn nap(&mut self) {
        nap(NAP);
        self.napped = true;
    }

    /// Whether it has taken a signal, since this was asked last, that may have told
    /// of an end that is not for it to look at.
    pub fn has_napped(&mut self) -> bool {
        std::mem::take(&mut self.napped)
    }

    fn is_going(&self, tid: i32) -> bool {
        // In this order: the kernel would wait a tick to say what one does that
        // has ended.
        let runs = |task: &Task| {
            task.runs() && has_ended(tid).is_none() && task.looks.rest_of(tid) == Rest::Runs
        };
        self.tasks.get(&tid).is_some_and(runs)
    }

    /// `now`, or just after the last stop: no two are at one moment, so that
    /// times tell which of two was first.
    fn moment(&mut self, now: Duration) -> Duration {
        self.last = now.max(self.last + Duration::from_nanos(1));
        self.last
    }

    fn who(&mut self, tid: i32) -> Who {
        let mut who = self.tasks[&tid].who.clone();
        who.role = self.family.role(who.pid);
        who
    }

    fn runs(&mut self, tid: i32, running: Running) {
        self.going = Some(tid);
        if let Some(task) = self.tasks.get_mut(&tid) {
            task.state = State::Running(running);
        }
    }

    /// Lets it go on as it was going: through its call, if its end matters.
    fn go_on(&mut self, tid: i32, stopped: Stopped) {
        let in_call = self.tasks.get(&tid).is_some_and(|task| task.call.is_some());
        let running = match in_call {
            true => stopped.go_through_call(),
            false => stopped.go_on(None),
        };
        self.runs(tid, running);
    }
}
