//! Numbers of things that processes make.
//!
//! Two processes that each make a file must leave the same machine behind in
//! either order, or nothing would commute. So a new thing's number follows
//! from who made it and how many they had made, and not from a counter that
//! all share.

use super::{Machine, What};
use crate::explore::{Digest, TaskName};

/// The number of an inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ino(pub u64);

/// The number of an open file description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u64);

/// The number of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PipeId(pub u64);

/// The number of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// What a lock is held on (flock(2)): both ends of a pipe are one inode, and
/// each socket one of its own, which nobody else can open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lockable {
    /// Something that has a name.
    Inode(Ino),
    /// A pipe.
    Pipe(PipeId),
}

impl Lockable {
    /// What a lock on this would be held on; `None` where nobody competes.
    pub fn of(what: What) -> Option<Lockable> {
        match what {
            What::Inode(ino) => Some(Lockable::Inode(ino)),
            What::PipeOut(pipe) | What::PipeIn(pipe) => Some(Lockable::Pipe(pipe)),
            What::Socket(_) | What::Process(_) | What::Signals(_) => None,
        }
    }
}

impl Machine {
    /// A number for the next thing that `task` makes; below 2^48 and above
    /// those of the initial files.
    pub(super) fn new_id(&mut self, task: TaskName) -> u64 {
        let process = self.process_mut(task);
        process.objects += 1;
        let id = Digest::of((task, process.objects)) & 0xffff_ffff_ffff | 1 << 47;
        let known = self.inodes.contains_key(&Ino(id))
            || self.files.contains_key(&FileId(id))
            || self.pipes.contains_key(&PipeId(id))
            || self.sockets.contains_key(&SocketId(id));
        // One in 2^47 for every pair; better loud than wrong.
        assert!(!known, "two things were given the number {id}");
        id
    }
}
