//! The machine: everything that system calls change, as plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::credentials::{Creds, IdRules};
use super::descriptors::{OpenFile, What};
use super::ids::Lockable;
use super::ids::{FileId, Ino, PipeId, SocketId};
use super::inode::{Inode, ROOT, ROOT_DEVICE};
use super::pipes::Pipe;
use super::process::{Life, PidSpace, Process};
use super::signals::Signals;
use super::sockets::Socket;
use super::terminal::Terminal;
use crate::explore::{Digest, TaskName};
use crate::sys::records::{Ended, Lock, SocketKind};

/// A computer with its processes, files and clock.
///
/// Two machines are equal if no program could tell them apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine {
    /// The processes that have not been reaped.
    pub(super) processes: BTreeMap<TaskName, Process>,
    /// How every process ended that has.
    pub(super) ends: BTreeMap<TaskName, Ended>,
    pub(super) inodes: BTreeMap<Ino, Arc<Inode>>,
    /// Open file descriptions; those that are closed stay, with no holder.
    pub(super) files: BTreeMap<FileId, OpenFile>,
    /// Which file was locked how through which description; it holds for as
    /// long as that is open.
    pub(super) locks: BTreeMap<Lockable, BTreeMap<FileId, Lock>>,
    pub(super) pipes: BTreeMap<PipeId, Pipe>,
    pub(super) sockets: BTreeMap<SocketId, Socket>,
    /// Sockets by their kind and abstract name: each kind has names of its own.
    pub(super) abstract_names: BTreeMap<(SocketKind, Vec<u8>), SocketId>,
    pub(super) terminal: Terminal,
    pub(super) clock: Duration,
    pub(super) next_pid: i32,
    pub(super) rules: Arc<Rules>,
}

/// What never changes in a machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    /// From which numbers PIDs are taken.
    pub pids: PidSpace,
    /// What the user namespace allows.
    pub ids: IdRules,
    /// How many descriptors a process may have (`RLIMIT_NOFILE`).
    pub most_fds: usize,
    /// How many pages a pipe has room for; Linux's default is 16.
    pub pipe_pages: usize,
    /// How many datagrams wait at a socket (`net.unix.max_dgram_qlen`).
    pub waiting_datagrams: usize,
    /// Whether a datagram to nobody is refused before its size and what the
    /// socket was told are looked at, as by older kernels
    /// (`unix_dgram_sendmsg` in net/unix/af_unix.c).
    pub addressee_first: bool,
    /// The file systems that are mounted read-only, by device.
    pub read_only: BTreeSet<u64>,
    /// `fs.protected_hardlinks`.
    pub protected_hardlinks: bool,
    /// `fs.protected_symlinks`.
    pub protected_symlinks: bool,
    /// `fs.protected_regular`: 0, 1 or 2.
    pub protected_regular: u32,
    /// Whether every end is in two steps, also one that others could not tell
    /// from one in a single step, and pidfds tell of the first one: as where a
    /// tracer holds each end before the parent is told (`exit_notify` in
    /// kernel/exit.c).
    pub ends_in_two_steps: bool,
}

impl Default for Rules {
    /// PIDs up to 4194304, every id mapped, 1024 descriptors, and the
    /// protections that a distribution with systemd switches on.
    fn default() -> Rules {
        Rules {
            pids: PidSpace {
                first: 300,
                last: 4_194_303,
            },
            ids: IdRules {
                mapped: u32::MAX,
                setgroups_denied: false,
                initial: true,
            },
            most_fds: 1024,
            pipe_pages: 16,
            waiting_datagrams: 10,
            addressee_first: false,
            read_only: BTreeSet::new(),
            protected_hardlinks: true,
            protected_symlinks: true,
            protected_regular: 1,
            ends_in_two_steps: false,
        }
    }
}

impl Machine {
    /// PID 1, which adopts orphans and reaps them.
    pub const INIT: TaskName = TaskName::first(u16::MAX);

    /// Whoever starts the programs: a shell, or a service manager.
    pub const STARTER: TaskName = TaskName::first(u16::MAX - 1);

