//! The end of a process: what it closes, whom it leaves behind, who reaps it.

use super::{Key, Trace};
use crate::explore::TaskName;
use crate::sim::kernel::Machine;
use crate::sim::kernel::process::Life;
use crate::sys::Signal;

impl Trace<'_> {
    /// A clean end has the processes of a stopped group to think of; where
    /// anything is stopped, nothing is said to commute.
    pub(super) fn somebody_is_stopped(&self) -> bool {
        let mut processes = self.machine.processes.values();
        processes.any(|process| process.life == Life::Stopped)
    }

    pub(super) fn begins_end(&mut self) {
        let (machine, task) = (self.machine, self.task);
        let process = machine.process(task);
        if process.terminal && process.session == process.pid {
            return self.unknown();
        }
        self.out
            .write(Key::Life(task))
            .write(Key::Rules(task))
            .write(Key::AnyPending(task));
        for descriptor in process.fds.values() {
            self.closes(descriptor.file);
        }
        if !machine.end_has_two_steps(task) {
            self.finishes_end();
        }
    }

    pub(super) fn finishes_end(&mut self) {
        let (machine, task) = (self.machine, self.task);
        if self.somebody_is_stopped() {
            return self.unknown();
        }
        let process = machine.process(task);
        self.out
            .write(Key::Life(task))
            .write(Key::Waitable(task))
            .read(Key::Parent(task));
        if !process.children.is_empty() {
            self.gives_children_away();
        }
        let parent = process.parent;
        self.out.add(Key::Children(parent));
        let above = machine.process(parent);
        self.out.read(Key::Rules(parent)).read(Key::Life(parent));
        if above.scenery || above.signals.ignored.contains(Signal::CHLD) {
            self.reaps(task);
        } else {
            self.sends(parent, Signal::CHLD);
        }
    }

    pub(super) fn gives_children_away(&mut self) {
        let (machine, task) = (self.machine, self.task);
        self.out.write(Key::Children(task));
        let mut ancestor = machine.process(task).parent;
        loop {
            let process = machine.process(ancestor);
            self.out
                .read(Key::Subreaper(ancestor))
                .read(Key::Life(ancestor))
                .read(Key::Parent(ancestor));
            if ancestor == Machine::INIT || process.subreaper && !process.life.is_over() {
                break;
            }
            ancestor = process.parent;
        }
        self.out.write(Key::Children(ancestor));
        for child in &machine.process(task).children {
            self.out.write(Key::Parent(*child));
            if matches!(machine.process(*child).life, Life::Zombie(_)) {
                self.out.read(Key::Rules(ancestor));
                if ancestor == Machine::INIT {
                    self.reaps(*child);
                } else {
                    self.sends(ancestor, Signal::CHLD);
                }
            }
        }
    }

    pub(super) fn reaps(&mut self, child: TaskName) {
        let process = self.machine.process(child);
        self.out
            .write(Key::Life(child))
            .write(Key::Waitable(child))
            .write(Key::Pid(process.pid))
            .write(Key::Group(process.group))
            .write(Key::Group(process.pid));
        if self.machine.pids_wrap() {
            self.out.write(Key::NextPid);
        }
    }
}
