//! What is done to a file that is open: reading, writing, its length, owner
//! and mode.

use std::os::fd::RawFd;

use super::Machine;
use super::credentials::{Capability, Creds};
use super::descriptors::{OpenFile, What};
use super::ids::{FileId, Ino};
use super::inode::{Content, Device, Node};
use super::refusal::{Refusal, Result};
use crate::explore::TaskName;
use crate::sys::records::{FileKind, SignalInfo, Stat};
use crate::sys::{Gid, Uid};

/// The longest file (`MAX_LFS_FILESIZE`).
const LONGEST_FILE: u64 = i64::MAX as u64;

/// The device that pipes and sockets are on.
const ANONYMOUS_DEVICE: u64 = 0xf;

/// What has an owner, a group and a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Owned {
    uid: u32,
    gid: u32,
    mode: u32,
    is_directory: bool,
}

impl Machine {
    /// Whether read(2) would return without waiting.
    pub(super) fn read_returns(&self, task: TaskName, fd: RawFd, max: usize) -> bool {
        match self.file(task, fd) {
            Ok(OpenFile {
                what: What::PipeOut(pipe),
                ..
            }) => max == 0 || self.pipe_can_be_read(*pipe),
            // Nobody types: a read from the terminal waits for its hang-up.
            Ok(file) => {
                file.non_blocking
                    || !file.reads()
                    || !self.device(file).is_some_and(is_terminal)
                    || self.terminal.hung_up
            }
            Err(_) => true,
        }
    }

    pub(super) fn read(&mut self, task: TaskName, fd: RawFd, max: usize) -> Result<Vec<u8>> {
        if !self.read_returns(task, fd, max) && self.interrupted(task) {
            return Err(Refusal::ReadInterrupted);
        }
        let file = self.real_file(task, fd)?;
        if !file.reads() {
            return Err(Refusal::NotOpenForReading);
        }
        match file.what {
            What::PipeOut(pipe) => Ok(self.read_pipe(pipe, max)),
            What::PipeIn(_) => unreachable!("it is open for writing alone"),
            // `sock_read_iter` in net/socket.c looks no further.
            What::Socket(_) if max == 0 => Ok(Vec::new()),
            What::Socket(_) => self.receive(task, fd, max, 0).map(|message| message.data),
            What::Process(_) => Err(Refusal::PidfdRead),
            What::Signals(_) if max < SignalInfo::SIGNALFD_SIZE => {
                Err(Refusal::SignalfdBufferShort)
            }
            What::Signals(set) => {
                let taken = self.process_mut(task).signals.take(set);
                taken
                    .map(SignalInfo::to_signalfd)
                    .ok_or(Refusal::SignalfdEmpty)
            }
            What::Inode(ino) => {
                let id = self.file_id(task, fd)?;
                self.read_inode(id, ino, max)
            }
        }
    }

    fn read_inode(&mut self, id: FileId, ino: Ino, max: usize) -> Result<Vec<u8>> {
        let file = &self.files[&id];
        match &self.inode(ino).node {
            Node::Directory { .. } => Err(Refusal::DirectoryRead),
            Node::Device(Device::Null) => Ok(Vec::new()),
            Node::Device(Device::Zero) => Ok(vec![0; max]),
            Node::Device(_) if self.terminal.hung_up => Ok(Vec::new()),
            Node::Device(_) => Err(Refusal::NobodyTypes),
            Node::Regular(content) => {
                let data = content.read(file.offset, max);
                self.file_mut(id).offset += data.len() as u64;
                Ok(data)
            }
            Node::Symlink(_) | Node::Socket(_) => unreachable!("these cannot be opened"),
        }
    }

    /// Whether write(2) would return, or at least write something, without
    /// waiting.
    pub(super) fn write_returns(&self, task: TaskName, fd: RawFd, data: &[u8]) -> bool {
        match self.file(task, fd) {
            Ok(OpenFile {
                what: What::PipeIn(pipe),
                ..
            }) => {
                let before = self.process(task).wait.map_or(0, |wait| wait.written);
                data.is_empty() || self.pipe_can_be_written(*pipe, data, before)
            }
            _ => true,
        }
    }

    /// write(2); `None` while more is to be written and it waits.
    pub(super) fn write(
        &mut self,
        task: TaskName,
        fd: RawFd,
        data: &[u8],
    ) -> Option<Result<usize>> {
        let file = match self.real_file(task, fd) {
            Ok(file) if file.writes() => file,
            Ok(_) => return Some(Err(Refusal::NotOpenForWriting)),
            Err(refusal) => return Some(Err(refusal)),
        };
        match file.what {
            What::PipeIn(pipe) => self.write_pipe(task, pipe, data),
            What::PipeOut(_) => unreachable!("it is open for reading alone"),
            What::Socket(_) => Some(self.write_socket(task, fd, data)),
            What::Process(_) | What::Signals(_) => Some(Err(Refusal::NothingToWriteTo)),
            What::Inode(ino) => {
                let id = self.file_id(task, fd);
                Some(id.and_then(|id| self.write_inode(task, id, ino, data)))
            }
        }
    }