    /// A machine with init, a starter that leads a session of its own with the
    /// terminal, and a root directory; the programs' PIDs begin at `next_pid`.
    pub fn new(rules: Rules, next_pid: i32) -> Machine {
        let scenery = |pid: i32| Process {
            pid,
            parent: Machine::INIT,
            children: Vec::new(),
            group: pid,
            session: pid,
            terminal: false,
            life: Life::Running,
            subreaper: false,
            creds: Creds::root(),
            signals: Signals::default(),
            fds: BTreeMap::new(),
            cwd: ROOT,
            umask: 0o022,
            wait: None,
            forks: 0,
            objects: 0,
            scenery: true,
        };
        let starter = Process {
            terminal: true,
            ..scenery(STARTER_PID)
        };
        let init = Process {
            children: vec![Machine::STARTER],
            ..scenery(1)
        };
        Machine {
            processes: BTreeMap::from([(Machine::INIT, init), (Machine::STARTER, starter)]),
            ends: BTreeMap::new(),
            inodes: BTreeMap::from([(ROOT, Arc::new(Inode::directory(ROOT_DEVICE, 0o755, ROOT)))]),
            files: BTreeMap::new(),
            locks: BTreeMap::new(),
            pipes: BTreeMap::new(),
            sockets: BTreeMap::new(),
            abstract_names: BTreeMap::new(),
            terminal: Terminal::of(STARTER_PID),
            clock: CLOCK_START,
            next_pid,
            rules: Arc::new(rules),
        }
    }

    /// The tasks that run a program and have not ended, in the order of their
    /// names.
    pub fn running(&self) -> impl Iterator<Item = TaskName> + '_ {
        self.processes
            .iter()
            .filter(|(_, process)| !process.scenery && !matches!(process.life, Life::Zombie(_)))
            .map(|(task, _)| *task)
    }

    /// The processes that have not been reaped, less the scenery.
    pub fn processes(&self) -> impl Iterator<Item = (TaskName, &Process)> + '_ {
        self.processes
            .iter()
            .filter(|(_, process)| !process.scenery)
            .map(|(task, process)| (*task, process))
    }

    /// Whether the task runs a program that has not ended.
    pub(in crate::sim) fn is_listed(&self, task: TaskName) -> bool {
        let process = self.processes.get(&task);
        process.is_some_and(|process| !matches!(process.life, Life::Zombie(_)))
    }

    /// Whether a process that exits is waitable at once.
    pub(in crate::sim) fn ends_at_once(&self, task: TaskName) -> bool {
        !self.end_has_two_steps(task)
    }

    /// Ends a process where it is.
    pub(in crate::sim) fn end_now(&mut self, task: TaskName, ended: Ended) {
        self.begin_end(task, ended);
    }

    /// Ends a call that a fault has struck.
    pub(in crate::sim) fn leave_call(&mut self, task: TaskName) {
        if self.processes.contains_key(&task) {
            self.leave(task);
        }
    }

    /// A digest of everything that a program could notice. What is as it was
    /// in `initial` is left out: it says nothing.
    pub(in crate::sim) fn digest(&self, initial: &Machine) -> u64 {
        let mut digest = Digest::new();
        let changed = self.inodes.iter().filter(|(ino, inode)| {
            let before = initial.inodes.get(ino);
            !before.is_some_and(|before| Arc::ptr_eq(before, inode))
        });
        for entry in changed {
            entry.hash(&mut digest);
        }
        (
            &self.processes,
            &self.ends,
            &self.files,
            &self.locks,
            &self.pipes,
            &self.sockets,
            &self.terminal,
            self.clock,
            self.next_pid,
        )
            .hash(&mut digest);
        digest.finish()
    }

    /// Whether anybody has locked the file.
    pub fn is_locked(&self, ino: Ino) -> bool {
        let mut locks = self.locks.get(&Lockable::Inode(ino)).into_iter().flatten();
        locks.any(|(file, _)| self.files[file].is_open())
    }

    /// What an open file description is open on.
    pub fn what(&self, file: FileId) -> What {
        self.files[&file].what
    }

    /// How every process ended that has.
    pub fn ends(&self) -> &BTreeMap<TaskName, Ended> {
        &self.ends
    }

    /// The monotonic clock.
    pub fn clock(&self) -> Duration {
        self.clock
    }

    /// What never changes.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}

/// The starter's PID.
const STARTER_PID: i32 = 2;

/// What the clock shows at first: a machine that has been up for a while.
const CLOCK_START: Duration = Duration::from_secs(1000);
