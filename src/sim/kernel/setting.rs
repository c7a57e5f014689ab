//! Putting things into a machine before its programs run.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Machine;
use super::descriptors::{Descriptor, OpenFile, What};
use super::ids::{FileId, Ino};
use super::inode::{Content, Device, Inode, Node, ROOT, ROOT_DEVICE};
use super::machine::Rules;
use super::process::{Life, Process};
use super::signals::Signals;
use super::terminal::TERMINAL;
use crate::explore::TaskName;
use crate::sim::scene::{Start, Stdio};
use crate::sys::records::Access;

impl Machine {
    pub(in crate::sim) fn set_rules(&mut self, rules: Rules) {
        self.rules = Arc::new(rules);
    }

    pub(in crate::sim) fn start_pids_at(&mut self, pid: i32) {
        self.next_pid = pid;
    }

    pub(in crate::sim) fn add_directory(&mut self, path: &Path, mode: u32, owner: (u32, u32)) {
        let parent = self.parent_of(path);
        let inode = Inode {
            uid: owner.0,
            gid: owner.1,
            ..Inode::directory(ROOT_DEVICE, mode, parent)
        };
        self.add(path, inode);
        self.inode_mut(parent).links += 1;
    }

    pub(in crate::sim) fn add_file(
        &mut self,
        path: &Path,
        mode: u32,
        owner: (u32, u32),
        data: Vec<u8>,
    ) {
        let size = data.len() as u64;
        let node = Node::Regular(Content { data, size });
        self.add(path, plain(node, mode, owner));
    }

    pub(in crate::sim) fn add_symlink(&mut self, path: &Path, target: PathBuf, owner: (u32, u32)) {
        self.add(path, plain(Node::Symlink(target), 0o777, owner));
    }

    pub(in crate::sim) fn add_device(&mut self, path: &Path, device: Device, mode: u32) {
        self.add(path, plain(Node::Device(device), mode, (0, 0)));
    }

    /// Makes a directory, in which nothing is yet, the root of a file system of
    /// its own; gives its device.
    pub(in crate::sim) fn mount(&mut self, path: &Path) -> u64 {
        let ino = self.find(path).expect("a directory that is there");
        let devices = self.inodes.values().map(|inode| inode.device);
        let device = devices.max().unwrap_or(ROOT_DEVICE) + 1;
        self.inode_mut(ino).device = device;
        device
    }

    fn add(&mut self, path: &Path, mut inode: Inode) {
        inode.device = self.inode(self.parent_of(path)).device;
        let ino = Ino(self.inodes.len() as u64 + ROOT.0);
        self.put_at(path, ino, inode);
    }

    pub(super) fn put_at(&mut self, path: &Path, ino: Ino, inode: Inode) {
        let parent = self.parent_of(path);
        let name = path.file_name().expect("a path that names something");
        self.inodes.insert(ino, Arc::new(inode));
        match &mut self.inode_mut(parent).node {
            Node::Directory { entries, .. } => entries.insert(name.to_owned(), ino),
            _ => panic!("{} is not in a directory", path.display()),
        };
    }

    fn parent_of(&self, path: &Path) -> Ino {
        let parent = path.parent().expect("an absolute path");
        self.find(parent)
            .unwrap_or_else(|| panic!("{} is not there", parent.display()))
    }

    /// The file at an absolute path without links, permissions aside.
    pub fn find(&self, path: &Path) -> Option<Ino> {
        let mut at = ROOT;
        for name in path.iter().skip(1) {
            at = *self.inode(at).entries()?.get(name)?;
        }
        Some(at)
    }

    /// A program's process: a job of the starter's, in a group of its own in
    /// the foreground of the terminal.
    ///
    /// # Panics
    /// If a path of `start` is not there, or no PID is free.
    pub(in crate::sim) fn spawn(&mut self, task: TaskName, start: &Start) -> TaskName {
        let pid = self.new_pid().expect("a PID for every program");
        let at = |path: &Path| {
            self.find(path)
                .unwrap_or_else(|| panic!("{} is not there", path.display()))
        };
        let process = Process {
            pid,
            parent: Machine::STARTER,
            children: Vec::new(),
            group: pid,
            session: self.process(Machine::STARTER).session,
            terminal: true,
            life: Life::Running,
            subreaper: false,
            creds: start.creds.clone(),
            signals: Signals {
                blocked: start.blocked,
                ignored: start.ignored,
                ..Signals::default()
            },
            fds: Default::default(),
            cwd: at(&start.cwd),
            umask: start.umask,
            wait: None,
            forks: 0,
            objects: 0,
            scenery: false,
        };
        let stdio = match start.stdio {
            Stdio::Terminal => Some(at(Path::new(TERMINAL))),
            Stdio::Null => Some(at(Path::new("/dev/null"))),
            Stdio::Closed => None,
        };
        let inherited: Vec<(RawFd, Ino, Access)> = start
            .inherited
            .iter()
            .map(|(fd, path, access)| (*fd, at(path), *access))
            .collect();
        self.processes.insert(task, process);
        self.process_mut(Machine::STARTER).children.push(task);
        self.put_in_foreground(pid);
        if let Some(ino) = stdio {
            self.inherit(task, &[0, 1, 2], ino, Access::ReadWrite);
        }
        for (fd, ino, access) in inherited {
            self.inherit(task, &[fd], ino, access);
        }
        task
    }

    fn inherit(&mut self, task: TaskName, fds: &[RawFd], ino: Ino, access: Access) {
        let id = FileId(self.new_id(task));
        let mut file = OpenFile::new(What::Inode(ino), access);
        for fd in fds {
            file.hold(task);
            let descriptor = Descriptor {
                file: id,
                close_on_exec: false,
            };
            self.process_mut(task).fds.insert(*fd, descriptor);
        }
        self.files.insert(id, file);
    }
}

fn plain(node: Node, mode: u32, owner: (u32, u32)) -> Inode {
    Inode {
        node,
        mode,
        uid: owner.0,
        gid: owner.1,
        links: 1,
        device: ROOT_DEVICE,
    }
}
