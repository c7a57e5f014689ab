//! Calls that wait: when they return, and with what.
//!
//! A call that waits is usually one step, taken once it returns. Where it
//! makes a difference whether a signal comes right before the call or while it
//! waits ([`Process::entry_matters`]), its beginning is a step of its own, so
//! that both orders are tried: that is how a handler that runs too early is
//! lost by the wait that it was to end.
//!
//! [`Process::entry_matters`]: super::process::Process::entry_matters

use std::time::Duration;

use super::Machine;
use super::process::{Life, Wait};
use super::refusal::{Refusal, Result};
use super::signals::{all_but, blockable};
use crate::explore::TaskName;
use crate::sys::call::{Call, Ret};
use crate::sys::records::{PollEvents, WaitMode};
use crate::sys::{Signal, SignalSet};

/// What the next step of a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// This signal kills it.
    Dies(Signal),
    /// This signal stops it.
    Stops(Signal),
    /// Its descriptors are closed already: it becomes waitable.
    Ends,
    /// A call that waits begins to.
    Enters,
    /// The call is carried out, or a wait returns.
    Goes,
}

impl Machine {
    /// Notes that the task is about to make this call: the time of a call that
    /// waits counts from here.
    pub fn issue(&mut self, task: TaskName, call: &Call) {
        let clock = self.clock;
        let deadline = |timeout: Option<Duration>| timeout.map(|time| clock.saturating_add(time));
        let wait = match call {
            Call::Poll { timeout, mask, .. } => Wait {
                deadline: deadline(*timeout),
                mask: mask.map(blockable),
                ..Wait::default()
            },
            Call::SigTimedWait { set, timeout } => Wait {
                deadline: deadline(*timeout),
                wanted: blockable(*set),
                ..Wait::default()
            },
            Call::Wait {
                mode: WaitMode::Block,
                ..
            }
            | Call::Read { .. }
            | Call::Write { .. } => Wait::default(),
            _ => return,
        };
        self.process_mut(task).wait = Some(wait);
    }

    /// What the task does next, `call` being the call that it is about to make
    /// or is in; `None` while it can do nothing.
    pub fn next_move(&self, task: TaskName, call: &Call) -> Option<Move> {
        let process = self.process(task);
        match process.life {
            Life::Running => {}
            Life::Stopped | Life::Zombie(_) => return None,
            Life::Ending(_) => return Some(Move::Ends),
        }
        if !process.signals.pending.is_empty() {
            if let Some(signal) = process.dies_of() {
                return Some(Move::Dies(signal));
            }
            if let Some(signal) = process.stops_by() {
                return Some(Move::Stops(signal));
            }
        }
        let Some(wait) = &process.wait else {
            return Some(Move::Goes);
        };
        if self.returns(task, call) {
            return Some(Move::Goes);
        }
        if !wait.entered && process.entry_matters(wait) {
            return Some(Move::Enters);
        }
        let open = wait.open(process.signals.blocked);
        if let Some(signal) = process.signals.fatal_in(open) {
            return Some(Move::Dies(signal));
        }
        if let Some(signal) = process.signals.stop_in(open) {
            return Some(Move::Stops(signal));
        }
        let interrupted = process.signals.caught_in(open)
            || wait.continued && matches!(call, Call::SigTimedWait { .. });
        let late = wait.deadline.is_some_and(|deadline| deadline <= self.clock);
        (interrupted || late).then_some(Move::Goes)
    }

    /// Whether the task runs and its call is one that may wait: it can be let
    /// into it also where it would not return.
    pub(in crate::sim) fn stands_before_a_wait(&self, task: TaskName) -> bool {
        let process = self.process(task);
        process.life == Life::Running && process.wait.is_some()
    }

    /// Whether the task runs and waits in its call: nothing but a signal or
    /// time ends it as things are.
    pub(in crate::sim) fn waits(&self, task: TaskName, call: &Call) -> bool {
        self.stands_before_a_wait(task) && !self.returns(task, call)
    }

    /// When the wait that the task is in ends by itself.
    pub fn deadline(&self, task: TaskName) -> Option<Duration> {
        self.process(task).wait.as_ref()?.deadline
    }

    /// Moves the clock forward to `time`, if it is not there yet.
    pub fn advance(&mut self, time: Duration) {
        self.clock = self.clock.max(time);
    }

    /// Whether a call that can wait would return without waiting any more, not
    /// counting signals and time.
    pub(super) fn returns(&self, task: TaskName, call: &Call) -> bool {
        match call {
            Call::Wait { target, .. } => self.wait_returns(task, *target),
            Call::SigTimedWait { set, timeout } => {
                let pending = self.process(task).signals.pending_set();
                *timeout == Some(Duration::ZERO) || pending.bits() & blockable(*set).bits() != 0
            }
            Call::Poll { fds, timeout, .. } => {
                *timeout == Some(Duration::ZERO)
                    || fds.len() > self.rules.most_fds
                    || fds.iter().any(|poll| self.poll_one(task, poll).any())
            }
            Call::Read { fd, max } => self.read_returns(task, *fd, *max),
            Call::Write { fd, data } => self.write_returns(task, *fd, data),
            _ => true,
        }
    }

    /// The beginning of a wait.
    pub(super) fn enter(&mut self, task: TaskName) {
        self.process_mut(task)
            .wait
            .as_mut()
            .expect("only a call that waits is entered")
            .entered = true;
    }

    /// Whether a wait is interrupted by a handler; runs it.
    pub(super) fn interrupted(&mut self, task: TaskName) -> bool {
        let process = self.process_mut(task);
        let Some(wait) = process.wait else {
            return false;
        };
        let open = wait.open(process.signals.blocked);
        process.let_through(open)
    }

    /// The end of a call: the mask of the process holds again, and what it
    /// lets through is delivered.
    pub(super) fn leave(&mut self, task: TaskName) {
        let process = self.process_mut(task);
        process.wait = None;
        if !process.signals.pending.is_empty() {
            let open = all_but(process.signals.blocked);
            process.let_through(open);
        }
    }

    pub(super) fn sigtimedwait(&mut self, task: TaskName, set: SignalSet) -> Result<Ret> {
        if let Some(info) = self.process_mut(task).signals.take(blockable(set)) {
            return Ok(Ret::SignalInfo(info));
        }
        let continued = self.process(task).wait.is_some_and(|wait| wait.continued);
        match self.interrupted(task) || continued {
            true => Err(Refusal::SigTimedWaitInterrupted),
            false => Err(Refusal::SigTimedWaitTimedOut),
        }
    }

    pub(super) fn ppoll(
        &mut self,
        task: TaskName,
        fds: &[crate::sys::records::PollFd],
    ) -> Result<Ret> {
        if fds.len() > self.rules.most_fds {
            return Err(Refusal::PollTooMany);
        }
        let events: Vec<PollEvents> = fds.iter().map(|poll| self.poll_one(task, poll)).collect();
        if events.iter().any(|events| events.any()) || !self.interrupted(task) {
            return Ok(Ret::Polled(events));
        }
        Err(Refusal::PollInterrupted)
    }
}
