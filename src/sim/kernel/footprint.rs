//! What a step reads and writes.
//!
//! Two rules make a footprint honest. It must name whatever the step's effect
//! and answer depend on, and whatever decides *what the footprint is*: a
//! condition that is looked at is read. And whoever can end, block or release
//! the step must write something that it reads.
//!
//! Two tricks keep it small. Whether a pipe has a writer left is asked of
//! holders, one key for each: closing one's own copy conflicts with nobody
//! else's closing, only with the reader. And where one open copy suffices to
//! know that there is a writer, only that witness is read.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::iter;

use super::Machine;
use super::credentials::{Capability, Creds};
use super::descriptors::What;
use super::ids::Lockable;
use super::ids::{FileId, Ino, PipeId, SocketId};
use super::inode::Node;
use super::process::Life;
use super::resolve::{Final, Seen};
use super::signals::{STOPS, all_but, both, either, less};
use super::waiting::Move;
use crate::explore::{Digest, Footprint, TaskName};
use crate::sys::call::Call;
use crate::sys::records::{At, Follow, KillTarget, Lock, PollFd, UnixAddr, WaitFor};
use crate::sys::{Signal, SignalSet};

/// Something that steps share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Whether a process goes on: signals that kill or stop, its end.
    Life(TaskName),
    /// Whether a process has ended for good, so that it can be waited for.
    Waitable(TaskName),
    /// A process's mask and dispositions, and whether it is inside a wait.
    Rules(TaskName),
    /// Whether this signal is pending for a process.
    Pending(TaskName, Signal),
    /// Whether any is.
    AnyPending(TaskName),
    /// A process's real user id.
    RealUid(TaskName),
    /// A process's saved user id.
    SavedUid(TaskName),
    /// A process's children, and how they are.
    Children(TaskName),
    /// Who a process's parent is.
    Parent(TaskName),
    /// Whether orphans are given to a process.
    Subreaper(TaskName),
    /// Who is in a process group.
    Group(i32),
    /// The session of a process.
    Session(TaskName),
    /// Who has this PID.
    Pid(i32),
    /// Which PID comes next.
    NextPid,
    /// An entry of a directory; the name as a digest.
    Name(Ino, u64),
    /// Owner, mode and number of names.
    Owner(Ino),
    /// What is in a file.
    Data(Ino),
    /// Who has locked a file.
    Lock(Lockable),
    /// Offset and state of an open file description.
    File(FileId),
    /// Whether this process has a descriptor of this description.
    Holder(FileId, TaskName),
    /// What is in a pipe.
    Pipe(PipeId),
    /// Whether there is anything in a pipe.
    Readable(PipeId),
    /// Whether there is room in a pipe.
    Writable(PipeId),
    /// A socket, whole.
    Socket(SocketId),
    /// A name of the abstract namespace, as a digest.
    Abstract(u64),
    /// The terminal.
    Terminal,
    /// The clock.
    Clock,
}

/// A footprint that is being collected.
pub(super) struct Trace<'a> {
    machine: &'a Machine,
    task: TaskName,
    out: &'a mut Footprint<Key>,
}

impl Machine {
    /// What the next step of `task` reads and writes, or, while it is blocked,
    /// what it waits for.
    pub fn footprint(
        &self,
        task: TaskName,
        call: &Call,
        step: Option<Move>,
        out: &mut Footprint<Key>,
    ) {
        out.clear();
        out.read(Key::Life(task));
        let mut trace = Trace {
            machine: self,
            task,
            out,
        };
        match step {
            Some(Move::Dies(_)) => trace.begins_end(),
            Some(Move::Ends) => trace.finishes_end(),
            Some(Move::Stops(_)) => trace.unknown(),
            Some(Move::Enters) => {
                trace.out.write(Key::Rules(task));
                trace.waits(call);
            }
            Some(Move::Goes) | None => trace.goes(call),
        }
    }

    /// What the death of `task` at its next step reads and writes.
    pub fn footprint_of_death(&self, task: TaskName, out: &mut Footprint<Key>) {
        self.footprint(task, &Call::GetPid, Some(Move::Dies(Signal::KILL)), out);
    }
}

