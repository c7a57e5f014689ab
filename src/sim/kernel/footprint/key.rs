//! What steps share.

use std::ffi::OsStr;

use crate::explore::{Digest, TaskName};
use crate::sim::kernel::ids::{FileId, Ino, Lockable, PipeId, SocketId};
use crate::sys::Signal;

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

/// The key of an entry of a directory.
pub(super) fn name_key(dir: Ino, name: &OsStr) -> Key {
    Key::Name(dir, Digest::of(name))
}
