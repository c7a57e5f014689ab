//! Sending signals and delivering them.
//!
//! What is sent becomes pending at once. What kills or stops is delivered when
//! its process next goes a step: in between others see it alive, as they do on
//! a real machine, where kill(2) returns before its target has gone. A handler
//! that does nothing leaves no trace but in a wait that it interrupts, so that
//! outside of one its signal is gone as soon as it is let through.

use super::Machine;
use super::process::{Life, Process, Wait};
use super::refusal::{Refusal, Result};
use super::signals::{DUMPS, STOPS, all_but, both, either, less};
use crate::explore::TaskName;
use crate::sys::records::{KillTarget, SignalInfo};
use crate::sys::{Pid, Signal, SignalSet};

impl Machine {
    pub(super) fn kill(
        &mut self,
        sender: TaskName,
        target: KillTarget,
        signal: Option<Signal>,
    ) -> Result<()> {
        match target {
            KillTarget::Process(pid) if pid.as_raw() <= 0 => Err(Refusal::KillNoPid),
            KillTarget::Process(pid) => {
                let target = self.task_of(pid.as_raw()).ok_or(Refusal::KillNobody)?;
                self.send_checked(sender, target, signal)
            }
            KillTarget::Group(group) if group.as_raw() <= 1 => Err(Refusal::KillNoGroup),
            KillTarget::Group(group) => self.kill_group(sender, group.as_raw(), signal),
        }
    }

    /// It succeeds if one member could be signalled.
    fn kill_group(&mut self, sender: TaskName, group: i32, signal: Option<Signal>) -> Result<()> {
        let members = self.members(group);
        let mut answer = Err(Refusal::KillEmptyGroup);
        for member in members {
            let sent = self.send_checked(sender, member, signal);
            if answer.is_err() {
                answer = sent;
            }
        }
        answer
    }

    /// The processes of a group, zombies too.
    pub(super) fn members(&self, group: i32) -> Vec<TaskName> {
        self.processes
            .iter()
            .filter(|(_, process)| process.group == group)
            .map(|(task, _)| *task)
            .collect()
    }

    /// As kill(2) and pidfd_send_signal(2) do to one process.
    pub(super) fn send_checked(
        &mut self,
        sender: TaskName,
        target: TaskName,
        signal: Option<Signal>,
    ) -> Result<()> {
        let from = self.process(sender);
        let to = self.process(target);
        let same_session = signal == Some(Signal::CONT) && from.session == to.session;
        if sender != target && !same_session && !from.creds.may_signal(&to.creds) {
            return Err(Refusal::MayNotSignal);
        }
        if let Some(signal) = signal {
            let info = SignalInfo {
                signal,
                pid: Pid::from_raw(from.pid),
                uid: from.creds.uid.real,
            };
            self.send(target, info);
        }
        Ok(())
    }

    /// The kernel's own signal, which nobody sent.
    pub(super) fn send_from_kernel(&mut self, target: TaskName, signal: Signal) {
        let info = SignalInfo {
            signal,
            pid: Pid::from_raw(0),
            uid: 0,
        };
        self.send(target, info);
    }

    /// Makes a signal pending, unless it is ignored or the process is over.
    pub(super) fn send(&mut self, target: TaskName, info: SignalInfo) {
        let process = self.process_mut(target);
        if process.scenery || process.life.is_over() {
            return;
        }
        let signal = info.signal;
        if signal == Signal::CONT {
            process.signals.forget(STOPS);
        } else if STOPS.contains(signal) {
            process.signals.forget(SignalSet::EMPTY.with(Signal::CONT));
        }
        let continues = matches!(signal, Signal::CONT | Signal::KILL);
        let was_stopped = process.life == Life::Stopped;
        if process.keeps(signal) {
            process.signals.queue(info);
        }
        if continues && was_stopped {
            process.life = Life::Running;
            if let Some(wait) = &mut process.wait {
                wait.continued = true;
            }
            if signal == Signal::CONT {
                self.tell_parent_of_stop(target);
            }
        }
    }

