//! Descriptors, and the open file descriptions that they share after a fork.

use std::collections::BTreeMap;
use std::os::fd::RawFd;

use super::Machine;
use super::ids::Lockable;
use super::ids::{FileId, Ino, PipeId, SocketId};
use super::inode::{Device, Node};
use super::refusal::{Refusal, Result};
use super::signals::blockable;
use crate::explore::TaskName;
use crate::sys::records::{Access, Lock};
use crate::sys::{Pid, Signal, SignalSet};

/// A descriptor of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Descriptor {
    /// The open file description it refers to.
    pub file: FileId,
    /// `FD_CLOEXEC`.
    pub close_on_exec: bool,
}

/// An open file description (`open(2)`, "Open file descriptions").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OpenFile {
    /// What is open.
    pub what: What,
    /// For what it was opened.
    pub access: Access,
    /// `O_APPEND`.
    pub append: bool,
    /// `O_NONBLOCK`.
    pub non_blocking: bool,
    /// Where the next read or write begins.
    pub offset: u64,
    /// Whether it has ever been locked.
    pub(super) locked: bool,
    /// How many descriptors each process has of it; those who once had one
    /// stay, with 0.
    pub(super) holders: BTreeMap<TaskName, u32>,
    /// How many messages that nobody has received yet carry it.
    pub(super) in_flight: u32,
}

/// What a description is open on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Something that has a name: a file, a directory, a device.
    Inode(Ino),
    /// The end of a pipe that is read from.
    PipeOut(PipeId),
    /// The end of a pipe that is written to.
    PipeIn(PipeId),
    /// A socket.
    Socket(SocketId),
    /// A process.
    Process(TaskName),
    /// The signals of this set that are pending for whoever looks.
    Signals(SignalSet),
}

impl OpenFile {
    pub(super) fn new(what: What, access: Access) -> OpenFile {
        OpenFile {
            what,
            access,
            append: false,
            non_blocking: false,
            offset: 0,
            locked: false,
            holders: BTreeMap::new(),
            in_flight: 0,
        }
    }

    pub(super) fn hold(&mut self, task: TaskName) {
        *self.holders.entry(task).or_default() += 1;
    }

    /// Whether any descriptor refers to it.
    pub(super) fn is_open(&self) -> bool {
        self.in_flight > 0 || self.holders.values().any(|count| *count > 0)
    }

    /// Whether it can be read from.
    pub fn reads(&self) -> bool {
        matches!(self.access, Access::Read | Access::ReadWrite)
    }

    /// Whether it can be written to.
    pub fn writes(&self) -> bool {
        matches!(self.access, Access::Write | Access::ReadWrite)
    }
}

impl Machine {
    /// Whether other processes could notice that its last descriptor is
    /// closed: the other end of a pipe or socket, whoever wants the lock.
    pub(super) fn is_noticed_when_closed(&self, id: FileId) -> bool {
        match self.files[&id].what {
            What::PipeOut(_) | What::PipeIn(_) | What::Socket(_) => true,
            What::Inode(_) => self.files[&id].locked,
            What::Process(_) | What::Signals(_) => false,
        }
    }

    /// The device that is open.
    pub(super) fn device(&self, file: &OpenFile) -> Option<Device> {
        match file.what {
            What::Inode(ino) => match self.inode(ino).node {
                Node::Device(device) => Some(device),
                _ => None,
            },
            _ => None,
        }
    }

    /// The description behind a descriptor.
    ///
    /// # Errors
    /// EBADF.
    pub(super) fn file_id(&self, task: TaskName, fd: RawFd) -> Result<FileId> {
        let descriptor = self.process(task).fds.get(&fd).ok_or(Refusal::NotOpen)?;
        Ok(descriptor.file)
    }

    pub(super) fn file(&self, task: TaskName, fd: RawFd) -> Result<&OpenFile> {
        Ok(&self.files[&self.file_id(task, fd)?])
    }

    /// # Errors
    /// EBADF, also for one that was opened with `O_PATH`.
    pub(super) fn real_file(&self, task: TaskName, fd: RawFd) -> Result<&OpenFile> {
        let file = self.file(task, fd)?;
        match file.access {
            Access::Path => Err(Refusal::ReferenceOnly),
            _ => Ok(file),
        }
    }

    pub(super) fn file_mut(&mut self, id: FileId) -> &mut OpenFile {
        self.files.get_mut(&id).expect("a file that is there")
    }

    /// The inode of an open directory.
    pub(super) fn directory_of(&self, task: TaskName, fd: RawFd) -> Result<Ino> {
        match self.file(task, fd)?.what {
            What::Inode(ino) if self.inode(ino).is_directory() => Ok(ino),
            _ => Err(Refusal::DirectoryFdIsNone),
        }
    }

    /// The lowest number that is free.
    ///
    /// # Errors
    /// EMFILE.
    pub(super) fn free_fd(&self, task: TaskName) -> Result<RawFd> {
        let fds = &self.process(task).fds;
        let most = RawFd::try_from(self.rules.most_fds).unwrap_or(RawFd::MAX);
        (0..most)
            .find(|fd| !fds.contains_key(fd))
            .ok_or(Refusal::TooManyFds)
    }

    /// Opens a description with the lowest free number.
    pub(super) fn install(
        &mut self,
        task: TaskName,
        file: OpenFile,
        close_on_exec: bool,
    ) -> Result<RawFd> {
        let fd = self.free_fd(task)?;
        let id = FileId(self.new_id(task));
        self.files.insert(id, file);
        self.put(task, fd, id, close_on_exec);
        Ok(fd)
    }

