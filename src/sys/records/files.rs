//! Of files: how they are opened, and what they are.

use std::os::fd::RawFd;

/// From where a relative path is looked up (`openat(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// The working directory (`AT_FDCWD`).
    Cwd,
    /// An open directory.
    Fd(RawFd),
}

/// How a file is opened: one of the three accesses, and flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenHow {
    /// What the descriptor allows.
    pub access: Access,
    /// `O_CREAT`: make the file if there is none.
    pub create: bool,
    /// `O_EXCL`: fail if there is one.
    pub exclusive: bool,
    /// `O_TRUNC`: empty it.
    pub truncate: bool,
    /// `O_APPEND`: write at the end, always.
    pub append: bool,
    /// `O_NOFOLLOW`: fail with ELOOP on a symbolic link.
    pub no_follow: bool,
    /// `O_DIRECTORY`: fail with ENOTDIR on anything but a directory.
    pub directory: bool,
    /// `O_NONBLOCK`: do not wait, in open and ever after.
    pub non_blocking: bool,
    /// `O_NOCTTY`: do not let a terminal become the controlling terminal.
    pub no_ctty: bool,
    /// `O_CLOEXEC`: close on exec.
    pub close_on_exec: bool,
}

impl OpenHow {
    /// The safe start: close-on-exec, no controlling terminal, nothing created.
    pub const fn new(access: Access) -> OpenHow {
        OpenHow {
            access,
            create: false,
            exclusive: false,
            truncate: false,
            append: false,
            no_follow: false,
            directory: false,
            non_blocking: false,
            no_ctty: true,
            close_on_exec: true,
        }
    }
}

/// What a descriptor allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// `O_RDONLY`.
    Read,
    /// `O_WRONLY`.
    Write,
    /// `O_RDWR`.
    ReadWrite,
    /// `O_PATH`: only to look up from, or to stat.
    Path,
}

/// What kind of file it is (`inode(7)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A pipe with a name.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// None of these: an epoll, a pidfd, and whatever else has no file behind it.
    Anonymous,
}

/// What `fstat(2)` and `fstatat(2)` tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stat {
    /// The device it is on.
    pub device: u64,
    /// Its number there. Together with `device` its identity.
    pub inode: u64,
    /// Its kind.
    pub kind: FileKind,
    /// Permission bits and set-id bits: the low twelve bits of `st_mode`.
    pub mode: u32,
    /// The number of its names.
    pub links: u64,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its size in bytes.
    pub size: u64,
}

impl Stat {
    /// Whether both are one and the same file.
    pub fn same_file(&self, other: &Stat) -> bool {
        self.device == other.device && self.inode == other.inode
    }
}

/// Whether a final symbolic link is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Follow {
    /// Look at what the link points to.
    Yes,
    /// Look at the link itself.
    No,
}

/// What `flock(2)` does; it never waits (`LOCK_NB`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lock {
    /// `LOCK_EX`.
    Exclusive,
    /// `LOCK_SH`.
    Shared,
    /// `LOCK_UN`.
    Unlock,
}

/// What becomes of a file that has the new name already (`renameat2(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Replace {
    /// It is replaced.
    Yes,
    /// EEXIST (`RENAME_NOREPLACE`).
    No,
}
