//! What can be seen of a machine from outside, as `/proc` shows it, and what
//! whoever starts programs does to it.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use super::Machine;
use super::descriptors::{Descriptor, What};
use super::ids::Lockable;
use super::ids::{FileId, Ino, SocketId};
use super::inode::{Inode, Node, ROOT, ROOT_DEVICE};
use super::refusal::Result;
use super::sockets::State;
use crate::explore::TaskName;
use crate::sys::records::UnixAddr;

impl Machine {
    /// A path of a file; `None` if it has none any more. Of several, the first
    /// in the order of their names.
    pub fn name_of(&self, ino: Ino) -> Option<PathBuf> {
        self.search(ROOT, Path::new("/"), ino)
    }

    fn search(&self, directory: Ino, path: &Path, wanted: Ino) -> Option<PathBuf> {
        if directory == wanted {
            return Some(path.to_path_buf());
        }
        let entries = self.inode(directory).entries()?;
        entries.iter().find_map(|(name, ino)| {
            let path = path.join(name);
            match ino {
                ino if *ino == wanted => Some(path),
                ino => self.search(*ino, &path, wanted),
            }
        })
    }

    /// The PIDs of the processes that have open what holds a lock on the file,
    /// ascending.
    pub fn lockers(&self, ino: Ino) -> Vec<i32> {
        let locks = self.locks.get(&Lockable::Inode(ino)).into_iter().flatten();
        self.holders(locks.map(|(file, _)| *file))
    }

    /// The sockets that listen, by their names, and the PIDs of the processes
    /// that have them open, ascending.
    pub fn listening(&self) -> Vec<(UnixAddr, Vec<i32>)> {
        let listening = self
            .sockets
            .iter()
            .filter(|(_, socket)| socket.open && matches!(socket.state, State::Listening { .. }));
        listening
            .filter_map(|(id, _)| {
                let files = self.files.iter();
                let files = files.filter(|(_, file)| file.what == What::Socket(*id));
                Some((
                    self.address_of(*id)?,
                    self.holders(files.map(|(file, _)| *file)),
                ))
            })
            .collect()
    }

    /// The name that a socket was bound to, if it still has it.
    fn address_of(&self, socket: SocketId) -> Option<UnixAddr> {
        let mut names = self.abstract_names.iter();
        if let Some(((_, name), _)) = names.find(|(_, named)| **named == socket) {
            return Some(UnixAddr::Abstract(name.clone()));
        }
        let (ino, _) = self
            .inodes
            .iter()
            .find(|(_, inode)| inode.node == Node::Socket(socket))?;
        self.name_of(*ino).map(UnixAddr::Path)
    }

    fn holders(&self, files: impl Iterator<Item = FileId>) -> Vec<i32> {
        let mut pids: Vec<i32> = files
            .flat_map(|file| &self.files[&file].holders)
            .filter(|(_, count)| **count > 0)
            .filter_map(|(task, _)| self.processes.get(task))
            .map(|process| process.pid)
            .collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// Makes a process that was just started one that init has started: in a
    /// session of its own, without a terminal.
    pub(in crate::sim) fn set_apart(&mut self, task: TaskName) {
        self.terminal.foreground = None;
        let starter = self.process_mut(Machine::STARTER);
        starter.children.retain(|child| *child != task);
        self.process_mut(Machine::INIT).children.push(task);
        let process = self.process_mut(task);
        process.parent = Machine::INIT;
        process.session = process.pid;
        process.terminal = false;
    }

    /// Gives a process the end of a pipe to write to, as this descriptor; the
    /// starter has the other end, whose number there is given.
    ///
    /// # Errors
    /// EMFILE: the starter has too many already.
    pub(in crate::sim) fn pipe_to_starter(&mut self, task: TaskName, fd: RawFd) -> Result<RawFd> {
        let (read, write) = self.pipe(Machine::STARTER)?;
        let file = self.file_id(Machine::STARTER, write)?;
        self.file_mut(file).hold(task);
        let descriptor = Descriptor {
            file,
            close_on_exec: false,
        };
        self.process_mut(task).fds.insert(fd, descriptor);
        self.close(Machine::STARTER, write)?;
        Ok(read)
    }

    /// A symbolic link, in a directory that is there; what has that name
    /// already loses it.
    pub(in crate::sim) fn make_symlink(&mut self, path: &Path, target: &Path, owner: (u32, u32)) {
        let ino = Ino(self.new_id(Machine::STARTER));
        let inode = Inode {
            node: Node::Symlink(target.to_path_buf()),
            mode: 0o777,
            uid: owner.0,
            gid: owner.1,
            links: 1,
            device: ROOT_DEVICE,
        };
        self.put_at(path, ino, inode);
    }
}