    pub(super) fn put(&mut self, task: TaskName, fd: RawFd, file: FileId, close_on_exec: bool) {
        self.file_mut(file).hold(task);
        let descriptor = Descriptor {
            file,
            close_on_exec,
        };
        self.process_mut(task).fds.insert(fd, descriptor);
    }

    pub(super) fn close(&mut self, task: TaskName, fd: RawFd) -> Result<()> {
        self.file_id(task, fd)?;
        self.close_known(task, fd);
        Ok(())
    }

    /// Closes a descriptor that is open.
    pub(super) fn close_known(&mut self, task: TaskName, fd: RawFd) {
        let Some(descriptor) = self.process_mut(task).fds.remove(&fd) else {
            return;
        };
        let file = self.file_mut(descriptor.file);
        if let Some(count) = file.holders.get_mut(&task) {
            *count -= 1;
        }
        self.release_if_unused(descriptor.file);
    }

    /// What happens once the last descriptor is gone.
    pub(super) fn release_if_unused(&mut self, id: FileId) {
        let file = &self.files[&id];
        if let What::Socket(socket) = file.what
            && !file.is_open()
        {
            self.release_socket(socket);
        }
        // Whether a pipe still has readers and writers, and whether a lock
        // still holds, is asked of their files.
    }

    pub(super) fn close_range(&mut self, task: TaskName, first: RawFd, last: RawFd) -> Result<()> {
        if first < 0 || first > last {
            return Err(Refusal::RangeReversed);
        }
        let fds: Vec<RawFd> = self
            .process(task)
            .fds
            .range(first..=last)
            .map(|(fd, _)| *fd)
            .collect();
        for fd in fds {
            self.close_known(task, fd);
        }
        Ok(())
    }

    pub(super) fn dup2(&mut self, task: TaskName, from: RawFd, to: RawFd) -> Result<()> {
        let in_range = usize::try_from(to).is_ok_and(|to| to < self.rules.most_fds);
        if from != to && !in_range {
            return Err(Refusal::Dup2BeyondLimit);
        }
        let file = self.file_id(task, from)?;
        if from != to {
            // Held before the old one is closed: it may be the same file.
            self.file_mut(file).hold(task);
            self.close_known(task, to);
            let descriptor = Descriptor {
                file,
                close_on_exec: false,
            };
            self.process_mut(task).fds.insert(to, descriptor);
        }
        Ok(())
    }

    pub(super) fn set_close_on_exec(&mut self, task: TaskName, fd: RawFd, on: bool) -> Result<()> {
        self.file_id(task, fd)?;
        let descriptor = self.process_mut(task).fds.get_mut(&fd);
        descriptor.expect("it is open").close_on_exec = on;
        Ok(())
    }

    /// Locks belong to the description: a fork shares them, and the last close
    /// ends them.
    pub(super) fn flock(&mut self, task: TaskName, fd: RawFd, lock: Lock) -> Result<()> {
        let Some(on) = Lockable::of(self.real_file(task, fd)?.what) else {
            return Ok(());
        };
        let id = self.file_id(task, fd)?;
        let refused = lock != Lock::Unlock && self.competing(on, id, lock).next().is_some();
        let locks = self.locks.entry(on).or_default();
        if locks.get(&id) == Some(&lock) {
            return Ok(());
        }
        // A lock of another kind is given up first, even if the new one is
        // then refused (flock(2)).
        locks.remove(&id);
        if refused {
            return Err(Refusal::LockedByAnother);
        }
        match lock {
            Lock::Unlock if locks.is_empty() => {
                self.locks.remove(&on);
            }
            Lock::Unlock => {}
            Lock::Exclusive | Lock::Shared => {
                locks.insert(id, lock);
                self.file_mut(id).locked = true;
            }
        }
        Ok(())
    }

    /// The open files whose locks keep `id` from getting `lock`.
    pub(super) fn competing(
        &self,
        on: Lockable,
        id: FileId,
        lock: Lock,
    ) -> impl Iterator<Item = FileId> + '_ {
        let locks = self.locks.get(&on).into_iter().flatten();
        locks
            .filter(move |(other, held)| {
                **other != id && (lock == Lock::Exclusive || **held == Lock::Exclusive)
            })
            .map(|(other, _)| *other)
            .filter(|other| self.files[other].is_open())
    }

    pub(super) fn pidfd_open(&mut self, task: TaskName, pid: Pid) -> Result<RawFd> {
        if pid.as_raw() <= 0 {
            return Err(Refusal::PidfdOfNoPid);
        }
        let target = self.task_of(pid.as_raw()).ok_or(Refusal::PidfdOfNobody)?;
        let file = OpenFile::new(What::Process(target), Access::ReadWrite);
        self.install(task, file, true)
    }

    pub(super) fn signalfd(&mut self, task: TaskName, set: SignalSet) -> Result<RawFd> {
        let file = OpenFile {
            non_blocking: true,
            ..OpenFile::new(What::Signals(blockable(set)), Access::ReadWrite)
        };
        self.install(task, file, true)
    }

    pub(super) fn pidfd_send_signal(
        &mut self,
        task: TaskName,
        pidfd: RawFd,
        signal: Option<Signal>,
    ) -> Result<()> {
        let What::Process(target) = self.real_file(task, pidfd)?.what else {
            return Err(Refusal::NotAPidfd);
        };
        if !self.processes.contains_key(&target) {
            return Err(Refusal::PidfdOfReaped);
        }
        self.send_checked(task, target, signal)
    }
}