impl Trace<'_> {
    fn unknown(&mut self) {
        self.out.set_unknown();
    }

    /// A clean end has the processes of a stopped group to think of; where
    /// anything is stopped, nothing is said to commute.
    fn somebody_is_stopped(&self) -> bool {
        let mut processes = self.machine.processes.values();
        processes.any(|process| process.life == Life::Stopped)
    }

    fn begins_end(&mut self) {
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

    fn finishes_end(&mut self) {
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

    fn gives_children_away(&mut self) {
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

    fn reaps(&mut self, child: TaskName) {
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

    /// A signal becomes pending for `target`.
    fn sends(&mut self, target: TaskName, signal: Signal) {
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

    /// One descriptor of `id` less.
    fn closes(&mut self, id: FileId) {
        match self.machine.files[&id].what {
            What::PipeOut(_) | What::PipeIn(_) => {
                self.out.write(Key::Holder(id, self.task));
            }
            What::Inode(_) => {
                self.out
                    .write(Key::Holder(id, self.task))
                    .read(Key::File(id));
            }
            What::Socket(socket) => self.touches_socket(socket),
            What::Process(_) | What::Signals(_) => {}
        }
    }

    /// A socket with whatever hangs on it.
    fn touches_socket(&mut self, id: SocketId) {
        self.out.write(Key::Socket(id));
        let socket = &self.machine.sockets[&id];
        if socket.carries() {
            return self.unknown();
        }
        for other in socket.related() {
            self.out.write(Key::Socket(other));
            if self.machine.sockets[&other].carries() {
                return self.unknown();
            }
        }
    }

    /// Whether `id` is open anywhere, asked of a witness if there is one.
    fn asks_whether_open(&mut self, id: FileId) {
        let file = &self.machine.files[&id];
        if file.in_flight > 0 {
            return self.unknown();
        }
        match witness(&file.holders) {
            Some(holder) => {
                self.out.read(Key::Holder(id, holder));
            }
            None => {
                for holder in file.holders.keys() {
                    self.out.read(Key::Holder(id, *holder));
                }
            }
        }
    }

    fn looks_up(&mut self, dir: At, path: &std::path::Path, last: Final) -> Option<Ino> {
        let out = &mut *self.out;
        let place = self
            .machine
            .walk_and(self.task, dir, path, last, &mut |seen| {
                match seen {
                    Seen::Entry(dir, name) => out.read(name_key(dir, name)),
                    Seen::Owner(ino) => out.read(Key::Owner(ino)),
                };
            })
            .ok()?;
        if let Some(ino) = place.ino {
            self.out.read(Key::Owner(ino));
        }
        place.ino
    }

    /// As `looks_up`, for a name that will be made or taken away.
    fn changes_name(&mut self, dir: At, path: &std::path::Path, last: Final) -> Option<Ino> {
        let mut final_entry = None;
        let out = &mut *self.out;
        let place = self
            .machine
            .walk_and(self.task, dir, path, last, &mut |seen| {
                match seen {
                    Seen::Entry(dir, name) => {
                        let key = name_key(dir, name);
                        final_entry = Some(key);
                        out.read(key)
                    }
                    Seen::Owner(ino) => out.read(Key::Owner(ino)),
                };
            })
            .ok()?;
        if let Some(key) = final_entry {
            self.out.write(key);
        }
        self.out.read(Key::Owner(place.dir));
        if let Some(ino) = place.ino {
            self.out.read(Key::Owner(ino));
        }
        place.ino
    }

    fn kills(&mut self, target: KillTarget, signal: Option<Signal>) {
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

    fn signals_to(&mut self, target: TaskName, signal: Option<Signal>) {
        self.out.read(Key::Life(target));
        self.may_signal(target, signal);
        if let Some(signal) = signal {
            self.sends(target, signal);
        }
    }

    /// Whose ids decide whether the signal may be sent. Where the target's real
    /// id alone permits it, its saved one is not asked.
    fn may_signal(&mut self, target: TaskName, signal: Option<Signal>) {
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
    fn changes_uids(&mut self, change: impl FnOnce(&mut Creds) -> crate::sys::Result<()>) {
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

    /// What a wait looks at besides what it waits for: signals that end it. If
    /// it has what it waits for, it looks at none.
    fn may_be_interrupted(&mut self, call: &Call) {
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

    fn reads_pending(&mut self, set: SignalSet) {
        if set.bits().count_ones() > 4 {
            self.out.read(Key::AnyPending(self.task));
            return;
        }
        for signal in set.iter() {
            self.out.read(Key::Pending(self.task, signal));
        }
    }

    fn takes_pending(&mut self, set: SignalSet) {
        self.reads_pending(set);
        let pending = self.machine.process(self.task).signals.pending_set();
        if let Some(signal) = both(pending, set).iter().next() {
            self.out
                .write(Key::Pending(self.task, signal))
                .add(Key::AnyPending(self.task));
        }
    }

    fn polls(&mut self, poll: &PollFd) {
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

    /// The part of a call that waits.
    fn waits(&mut self, call: &Call) {
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

    fn waits_for_child(&mut self, target: WaitFor) {
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

    fn reads(&mut self, fd: i32, max: usize) {
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

    fn writes(&mut self, fd: i32, data: &[u8]) {
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

    fn goes(&mut self, call: &Call) {
        let (machine, task) = (self.machine, self.task);
        match call {
            Call::Exit { .. } => self.begins_end(),
            Call::Fork => self.forks(),
            Call::GetPpid => {
                self.out.read(Key::Parent(task));
            }
            Call::SetSid => {
                let process = machine.process(task);
                self.out
                    .read(Key::Group(process.pid))
                    .write(Key::Group(process.group))
                    .write(Key::Group(process.pid))
                    .write(Key::Session(task));
                if process.terminal {
                    self.out.write(Key::Terminal);
                }
            }
            Call::GetSid { pid: Some(pid) } | Call::GetPgid { pid: Some(pid) } => {
                self.out.read(Key::Pid(pid.as_raw()));
                if let Some(asked) = machine.task_of(pid.as_raw()) {
                    self.out.read(Key::Life(asked)).read(Key::Session(asked));
                }
            }
            Call::SetChildSubreaper { .. } => {
                self.out.write(Key::Subreaper(task));
            }
            Call::PidfdOpen { pid } => {
                self.out.read(Key::Pid(pid.as_raw()));
            }
            Call::Kill { target, signal } => self.kills(*target, *signal),
            Call::PidfdSendSignal { pidfd, signal } => {
                if let Ok(What::Process(target)) = machine.file(task, *pidfd).map(|file| file.what)
                {
                    self.out.read(Key::Life(target));
                    if machine.processes.contains_key(&target) {
                        self.signals_to(target, *signal);
                    }
                }
            }
            Call::SigMask { .. } => {
                self.out
                    .write(Key::Rules(task))
                    .write(Key::AnyPending(task));
            }
            Call::SigAction { signal, .. } => {
                self.out
                    .write(Key::Rules(task))
                    .write(Key::Pending(task, *signal))
                    .write(Key::AnyPending(task));
            }
            Call::SigPending => {
                self.out.read(Key::AnyPending(task));
            }
            Call::SetResUid {
                real,
                effective,
                saved,
            } => {
                let new = [*real, *effective, *saved];
                self.changes_uids(|creds| creds.set_res_uid(new, &machine.rules.ids));
            }
            Call::SetUid { uid } => {
                self.changes_uids(|creds| creds.set_uid(*uid, &machine.rules.ids));
            }
            Call::Wait { .. }
            | Call::Read { .. }
            | Call::Write { .. }
            | Call::Poll { .. }
            | Call::SigTimedWait { .. } => self.waits(call),
            Call::Now => {
                self.out.read(Key::Clock);
            }
            _ => self.goes_for_files(call),
        }
    }

    fn forks(&mut self) {
        let (machine, task) = (self.machine, self.task);
        let process = machine.process(task);
        self.out
            .write(Key::NextPid)
            .write(Key::Children(task))
            .write(Key::Group(process.group));
        if let Some(pid) = machine.upcoming_pid() {
            self.out.write(Key::Pid(pid));
        }
        if let Some(child) = task.child(process.forks + 1) {
            self.out.write(Key::Life(child));
        }
        // Of what it holds, the child may be the witness from now on.
        for descriptor in process.fds.values() {
            if matches!(
                machine.files[&descriptor.file].what,
                What::PipeOut(_) | What::PipeIn(_) | What::Inode(_)
            ) {
                self.out.write(Key::Holder(descriptor.file, task));
            }
        }
    }

    fn goes_for_files(&mut self, call: &Call) {
        let (machine, task) = (self.machine, self.task);
        match call {
            Call::Open { dir, path, how, .. } => self.opens(*dir, path, *how),
            Call::Close { fd } => self.closes_fd(*fd),
            Call::CloseRange { first, last } => {
                for (_, descriptor) in machine
                    .process(task)
                    .fds
                    .iter()
                    .filter(|(fd, _)| (*first..=*last).contains(*fd))
                {
                    self.closes(descriptor.file);
                }
            }
            Call::Dup2 { to, .. } => self.closes_fd(*to),
            Call::Flock { fd, lock } => self.locks(*fd, *lock),
            Call::Fstat { fd } => match machine.file(task, *fd).map(|file| file.what) {
                Ok(What::Inode(ino)) => {
                    self.out.read(Key::Owner(ino)).read(Key::Data(ino));
                }
                Ok(What::PipeOut(id) | What::PipeIn(id)) => {
                    self.out.read(Key::Pipe(id));
                }
                Ok(What::Socket(id)) => {
                    self.out.read(Key::Socket(id));
                }
                Ok(What::Process(_) | What::Signals(_)) | Err(_) => {}
            },
            Call::Stat { dir, path, follow } => {
                let last = match follow {
                    Follow::Yes => Final::Follow,
                    Follow::No => Final::FollowBeforeSlash,
                };
                if let Some(ino) = self.looks_up(*dir, path, last) {
                    self.out.read(Key::Data(ino));
                }
            }
            Call::Rename { dir, from, to, .. } => {
                let from = self.changes_name(*dir, from, Final::Keep);
                let to = self.changes_name(*dir, to, Final::Keep);
                for ino in [from, to].into_iter().flatten() {
                    self.out.write(Key::Owner(ino));
                    if machine.inode(ino).is_directory() {
                        self.unknown();
                    }
                }
            }
            Call::Link { dir, from, to } => {
                if let Some(ino) = self.looks_up(*dir, from, Final::FollowBeforeSlash) {
                    self.out.write(Key::Owner(ino));
                }
                self.changes_name(*dir, to, Final::Keep);
            }
            Call::Unlink { dir, path } => {
                if let Some(ino) = self.changes_name(*dir, path, Final::Keep) {
                    self.out.write(Key::Owner(ino));
                }
            }
            Call::Mkdir { dir, path, .. } => {
                self.changes_name(*dir, path, Final::Keep);
                // The number of the directory's links.
                if let Ok(place) = machine.walk(task, *dir, path, Final::Keep) {
                    self.out.write(Key::Owner(place.dir));
                }
            }
            Call::Ftruncate { fd, .. } => {
                if let Ok(What::Inode(ino)) = machine.file(task, *fd).map(|file| file.what) {
                    self.out.write(Key::Data(ino)).write(Key::Owner(ino));
                }
            }
            Call::Fchown { fd, .. } | Call::Fchmod { fd, .. } => {
                match machine.file(task, *fd).map(|file| file.what) {
                    Ok(What::Inode(ino)) => {
                        self.out.write(Key::Owner(ino));
                    }
                    Ok(What::PipeOut(id) | What::PipeIn(id)) => {
                        self.out.write(Key::Pipe(id));
                    }
                    Ok(What::Socket(id)) => {
                        self.out.write(Key::Socket(id));
                    }
                    Ok(What::Process(_) | What::Signals(_)) | Err(_) => {}
                }
            }
            Call::Chdir { path } => {
                self.looks_up(At::Cwd, path, Final::Follow);
            }
            _ => self.goes_for_sockets(call),
        }
    }

    fn closes_fd(&mut self, fd: i32) {
        if let Ok(id) = self.machine.file_id(self.task, fd) {
            self.closes(id);
        }
    }

    fn opens(&mut self, dir: At, path: &std::path::Path, how: crate::sys::records::OpenHow) {
        let last = match how.no_follow || how.create && how.exclusive {
            true => Final::Keep,
            false => Final::Follow,
        };
        let found = match how.create {
            true => self.changes_name(dir, path, last),
            false => self.looks_up(dir, path, last),
        };
        let Some(ino) = found else { return };
        if how.truncate {
            self.out.write(Key::Data(ino)).write(Key::Owner(ino));
        }
        if matches!(self.machine.inode(ino).node, Node::Device(_)) {
            match how.no_ctty {
                true => self.out.read(Key::Terminal),
                false => self.out.write(Key::Terminal),
            };
        }
    }

    fn locks(&mut self, fd: i32, lock: Lock) {
        let (machine, task) = (self.machine, self.task);
        let Ok(id) = machine.file_id(task, fd) else {
            return;
        };
        let Some(on) = Lockable::of(machine.files[&id].what) else {
            return;
        };
        self.out.write(Key::Lock(on)).write(Key::File(id));
        if lock == Lock::Unlock {
            return;
        }
        if let Some(other) = machine.competing(on, id, lock).next() {
            return self.asks_whether_open(other);
        }
        let Some(locks) = machine.locks.get(&on) else {
            return;
        };
        for other in locks.keys().filter(|other| **other != id) {
            self.asks_whether_open(*other);
        }
    }

    fn goes_for_sockets(&mut self, call: &Call) {
        let (machine, task) = (self.machine, self.task);
        match call {
            Call::Listen { fd, .. } | Call::Accept { fd } | Call::Receive { fd, .. } => {
                if let Ok(id) = machine.socket_of(task, *fd) {
                    self.touches_socket(id);
                }
            }
            Call::Bind { fd, address } => {
                if let Ok(id) = machine.socket_of(task, *fd) {
                    self.touches_socket(id);
                }
                match address {
                    UnixAddr::Path(path) => {
                        self.changes_name(At::Cwd, path, Final::Keep);
                    }
                    UnixAddr::Abstract(name) => {
                        self.out.write(Key::Abstract(Digest::of(name)));
                    }
                }
            }
            Call::Connect { fd, address } => {
                if let Ok(id) = machine.socket_of(task, *fd) {
                    self.touches_socket(id);
                    self.addresses(id, address);
                }
            }
            Call::Send { fd, fds, to, .. } => {
                if let Ok(id) = machine.socket_of(task, *fd) {
                    self.touches_socket(id);
                    if let Some(address) = to {
                        self.addresses(id, address);
                    }
                }
                if !fds.is_empty() {
                    self.unknown();
                }
            }
            // Nothing but the process's own.
            _ => {}
        }
    }

    fn addresses(&mut self, id: SocketId, address: &UnixAddr) {
        match address {
            UnixAddr::Path(path) => {
                self.looks_up(At::Cwd, path, Final::Follow);
            }
            UnixAddr::Abstract(name) => {
                self.out.read(Key::Abstract(Digest::of(name)));
            }
        }
        let kind = self.machine.sockets[&id].kind;
        if let Ok(other) = self.machine.addressed(self.task, address, kind) {
            self.touches_socket(other);
        }
    }
}

/// Who is asked whether a description is open: the first holder, but rather
/// its first descendant that holds it, and so on. A child often holds what its
/// parent is about to close. Whoever closes or forks without being the witness
/// does not change who that is: the children of a process are named in order.
fn witness(holders: &BTreeMap<TaskName, u32>) -> Option<TaskName> {
    let mut holding = holders
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(holder, _)| *holder);
    let mut witness = holding.next()?;
    for next in holding {
        if !is_descendant(next, witness) {
            break;
        }
        witness = next;
    }
    Some(witness)
}

fn is_descendant(task: TaskName, of: TaskName) -> bool {
    iter::successors(task.parent(), |above| above.parent()).any(|above| above == of)
}

fn name_key(dir: Ino, name: &OsStr) -> Key {
    Key::Name(dir, Digest::of(name))
}
