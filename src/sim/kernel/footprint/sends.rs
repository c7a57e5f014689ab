//! Signals, and the ids that permit them.

use super::{Key, Trace};
use crate::explore::TaskName;
use crate::sim::kernel::credentials::{Capability, Creds};
use crate::sim::kernel::refusal::Result;
use crate::sim::kernel::signals::STOPS;
use crate::sys::Signal;
use crate::sys::records::KillTarget;

impl Trace<'_> {
    /// A signal becomes pending for `target`.
    pub(super) fn sends(&mut self, target: TaskName, signal: Signal) {
        let process = self.machine.process(target);
        self.out.read(Key::Rules(target)).read(Key::Life(target));
        if process.scenery || process.life.is_over() {
            return;
        }
        if signal == Signal::CONT || STOPS.contains(signal) {
            return self.unknown();
        }
        if !process.keeps(signal) {
            return;
        }
        self.out
            .write(Key::Pending(target, signal))
            .add(Key::AnyPending(target));
        let acts = !process.signals.caught.contains(signal);
        if acts && process.open_before().contains(signal) {
            self.out.write(Key::Life(target));
        }
    }

    pub(super) fn kills(&mut self, target: KillTarget, signal: Option<Signal>) {
        match target {
            KillTarget::Process(pid) => {
                self.out.read(Key::Pid(pid.as_raw()));
                if let Some(target) = self.machine.task_of(pid.as_raw()) {
                    self.signals_to(target, signal);
                }
            }
            KillTarget::Group(group) => {
                self.out.read(Key::Group(group.as_raw()));
                for member in self.machine.members(group.as_raw()) {
                    self.signals_to(member, signal);
                }
            }
        }
    }

    pub(super) fn signals_to(&mut self, target: TaskName, signal: Option<Signal>) {
        self.out.read(Key::Life(target));
        self.may_signal(target, signal);
        if let Some(signal) = signal {
            self.sends(target, signal);
        }
    }

    /// Whose ids decide whether the signal may be sent. Where the target's real
    /// id alone permits it, its saved one is not asked.
    pub(super) fn may_signal(&mut self, target: TaskName, signal: Option<Signal>) {
        if target == self.task {
            return;
        }
        if signal == Some(Signal::CONT) {
            self.out.read(Key::Session(target));
        }
        let mine = &self.machine.process(self.task).creds;
        let theirs = self.machine.process(target).creds.uid;
        if mine.can(Capability::Kill) {
            return;
        }
        self.out.read(Key::RealUid(target));
        if ![mine.uid.real, mine.uid.effective].contains(&theirs.real) {
            self.out.read(Key::SavedUid(target));
        }
    }

    /// The user ids after `change`, where they differ from those before it.
    pub(super) fn changes_uids(&mut self, change: impl FnOnce(&mut Creds) -> Result<()>) {
        let before = &self.machine.process(self.task).creds;
        let mut after = before.clone();
        if change(&mut after).is_err() {
            return;
        }
        if after.uid.real != before.uid.real {
            self.out.write(Key::RealUid(self.task));
        }
        if after.uid.saved != before.uid.saved {
            self.out.write(Key::SavedUid(self.task));
        }
    }
}
