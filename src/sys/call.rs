//! The table of system calls: one variant, one call or one family of them.
//!
//! Calls and answers are plain data with raw descriptor numbers, so that they
//! can be recorded, compared, replayed, failed and printed. `Display` gives the
//! form in which schedules, timelines and messages show a call.

use std::os::fd::RawFd;
use std::path::PathBuf;
use std::time::Duration;

use super::records::*;
use super::{Gid, Pid, Signal, SignalSet, Uid};

macro_rules! calls {
    ($(
        $(#[$doc:meta])*
        $name:ident $({ $($field:ident: $type:ty),* $(,)? })? = $syscall:literal -> $answer:ident;
    )*) => {
        /// A system call with its arguments.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "a field is the argument that the man page names")]
        pub enum Call {
            $(
                $(#[$doc])*
                #[doc = concat!("\n\nAnswer: [`Ret::", stringify!($answer), "`].")]
                $name $({ $($field: $type),* })?,
            )*
        }

        impl Call {
            /// The names of all calls, see [`Call::name`].
            pub const NAMES: &'static [&'static str] = &[$($syscall),*];

            /// The system call, or the family of them, by its name in section 2
            /// of the manual; `self-*` for what reads `/proc/self`.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Call::$name { .. } => $syscall,)*
                }
            }
        }
    };
}

calls! {
    /// Returns twice: [`Pid`] 0 in the child.
    Fork = "fork" -> Pid;
    /// Never returns.
    Exit { status: i32 } = "exit_group" -> Unit;
    Wait { target: WaitFor, mode: WaitMode } = "wait4" -> Waited;
    GetPid = "getpid" -> Pid;
    GetPpid = "getppid" -> Pid;
    SetSid = "setsid" -> Pid;
    GetSid { pid: Option<Pid> } = "getsid" -> Pid;
    GetPgid { pid: Option<Pid> } = "getpgid" -> Pid;
    SetChildSubreaper { on: bool } = "prctl" -> Unit;
    PidfdOpen { pid: Pid } = "pidfd_open" -> Fd;
    CountThreads = "self-task" -> Size;

    Kill { target: KillTarget, signal: Option<Signal> } = "kill" -> Unit;
    PidfdSendSignal { pidfd: RawFd, signal: Option<Signal> } = "pidfd_send_signal" -> Unit;
    SigMask { how: MaskHow, set: SignalSet } = "rt_sigprocmask" -> Signals;
    SigAction { signal: Signal, disposition: Disposition } = "rt_sigaction" -> Disposition;
    SigPending = "rt_sigpending" -> Signals;
    SigTimedWait { set: SignalSet, timeout: Option<Duration> } = "rt_sigtimedwait" -> SignalInfo;
    /// Close-on-exec and non-blocking: `ppoll` alone waits.
    SignalFd { set: SignalSet } = "signalfd4" -> Fd;

    GetResUid = "getresuid" -> Ids;
    GetResGid = "getresgid" -> Ids;
    GetGroups = "getgroups" -> Groups;
    SetGroups { groups: Vec<Gid> } = "setgroups" -> Unit;
    SetResUid { real: Option<Uid>, effective: Option<Uid>, saved: Option<Uid> } = "setresuid" -> Unit;
    SetResGid { real: Option<Gid>, effective: Option<Gid>, saved: Option<Gid> } = "setresgid" -> Unit;
    SetUid { uid: Uid } = "setuid" -> Unit;
    SetGid { gid: Gid } = "setgid" -> Unit;
    GetCapabilities = "capget" -> Capabilities;
    /// The bounding set of `sets` is not looked at.
    SetCapabilities { sets: Capabilities } = "capset" -> Unit;

    Open { dir: At, path: PathBuf, how: OpenHow, mode: u32 } = "openat" -> Fd;
    Close { fd: RawFd } = "close" -> Unit;
    CloseRange { first: RawFd, last: RawFd } = "close_range" -> Unit;
    ListFds = "self-fd" -> Numbers;
    Read { fd: RawFd, max: usize } = "read" -> Bytes;
    Write { fd: RawFd, data: Vec<u8> } = "write" -> Size;
    Dup2 { from: RawFd, to: RawFd } = "dup2" -> Unit;
    SetCloseOnExec { fd: RawFd, on: bool } = "fcntl" -> Unit;
    Flock { fd: RawFd, lock: Lock } = "flock" -> Unit;
    Fstat { fd: RawFd } = "fstat" -> Stat;
    Stat { dir: At, path: PathBuf, follow: Follow } = "newfstatat" -> Stat;
    Rename { dir: At, from: PathBuf, to: PathBuf, replace: Replace } = "renameat2" -> Unit;
    Link { dir: At, from: PathBuf, to: PathBuf } = "linkat" -> Unit;
    Unlink { dir: At, path: PathBuf } = "unlinkat" -> Unit;
    Mkdir { dir: At, path: PathBuf, mode: u32 } = "mkdirat" -> Unit;
    Ftruncate { fd: RawFd, length: u64 } = "ftruncate" -> Unit;
    Fchown { fd: RawFd, uid: Option<Uid>, gid: Option<Gid> } = "fchown" -> Unit;
    Fchmod { fd: RawFd, mode: u32 } = "fchmod" -> Unit;
    Fsync { fd: RawFd } = "fsync" -> Unit;
    Chdir { path: PathBuf } = "chdir" -> Unit;
    GetCwd = "getcwd" -> Path;
    Umask { mask: u32 } = "umask" -> Mode;

    /// Both ends are close-on-exec.
    Pipe = "pipe2" -> Fds;

    /// Close-on-exec and non-blocking: `ppoll` alone waits.
    Socket { kind: SocketKind } = "socket" -> Fd;
    Bind { fd: RawFd, address: UnixAddr } = "bind" -> Unit;
    Listen { fd: RawFd, backlog: u32 } = "listen" -> Unit;
    Connect { fd: RawFd, address: UnixAddr } = "connect" -> Unit;
    /// Close-on-exec and non-blocking.
    Accept { fd: RawFd } = "accept4" -> Fd;
    /// `SHUT_WR`.
    EndSending { fd: RawFd } = "shutdown" -> Unit;
    /// `SO_PEERCRED`.
    GetPeer { fd: RawFd } = "getsockopt" -> Peer;
    Send { fd: RawFd, data: Vec<u8>, fds: Vec<RawFd>, to: Option<UnixAddr> } = "sendmsg" -> Size;
    /// The descriptors that come are close-on-exec.
    Receive { fd: RawFd, max_bytes: usize, max_fds: usize } = "recvmsg" -> Message;

    Poll { fds: Vec<PollFd>, timeout: Option<Duration>, mask: Option<SignalSet> } = "ppoll" -> Polled;
    /// `CLOCK_MONOTONIC`.
    Now = "clock_gettime" -> Time;
}

