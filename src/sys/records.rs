//! The plain data that calls take and give.

use std::fmt;
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::time::Duration;

use super::{Pid, Signal, SignalSet};

/// Which child to wait for (`waitid(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitFor {
    /// Any child.
    Any,
    /// This child.
    Pid(Pid),
}

/// Whether to wait for a child that has not ended yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitMode {
    /// Wait until one has ended.
    Block,
    /// Answer at once (`WNOHANG`).
    NoHang,
}

/// A child that has ended, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Waited {
    /// Which one.
    pub pid: Pid,
    /// How it ended.
    pub end: Ended,
}

/// How a process ended (`wait(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// It exited with this status, 0 to 255.
    Exited(i32),
    /// This signal killed it.
    Killed(Signal),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Exited(status) => write!(f, "exited with status {status}"),
            Ended::Killed(signal) => write!(f, "was killed by {signal}"),
        }
    }
}

/// To whom `kill(2)` sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KillTarget {
    /// One process.
    Process(Pid),
    /// Every process of the group with this id.
    Group(Pid),
}

/// How `sigprocmask(2)` changes the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MaskHow {
    /// Add the set (`SIG_BLOCK`).
    Block,
    /// Take the set away (`SIG_UNBLOCK`).
    Unblock,
    /// Make it the set (`SIG_SETMASK`).
    Set,
}

/// What a signal does when it is delivered (`sigaction(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// The default action of `signal(7)`.
    Default,
    /// Nothing.
    Ignore,
    /// A handler that does nothing, without `SA_RESTART`: all it does is to
    /// interrupt a wait.
    Interrupt,
    /// A handler of the program's own. Only ever an answer.
    Foreign,
}

/// A signal that `sigtimedwait(2)` has taken, and who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalInfo {
    /// The signal.
    pub signal: Signal,
    /// The sender's PID (`si_pid`); 0 for the kernel, or for a sender outside
    /// the PID namespace.
    pub pid: Pid,
    /// The sender's real user id (`si_uid`).
    pub uid: u32,
}

impl SignalInfo {
    /// The size of `struct signalfd_siginfo` (`signalfd(2)`), in bytes.
    pub const SIGNALFD_SIZE: usize = 128;

    /// What a descriptor of `signalfd(2)` gave: its first, fourth and fifth
    /// number, of four bytes each.
    pub fn from_signalfd(bytes: &[u8]) -> Option<SignalInfo> {
        let number = |place: usize| {
            let bytes = bytes.get(4 * place..4 * place + 4)?;
            Some(u32::from_ne_bytes(bytes.try_into().ok()?))
        };
        if bytes.len() != SignalInfo::SIGNALFD_SIZE {
            return None;
        }
        Some(SignalInfo {
            signal: Signal::new(number(0)?.try_into().ok()?)?,
            pid: Pid::from_raw(number(3)?.try_into().ok()?),
            uid: number(4)?,
        })
    }

    /// The same as `signalfd(2)` gives it; what is no field is zero.
    pub fn to_signalfd(self) -> Vec<u8> {
        let mut bytes = vec![0; SignalInfo::SIGNALFD_SIZE];
        let numbers = [
            (0, self.signal.number().to_ne_bytes()),
            (3, self.pid.as_raw().to_ne_bytes()),
            (4, self.uid.to_ne_bytes()),
        ];
        for (place, number) in numbers {
            bytes[4 * place..4 * place + 4].copy_from_slice(&number);
        }
        bytes
    }
}

/// Real, effective and saved user ids or group ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ids {
    /// The real id.
    pub real: u32,
    /// The effective id.
    pub effective: u32,
    /// The saved set-id.
    pub saved: u32,
}

impl Ids {
    /// Whether all three are `id`.
    pub fn all_are(self, id: u32) -> bool {
        self.real == id && self.effective == id && self.saved == id
    }
}

/// The five capability sets, bit `n` for capability `n` (`capabilities(7)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// What the kernel checks.
    pub effective: u64,
    /// What may be made effective.
    pub permitted: u64,
    /// What is kept across exec, if the file allows it.
    pub inheritable: u64,
    /// What is kept across exec of an ordinary file.
    pub ambient: u64,
    /// The limit of what exec can give.
    pub bounding: u64,
}

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

/// One descriptor of a `ppoll(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PollFd {
    /// The descriptor.
    pub fd: RawFd,
    /// Wait until it can be read (`POLLIN`).
    pub read: bool,
    /// Wait until it can be written (`POLLOUT`).
    pub write: bool,
}

/// What a descriptor is ready for (`poll(2)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PollEvents {
    /// `POLLIN`.
    pub readable: bool,
    /// `POLLOUT`.
    pub writable: bool,
    /// `POLLHUP`: the other end is closed.
    pub hung_up: bool,
    /// `POLLERR`, which the write end of a pipe without readers shows.
    pub error: bool,
    /// `POLLNVAL`: not open.
    pub invalid: bool,
}

impl PollEvents {
    /// Whether anything at all is to be said of the descriptor.
    pub fn any(self) -> bool {
        self != PollEvents::default()
    }
}

/// Which kind of Unix socket (`unix(7)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SocketKind {
    /// `SOCK_STREAM`.
    Stream,
    /// `SOCK_DGRAM`.
    Datagram,
}

/// The address of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnixAddr {
    /// A path.
    Path(PathBuf),
    /// A name in the abstract namespace, without the leading zero byte.
    Abstract(Vec<u8>),
}

/// Who was at the other end when the connection was made (`SO_PEERCRED` of
/// `unix(7)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Its PID; 0 where it is outside the PID namespace.
    pub pid: Pid,
    /// Its effective user id.
    pub uid: u32,
    /// Its effective group id.
    pub gid: u32,
}

/// What `recvmsg(2)` gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Message {
    /// The bytes.
    pub data: Vec<u8>,
    /// The descriptors that came with them.
    pub fds: Vec<RawFd>,
}

/// A duration as calls print it: milliseconds where that is exact.
pub(super) struct Shown(pub(super) Option<Duration>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("for ever"),
            Some(time) => write!(f, "{time:?}"),
        }
    }
}

/// A mask as calls print it.
pub(super) struct ShownMask(pub(super) Option<SignalSet>);

impl fmt::Display for ShownMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("mask unchanged"),
            Some(set) => write!(f, "mask {set}"),
        }
    }
}
