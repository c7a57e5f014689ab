//! Calls that wait: what they wait for, and what ends their wait.

use super::{Key, Trace};
use crate::explore::TaskName;
use crate::sim::kernel::descriptors::What;
use crate::sim::kernel::inode::Node;
use crate::sim::kernel::process::Life;
use crate::sim::kernel::signals::{all_but, both, either, less};
use crate::sys::SignalSet;
use crate::sys::call::Call;
use crate::sys::records::{PollFd, WaitFor};

impl Trace<'_> {
    /// The part of a call that waits.
    pub(super) fn waits(&mut self, call: &Call) {
        match call {
            Call::Wait { target, .. } => self.waits_for_child(*target),
            Call::Read { fd, max } => self.reads(*fd, *max),
            Call::Write { fd, data } => self.writes(*fd, data),
            Call::Poll { fds, timeout, .. } => {
                for poll in fds {
                    self.polls(poll);
                }
                if timeout.is_some() && !self.machine.returns(self.task, call) {
                    self.out.read(Key::Clock);
                }
            }
            Call::SigTimedWait { set, timeout } => {
                self.takes_pending(*set);
                if timeout.is_some() && !self.machine.returns(self.task, call) {
                    self.out.read(Key::Clock);
                }
            }
            _ => return,
        }
        self.may_be_interrupted(call);
    }

    /// What a wait looks at besides what it waits for: signals that end it. If
    /// it has what it waits for, it looks at none.
    pub(super) fn may_be_interrupted(&mut self, call: &Call) {
        let process = self.machine.process(self.task);
        let Some(wait) = &process.wait else { return };
        if self.machine.returns(self.task, call) {
            if wait.entered {
                self.out.write(Key::Rules(self.task));
            }
            return;
        }
        let before = all_but(process.signals.blocked);
        let during = wait.open(process.signals.blocked);
        let caught = both(during, process.signals.caught);
        let unmasked = less(less(during, before), process.signals.quiet());
        self.reads_pending(either(caught, unmasked));
        if wait.entered {
            self.out.write(Key::Rules(self.task));
        }
    }

    pub(super) fn reads_pending(&mut self, set: SignalSet) {
        if set.bits().count_ones() > 4 {
            self.out.read(Key::AnyPending(self.task));
            return;
        }
        for signal in set.iter() {
            self.out.read(Key::Pending(self.task, signal));
        }
    }

    pub(super) fn takes_pending(&mut self, set: SignalSet) {
        self.reads_pending(set);
        let pending = self.machine.process(self.task).signals.pending_set();
        if let Some(signal) = both(pending, set).iter().next() {
            self.out
                .write(Key::Pending(self.task, signal))
                .add(Key::AnyPending(self.task));
        }
    }

    pub(super) fn polls(&mut self, poll: &PollFd) {
        let Ok(file) = self.machine.file(self.task, poll.fd) else {
            return;
        };
        match file.what {
            What::PipeOut(pipe) => {
                self.out.read(Key::Readable(pipe));
                self.asks_whether_open(self.machine.pipes[&pipe].writer);
            }
            What::PipeIn(pipe) => {
                self.out.read(Key::Writable(pipe));
                self.asks_whether_open(self.machine.pipes[&pipe].reader);
            }
            What::Socket(id) => {
                self.out.read(Key::Socket(id));
                for other in self.machine.sockets[&id].related() {
                    self.out.read(Key::Socket(other));
                }
            }
            What::Process(target) => {
                self.out.read(Key::Waitable(target));
            }
            What::Signals(set) => self.reads_pending(set),
            What::Inode(_) => {
                if self.machine.device(file).is_some() {
                    self.out.read(Key::Terminal);
                }
            }
        }
    }

    pub(super) fn waits_for_child(&mut self, target: WaitFor) {
        let machine = self.machine;
        let mine = machine.process(self.task).children.iter();
        let ended = |child: &&TaskName| matches!(machine.process(**child).life, Life::Zombie(_));
        let found = match target {
            WaitFor::Any => {
                self.out.read(Key::Children(self.task));
                mine.copied().find(|child| ended(&child))
            }
            WaitFor::Pid(pid) => {
                self.out.read(Key::Pid(pid.as_raw()));
                let child = mine
                    .copied()
                    .find(|child| machine.process(*child).pid == pid.as_raw());
                match child {
                    // How its other children are says nothing.
                    Some(child) => self.out.read(Key::Waitable(child)).read(Key::Parent(child)),
                    None => self.out.read(Key::Children(self.task)),
                };
                child.filter(|child| ended(&child))
            }
        };
        if let Some(child) = found {
            self.out.add(Key::Children(self.task));
            self.reaps(child);
        }
    }

    pub(super) fn reads(&mut self, fd: i32, max: usize) {
        let Ok(id) = self.machine.file_id(self.task, fd) else {
            return;
        };
        match self.machine.files[&id].what {
            What::PipeOut(pipe) if max > 0 => {
                self.out.write(Key::Pipe(pipe));
                if self.machine.pipe_is_full(pipe) {
                    self.out.write(Key::Writable(pipe));
                }
                if self.machine.poll_pipe_out(pipe).0 {
                    if self.machine.pipe_holds_at_most(pipe, max) {
                        self.out.write(Key::Readable(pipe));
                    }
                    return;
                }
                self.asks_whether_open(self.machine.pipes[&pipe].writer);
            }
            What::Inode(ino) => {
                self.out
                    .write(Key::File(id))
                    .read(Key::Data(ino))
                    .read(Key::Terminal);
            }
            What::Socket(socket) => self.touches_socket(socket),
            What::Signals(set) => self.takes_pending(set),
            _ => {}
        }
    }

    pub(super) fn writes(&mut self, fd: i32, data: &[u8]) {
        let Ok(id) = self.machine.file_id(self.task, fd) else {
            return;
        };
        match self.machine.files[&id].what {
            What::PipeIn(pipe) if !data.is_empty() => {
                self.out.write(Key::Pipe(pipe));
                if !self.machine.poll_pipe_out(pipe).0 {
                    self.out.write(Key::Readable(pipe));
                }
                if self.machine.pipe_could_fill(pipe, data.len()) {
                    self.out.write(Key::Writable(pipe));
                }
                self.asks_whether_open(self.machine.pipes[&pipe].reader);
                // SIGPIPE.
                self.out.write(Key::AnyPending(self.task));
            }
            What::Inode(ino) => {
                self.out.write(Key::File(id));
                match self.machine.inode(ino).node {
                    Node::Device(_) => self.out.write(Key::Terminal),
                    // The set-id bits go, too.
                    _ => self.out.write(Key::Data(ino)).write(Key::Owner(ino)),
                };
            }
            What::Socket(socket) => self.touches_socket(socket),
            _ => {}
        }
    }
}