    /// Whether a change of a file's content leaves its set-id bits alone.
    fn keeps_set_ids(&self, creds: &Creds) -> bool {
        self.rules.ids.initial && creds.can(Capability::FSetId)
    }

    fn write_inode(&mut self, task: TaskName, id: FileId, ino: Ino, data: &[u8]) -> Result<usize> {
        match self.inode(ino).node {
            Node::Device(Device::Null | Device::Zero) => return Ok(data.len()),
            Node::Device(_) if self.terminal.hung_up => return Err(Refusal::TerminalHungUp),
            Node::Device(_) => {
                self.terminal.output.extend_from_slice(data);
                return Ok(data.len());
            }
            _ => {}
        }
        let creds = self.process(task).creds.clone();
        let keeps_set_ids = self.keeps_set_ids(&creds);
        let OpenFile { append, offset, .. } = self.files[&id];
        let inode = self.inode_mut(ino);
        let Node::Regular(content) = &mut inode.node else {
            unreachable!("only regular files are written to");
        };
        let at = if append { content.size } else { offset };
        if data.is_empty() {
            return Ok(0);
        }
        if at.saturating_add(data.len() as u64) > LONGEST_FILE {
            return Err(Refusal::FileTooLarge);
        }
        content.write(at, data);
        if !keeps_set_ids {
            inode.drop_set_ids(&creds);
        }
        self.file_mut(id).offset = at + data.len() as u64;
        Ok(data.len())
    }

    pub(super) fn ftruncate(&mut self, task: TaskName, fd: RawFd, length: u64) -> Result<()> {
        if length > LONGEST_FILE {
            return Err(Refusal::LengthTooLarge);
        }
        let file = self.real_file(task, fd)?;
        let ino = match file.what {
            What::Inode(ino) => ino,
            What::Process(_) => return Err(Refusal::LengthOfPidfd),
            _ => return Err(Refusal::NoLength),
        };
        if !file.writes() || !matches!(self.inode(ino).node, Node::Regular(_)) {
            return Err(Refusal::NotOpenForTruncating);
        }
        self.resize(task, ino, length);
        Ok(())
    }

    /// `O_TRUNC`.
    pub(super) fn cut(&mut self, task: TaskName, ino: Ino) {
        if matches!(self.inode(ino).node, Node::Regular(_)) {
            self.resize(task, ino, 0);
        }
    }

    fn resize(&mut self, task: TaskName, ino: Ino, length: u64) {
        let creds = self.process(task).creds.clone();
        let keeps_set_ids = self.keeps_set_ids(&creds);
        let inode = self.inode_mut(ino);
        if let Node::Regular(content) = &mut inode.node {
            content.resize(length);
        }
        if !keeps_set_ids {
            inode.drop_set_ids(&creds);
        }
    }

    pub(super) fn fstat(&self, task: TaskName, fd: RawFd) -> Result<Stat> {
        let file = self.file(task, fd)?;
        let nameless = |kind, mode, inode, creds: (u32, u32)| Stat {
            device: ANONYMOUS_DEVICE,
            inode,
            kind,
            mode,
            links: 1,
            uid: creds.0,
            gid: creds.1,
            size: 0,
        };
        Ok(match file.what {
            What::Inode(ino) => self.inode(ino).stat(ino),
            What::PipeOut(id) | What::PipeIn(id) => {
                let pipe = &self.pipes[&id];
                nameless(FileKind::Fifo, pipe.mode, id.0, pipe.owner)
            }
            What::Socket(id) => {
                let socket = &self.sockets[&id];
                nameless(FileKind::Socket, socket.mode, id.0, socket.owner)
            }
            What::Process(_) => nameless(FileKind::Anonymous, 0o700, 1, (0, 0)),
            What::Signals(_) => nameless(FileKind::Anonymous, 0o600, 2, (0, 0)),
        })
    }

    /// Owner, group and mode of what fchown(2) and fchmod(2) change.
    fn owned(&self, task: TaskName, fd: RawFd) -> Result<Owned> {
        let of = |owner: (u32, u32), mode| Owned {
            uid: owner.0,
            gid: owner.1,
            mode,
            is_directory: false,
        };
        match self.real_file(task, fd)?.what {
            What::Inode(ino) if self.is_read_only(self.inode(ino)) => {
                Err(Refusal::AttributesReadOnly)
            }
            What::Inode(ino) => {
                let inode = self.inode(ino);
                Ok(Owned {
                    is_directory: inode.is_directory(),
                    ..of((inode.uid, inode.gid), inode.mode)
                })
            }
            What::PipeOut(id) | What::PipeIn(id) => {
                Ok(of(self.pipes[&id].owner, self.pipes[&id].mode))
            }
            What::Socket(id) => Ok(of(self.sockets[&id].owner, self.sockets[&id].mode)),
            // Since Linux 6.16; before, it changed what all of them share.
            What::Process(_) | What::Signals(_) => Err(Refusal::NoAttributes),
        }
    }