    /// Delivers a stop signal.
    pub(super) fn stop(&mut self, task: TaskName, signal: Signal) {
        let group = self.process(task).group;
        let process = self.process_mut(task);
        process.signals.forget(SignalSet::EMPTY.with(signal));
        // Nobody could continue it (`setpgid(2)`, "Orphaned process group").
        if signal != Signal::STOP && self.is_orphaned(group) {
            return;
        }
        self.process_mut(task).life = Life::Stopped;
        self.tell_parent_of_stop(task);
    }

    /// SIGCHLD for a child that has stopped or goes on (`CLD_STOPPED`,
    /// `CLD_CONTINUED`).
    pub(super) fn tell_parent_of_stop(&mut self, child: TaskName) {
        let process = self.process(child);
        let info = SignalInfo {
            signal: Signal::CHLD,
            pid: Pid::from_raw(process.pid),
            uid: process.creds.uid.real,
        };
        let parent = process.parent;
        if !self.process(parent).signals.ignored.contains(Signal::CHLD) {
            self.send(parent, info);
        }
    }
}

impl Process {
    /// Whether a signal that is sent now becomes pending.
    pub(super) fn keeps(&self, signal: Signal) -> bool {
        // What a sigtimedwait waits for counts as blocked only if it was so
        // before (`real_blocked` in kernel/signal.c).
        let mask = self.inside().and_then(|wait| wait.mask);
        let blocked = mask.unwrap_or(self.signals.blocked).contains(signal);
        let handled_at_once = self.signals.caught.contains(signal) && self.inside().is_none();
        blocked || !(self.signals.is_ignored(signal) || handled_at_once)
    }

    /// What is delivered before the process does anything else: before its
    /// next call begins, or inside a wait that lets it through.
    pub(super) fn open_before(&self) -> SignalSet {
        let open = all_but(self.signals.blocked);
        let Some(wait) = self.inside() else {
            return open;
        };
        // What the wait's own mask blocks stays pending until it returns, and
        // what it waits for is taken and not delivered.
        let mask = wait.mask.unwrap_or_default();
        less(less(open, mask), wait.wanted)
    }

    /// The signal of which the process dies before it does anything else.
    ///
    /// To wait for a signal is no protection against it: one that ends the
    /// process without a core ends it when it is sent, unless it was blocked
    /// before (`complete_signal` in kernel/signal.c).
    pub(super) fn dies_of(&self) -> Option<Signal> {
        let awaited = self.inside().map_or(SignalSet::EMPTY, |wait| wait.wanted);
        let ends_at_once = less(less(awaited, DUMPS), self.signals.blocked);
        self.signals
            .fatal_in(either(self.open_before(), ends_at_once))
    }

    /// The signal that stops the process before it does anything else.
    pub(super) fn stops_by(&self) -> Option<Signal> {
        self.signals.stop_in(self.open_before())
    }

    /// Lets through what is pending and in `open`: handlers run, and what is
    /// ignored is dropped. Whether a handler ran.
    pub(super) fn let_through(&mut self, open: SignalSet) -> bool {
        let ran = self.signals.caught_in(open);
        let gone = both(open, either(self.signals.caught, self.signals.quiet()));
        self.signals.forget(gone);
        ran
    }

    /// Whether it makes a difference that a signal comes right before a wait
    /// or in it: if not, the wait needs no step of its own for its beginning.
    pub(super) fn entry_matters(&self, wait: &Wait) -> bool {
        let before = all_but(self.signals.blocked);
        let during = wait.open(self.signals.blocked);
        let quiet = self.signals.quiet();
        // Before: the handler runs, and is forgotten. In it: EINTR.
        let caught = both(both(before, during), self.signals.caught);
        // Before: it kills, stops, or is handled. In it: it stays pending, or
        // is what the wait is for.
        let kept = less(less(before, during), quiet);
        // Before: it is kept, being blocked. In it: it is dropped.
        let dropped = both(less(during, before), quiet);
        !(caught.is_empty() && kept.is_empty() && dropped.is_empty())
    }
}

impl Wait {
    /// What is delivered while it waits.
    pub(super) fn open(&self, blocked: SignalSet) -> SignalSet {
        less(all_but(self.mask.unwrap_or(blocked)), self.wanted)
    }
}
