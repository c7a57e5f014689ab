//! A process as plain data, and where its number comes from.

use std::collections::BTreeMap;
use std::os::fd::RawFd;
use std::time::Duration;

use super::Machine;
use super::credentials::Creds;
use super::descriptors::Descriptor;
use super::ids::Ino;
use super::refusal::{Refusal, Result};
use super::signals::Signals;
use crate::explore::TaskName;
use crate::sys::records::Ended;
use crate::sys::{Pid, SignalSet};

/// A process of a [`Machine`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its parent: who forked it, or who adopted it.
    pub parent: TaskName,
    /// Its children that have not been reaped, in the order in which they
    /// came: the order in which wait(2) looks at them.
    pub children: Vec<TaskName>,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// Whether it has the machine's terminal for controlling terminal.
    pub terminal: bool,
    /// Whether it runs.
    pub life: Life,
    /// Whether orphaned descendants are given to it.
    pub subreaper: bool,
    /// Who it is.
    pub creds: Creds,
    /// Its signals.
    pub signals: Signals,
    /// Its descriptors.
    pub fds: BTreeMap<RawFd, Descriptor>,
    /// Its working directory.
    pub cwd: Ino,
    /// Its umask.
    pub umask: u32,
    /// What it is waiting for, if it is in a call that waits.
    pub(super) wait: Option<Wait>,
    /// How many children it has forked: the next one's place in the pedigree.
    pub(super) forks: u16,
    /// How many objects it has made: see [`super::ids`].
    pub(super) objects: u32,
    /// Whether it is part of the scenery: it runs no program, no signal
    /// changes it, and it reaps its children at once.
    pub(super) scenery: bool,
}

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Life {
    /// It runs, or waits in a call.
    Running,
    /// A signal has stopped it.
    Stopped,
    /// It has closed its descriptors, and is not waitable yet.
    Ending(Ended),
    /// It has ended, and nobody has waited for it.
    Zombie(Ended),
}

impl Life {
    /// Whether it is on its way out, or out.
    pub fn is_over(self) -> bool {
        matches!(self, Life::Ending(_) | Life::Zombie(_))
    }
}

/// A call that waits, from when it was made to when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub(super) struct Wait {
    /// When its time has passed.
    pub deadline: Option<Duration>,
    /// Whether it has begun: from then on a handler interrupts it.
    pub entered: bool,
    /// The mask that `ppoll` puts in place of the process's own.
    pub mask: Option<SignalSet>,
    /// The signals that `sigtimedwait` waits for.
    pub wanted: SignalSet,
    /// How many bytes of a write are written already.
    pub written: usize,
    /// It was stopped and continued since it began.
    pub continued: bool,
}

/// From which numbers PIDs are taken: one after the other, and from the first
/// again after the last, less those in use (`pid_max` of `proc(5)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PidSpace {
    /// The first number, which is also the first after the last.
    pub first: i32,
    /// The last number.
    pub last: i32,
}

impl Process {
    /// The wait that it is inside of.
    pub(super) fn inside(&self) -> Option<&Wait> {
        self.wait.as_ref().filter(|wait| wait.entered)
    }
}

impl Machine {
    /// The process of a task.
    ///
    /// # Panics
    /// If it has ended and was reaped.
    pub fn process(&self, task: TaskName) -> &Process {
        match self.processes.get(&task) {
            Some(process) => process,
            None => panic!("the process of task {task} is gone"),
        }
    }

    pub(super) fn process_mut(&mut self, task: TaskName) -> &mut Process {
        match self.processes.get_mut(&task) {
            Some(process) => process,
            None => panic!("the process of task {task} is gone"),
        }
    }

    /// Who has this PID now; zombies have theirs until they are reaped.
    pub fn task_of(&self, pid: i32) -> Option<TaskName> {
        self.processes
            .iter()
            .find(|(_, process)| process.pid == pid)
            .map(|(task, _)| *task)
    }

    /// Whether new processes can get a number that another one had.
    pub(super) fn pids_wrap(&self) -> bool {
        self.rules.pids.last - self.rules.pids.first < 10_000
    }

    /// The PID that the next fork gets, if one is free.
    pub(super) fn upcoming_pid(&self) -> Option<i32> {
        let PidSpace { first, last } = self.rules.pids;
        let mut after = (self.next_pid..=last).chain(first..self.next_pid);
        after.find(|pid| {
            // A number stays taken as long as it names a group or a session.
            self.processes
                .values()
                .all(|process| ![process.pid, process.group, process.session].contains(pid))
        })
    }

    pub(super) fn new_pid(&mut self) -> Result<i32> {
        let PidSpace { first, last } = self.rules.pids;
        let pid = self.upcoming_pid().ok_or(Refusal::NoPidFree)?;
        self.next_pid = if pid == last { first } else { pid + 1 };
        Ok(pid)
    }

    /// fork(2): gives the child.
    ///
    /// # Errors
    /// EAGAIN where no PID is free.
    ///
    /// # Panics
    /// If the pedigree becomes too long for [`TaskName`].
    pub(super) fn fork(&mut self, parent: TaskName) -> Result<TaskName> {
        let pid = self.new_pid()?;
        let process = self.process_mut(parent);
        process.forks += 1;
        let child = parent
            .child(process.forks)
            .expect("a pedigree of fewer than twelve generations");
        process.children.push(child);
        let copy = Process {
            pid,
            parent,
            children: Vec::new(),
            life: Life::Running,
            subreaper: false,
            signals: process.signals.of_child(),
            wait: None,
            forks: 0,
            objects: 0,
            scenery: false,
            ..process.clone()
        };
        for descriptor in copy.fds.values() {
            self.files
                .get_mut(&descriptor.file)
                .expect("a descriptor has a file")
                .hold(child);
        }
        self.processes.insert(child, copy);
        Ok(child)
    }

    pub(super) fn setsid(&mut self, task: TaskName) -> Result<Pid> {
        let pid = self.process(task).pid;
        // It leads a group, or once did and left others in it.
        if self.processes.values().any(|other| other.group == pid) {
            return Err(Refusal::SetSidByLeader);
        }
        let process = self.process_mut(task);
        process.group = pid;
        process.session = pid;
        process.terminal = false;
        Ok(Pid::from_raw(pid))
    }

    pub(super) fn getsid(&self, task: TaskName, pid: Option<Pid>) -> Result<Pid> {
        self.asked(task, pid)
            .map(|process| Pid::from_raw(process.session))
    }

    pub(super) fn getpgid(&self, task: TaskName, pid: Option<Pid>) -> Result<Pid> {
        self.asked(task, pid)
            .map(|process| Pid::from_raw(process.group))
    }

    fn asked(&self, task: TaskName, pid: Option<Pid>) -> Result<&Process> {
        let asked = match pid.map(Pid::as_raw) {
            None | Some(0) => Some(task),
            Some(pid) => self.task_of(pid),
        };
        asked
            .map(|asked| self.process(asked))
            .ok_or(Refusal::AskedOfNobody)
    }
}