macro_rules! answers {
    ($(
        $(#[$doc:meta])*
        $variant:ident $(($type:ty))?, $method:ident;
    )*) => {
        /// What a call answers when it succeeds.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Ret {
            $($(#[$doc])* $variant $(($type))?,)*
        }

        impl Ret {
            $(answers!(@method $(#[$doc])* $variant $(($type))?, $method);)*
        }
    };
    (@method $(#[$doc:meta])* $variant:ident, $method:ident) => {
        $(#[$doc])*
        ///
        /// # Panics
        /// If it is another kind of answer: a bug of the backend.
        #[track_caller]
        pub fn $method(self) {
            match self {
                Ret::$variant => (),
                other => panic!("the backend answered {other:?} where {} is due", stringify!($variant)),
            }
        }
    };
    (@method $(#[$doc:meta])* $variant:ident ($type:ty), $method:ident) => {
        $(#[$doc])*
        ///
        /// # Panics
        /// If it is another kind of answer: a bug of the backend.
        #[track_caller]
        pub fn $method(self) -> $type {
            match self {
                Ret::$variant(value) => value,
                other => panic!("the backend answered {other:?} where {} is due", stringify!($variant)),
            }
        }
    };
}

answers! {
    /// Nothing but success.
    Unit, unit;
    /// A PID.
    Pid(Pid), pid;
    /// A new descriptor.
    Fd(RawFd), fd;
    /// Two new descriptors.
    Fds((RawFd, RawFd)), fds;
    /// Bytes that were read.
    Bytes(Vec<u8>), bytes;
    /// A count.
    Size(usize), size;
    /// Several numbers.
    Numbers(Vec<i32>), numbers;
    /// A child that has ended, or none.
    Waited(Option<Waited>), waited;
    /// A set of signals.
    Signals(SignalSet), signals;
    /// What a signal did before.
    Disposition(Disposition), disposition;
    /// A signal that was taken.
    SignalInfo(SignalInfo), signal_info;
    /// Three ids.
    Ids(Ids), ids;
    /// Groups.
    Groups(Vec<Gid>), groups;
    /// Capability sets.
    Capabilities(Capabilities), capabilities;
    /// What is known of a file.
    Stat(Stat), stat;
    /// A path.
    Path(PathBuf), path;
    /// Permission bits.
    Mode(u32), mode;
    /// A received message.
    Message(Message), message;
    /// Who is at the other end of a connection.
    Peer(Peer), peer;
    /// What descriptors are ready for.
    Polled(Vec<PollEvents>), polled;
    /// A reading of the clock.
    Time(Duration), time;
}