    fn set_owned(&mut self, task: TaskName, fd: RawFd, new: Owned) -> Result<()> {
        let owner = (new.uid, new.gid);
        match self.real_file(task, fd)?.what {
            What::Inode(ino) => {
                let inode = self.inode_mut(ino);
                (inode.uid, inode.gid) = owner;
                inode.mode = new.mode;
            }
            What::PipeOut(id) | What::PipeIn(id) => {
                let pipe = self.pipes.get_mut(&id).expect("a pipe that is there");
                (pipe.owner, pipe.mode) = (owner, new.mode);
            }
            What::Socket(id) => {
                let socket = self.socket_mut(id);
                (socket.owner, socket.mode) = (owner, new.mode);
            }
            What::Process(_) | What::Signals(_) => {}
        }
        Ok(())
    }

    pub(super) fn fchown(
        &mut self,
        task: TaskName,
        fd: RawFd,
        uid: Option<Uid>,
        gid: Option<Gid>,
    ) -> Result<()> {
        let [uid, gid] = [uid.map(Uid::as_raw), gid.map(Gid::as_raw)];
        let named = || [uid, gid].into_iter().flatten();
        // To the kernel it means "keep"; the wrapper refuses it.
        if named().any(|id| id == u32::MAX) {
            return Err(Refusal::OwnerMinusOne);
        }
        let owned = self.owned(task, fd)?;
        let mapped = self.rules.ids.mapped;
        if named().any(|id| id >= mapped) {
            return Err(Refusal::OwnerUnmapped);
        }
        let creds = &self.process(task).creds;
        let owns = creds.uid.effective == owned.uid;
        let free = creds.can(Capability::Chown);
        let uid_allowed = uid.is_none_or(|uid| free || owns && uid == owned.uid);
        let gid_allowed =
            gid.is_none_or(|gid| free || owns && (gid == owned.gid || creds.in_group(gid)));
        if !uid_allowed || !gid_allowed {
            return Err(Refusal::MayNotChown);
        }
        let mode = match owned.is_directory {
            true => owned.mode,
            false => super::inode::without_set_ids(owned.mode, owned.gid, creds),
        };
        let new = Owned {
            uid: uid.unwrap_or(owned.uid),
            gid: gid.unwrap_or(owned.gid),
            mode,
            ..owned
        };
        self.set_owned(task, fd, new)
    }

    pub(super) fn fchmod(&mut self, task: TaskName, fd: RawFd, mode: u32) -> Result<()> {
        let owned = self.owned(task, fd)?;
        let creds = &self.process(task).creds;
        if creds.uid.effective != owned.uid && !creds.can(Capability::FOwner) {
            return Err(Refusal::MayNotChmod);
        }
        let mut mode = mode & 0o7777;
        if !creds.in_group(owned.gid) && !creds.can(Capability::FSetId) {
            mode &= !0o2000;
        }
        self.set_owned(task, fd, Owned { mode, ..owned })
    }

    pub(super) fn fsync(&mut self, task: TaskName, fd: RawFd) -> Result<()> {
        match self.real_file(task, fd)?.what {
            What::Inode(ino) if !matches!(self.inode(ino).node, Node::Device(_)) => Ok(()),
            _ => Err(Refusal::NothingToSync),
        }
    }
}

pub(super) fn is_terminal(device: Device) -> bool {
    matches!(device, Device::Terminal | Device::ControllingTerminal)
}

impl Content {
    fn read(&self, from: u64, max: usize) -> Vec<u8> {
        let left = self.size.saturating_sub(from).min(max as u64);
        let mut out = vec![0; usize::try_from(left).unwrap_or(0)];
        let start = usize::try_from(from).unwrap_or(usize::MAX);
        if let Some(stored) = self.data.get(start..) {
            let there = stored.len().min(out.len());
            out[..there].copy_from_slice(&stored[..there]);
        }
        out
    }

    fn write(&mut self, at: u64, data: &[u8]) {
        let start = usize::try_from(at).expect("a file that fits into memory");
        let end = start + data.len();
        if self.data.len() < end {
            self.data.resize(end, 0);
        }
        self.data[start..end].copy_from_slice(data);
        self.size = self.size.max(end as u64);
    }

    fn resize(&mut self, length: u64) {
        self.size = length;
        if let Ok(length) = usize::try_from(length) {
            self.data.truncate(length);
        }
    }

    /// Every byte, the zeros that are not stored too.
    pub fn bytes(&self) -> Vec<u8> {
        self.read(0, usize::MAX)
    }
}
