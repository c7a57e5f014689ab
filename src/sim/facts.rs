//! What can be seen at the end of an execution, for invariants to judge.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::kernel::{Content, Inode, Life, Machine, Node, Process, What};
use crate::explore::TaskName;
use crate::sys::records::Ended;

/// The machine when a rule is judged. Whoever has not ended at the end of an
/// execution waits for something that never comes.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    machine: &'a Machine,
    killed: &'a BTreeSet<TaskName>,
}

/// A regular file, as it was left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub content: Vec<u8>,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner and group.
    pub owner: (u32, u32),
}

impl<'a> Facts<'a> {
    pub(super) fn of(machine: &'a Machine, killed: &'a BTreeSet<TaskName>) -> Facts<'a> {
        Facts { machine, killed }
    }

    /// How a process ended; `None` if it has not, or never was.
    pub fn end(&self, task: TaskName) -> Option<Ended> {
        self.machine.ends().get(&task).copied()
    }

    /// How the first process, the launcher, ended.
    pub fn launcher(&self) -> Option<Ended> {
        self.end(TaskName::ROOT)
    }

    /// The processes that a SIGKILL struck which no program sent: the fault.
    pub fn killed_from_outside(&self) -> impl Iterator<Item = TaskName> + use<'a> {
        self.killed.iter().copied()
    }

    /// The session in which the programs were started: that of a shell or a
    /// service manager.
    pub fn session_of_the_starter(&self) -> i32 {
        self.machine.process(Machine::STARTER).session
    }

    /// The processes that are left and have not ended, in the order of their
    /// names.
    pub fn alive(&self) -> impl Iterator<Item = (TaskName, &'a Process)> + use<'a> {
        let processes = self.machine.processes();
        processes.filter(|(_, process)| !process.life.is_over())
    }

    /// The processes that have ended and that nobody has waited for.
    pub fn zombies(&self) -> impl Iterator<Item = (TaskName, &'a Process)> + use<'a> {
        let processes = self.machine.processes();
        processes.filter(|(_, process)| matches!(process.life, Life::Zombie(_)))
    }

    /// The living process with this PID.
    pub fn with_pid(&self, pid: i32) -> Option<(TaskName, &'a Process)> {
        self.alive().find(|(_, process)| process.pid == pid)
    }

    /// The file at an absolute path without links, whatever it is.
    pub fn inode(&self, path: impl AsRef<Path>) -> Option<&'a Inode> {
        let machine = self.machine;
        machine.find(path.as_ref()).map(|ino| machine.inode(ino))
    }

    /// The regular file at an absolute path without links.
    pub fn file(&self, path: impl AsRef<Path>) -> Option<File> {
        let inode = self.inode(path)?;
        let Node::Regular(content) = &inode.node else {
            return None;
        };
        Some(File {
            content: Content::bytes(content),
            mode: inode.mode,
            owner: (inode.uid, inode.gid),
        })
    }

    /// The names in a directory.
    pub fn names_in(&self, path: impl AsRef<Path>) -> Vec<PathBuf> {
        match self.inode(path).map(|inode| &inode.node) {
            Some(Node::Directory { entries, .. }) => entries.keys().map(PathBuf::from).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether somebody holds a lock on the file at this path.
    pub fn is_locked(&self, path: impl AsRef<Path>) -> bool {
        let ino = self.machine.find(path.as_ref());
        ino.is_some_and(|ino| self.machine.is_locked(ino))
    }

    /// What a descriptor of a process is open on.
    pub fn descriptor(&self, process: &Process, fd: i32) -> Option<What> {
        let descriptor = process.fds.get(&fd)?;
        Some(self.machine.what(descriptor.file))
    }

    /// What was written to the terminal.
    pub fn terminal_output(&self) -> String {
        String::from_utf8_lossy(&self.machine.terminal().output).into_owned()
    }

    /// The machine itself.
    pub fn machine(&self) -> &'a Machine {
        self.machine
    }
}
