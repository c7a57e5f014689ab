//! Short forms of calls. Descriptors are numbers here: a program starts with 0,
//! 1 and 2 on `/dev/null`, and the first that it opens is 3.

use std::path::PathBuf;
use std::time::Duration;

use daemonlab::sys::call::Call;
use daemonlab::sys::records::*;
use daemonlab::sys::{Gid, Pid, Signal, SignalSet, Uid};

use crate::program::{EXACT, LITERAL, PARENT, Turn};

/// A turn of the first process.
pub fn me(call: Call) -> Turn {
    Turn { process: 0, call }
}

/// A turn of its first child.
pub fn child(call: Call) -> Turn {
    Turn { process: 1, call }
}

/// The descriptor with this number.
pub const fn fd(number: i32) -> i32 {
    LITERAL + number
}

/// The same, whatever it is open on.
pub const fn exactly(number: i32) -> i32 {
    EXACT + number
}

pub fn how(access: Access) -> OpenHow {
    OpenHow::new(access)
}

pub fn creates() -> OpenHow {
    OpenHow {
        create: true,
        ..how(Access::ReadWrite)
    }
}

pub fn open(path: impl Into<PathBuf>, how: OpenHow) -> Call {
    Call::Open {
        dir: At::Cwd,
        path: path.into(),
        how,
        mode: 0o666,
    }
}

pub fn reads(path: &str) -> Call {
    open(path, how(Access::Read))
}

pub fn writes(path: &str) -> Call {
    open(path, how(Access::Write))
}

pub fn stat(path: impl Into<PathBuf>) -> Call {
    Call::Stat {
        dir: At::Cwd,
        path: path.into(),
        follow: Follow::Yes,
    }
}

pub fn mkdir(path: impl Into<PathBuf>) -> Call {
    Call::Mkdir {
        dir: At::Cwd,
        path: path.into(),
        mode: 0o777,
    }
}

pub fn link(from: &str, to: &str) -> Call {
    Call::Link {
        dir: At::Cwd,
        from: from.into(),
        to: to.into(),
    }
}

pub fn unlink(path: &str) -> Call {
    Call::Unlink {
        dir: At::Cwd,
        path: path.into(),
    }
}

pub fn rename(from: &str, to: &str) -> Call {
    Call::Rename {
        dir: At::Cwd,
        from: from.into(),
        to: to.into(),
        replace: Replace::Yes,
    }
}

pub fn rename_to_new(from: &str, to: &str) -> Call {
    Call::Rename {
        dir: At::Cwd,
        from: from.into(),
        to: to.into(),
        replace: Replace::No,
    }
}

pub fn chdir(path: &str) -> Call {
    Call::Chdir { path: path.into() }
}

pub fn read(number: i32, max: usize) -> Call {
    Call::Read {
        fd: fd(number),
        max,
    }
}

pub fn write(number: i32, bytes: usize) -> Call {
    Call::Write {
        fd: fd(number),
        data: vec![b'x'; bytes],
    }
}

pub fn close(number: i32) -> Call {
    Call::Close { fd: fd(number) }
}

pub fn flock(number: i32, lock: Lock) -> Call {
    Call::Flock {
        fd: fd(number),
        lock,
    }
}

pub fn truncate(number: i32, length: u64) -> Call {
    Call::Ftruncate {
        fd: fd(number),
        length,
    }
}

pub fn chown(fd: i32, uid: u32) -> Call {
    Call::Fchown {
        fd,
        uid: Some(Uid::from_raw(uid)),
        gid: None,
    }
}

pub fn chmod(fd: i32) -> Call {
    Call::Fchmod { fd, mode: 0o600 }
}

/// The effective user id alone, so that the way back is open.
pub fn become_user(uid: u32) -> Call {
    Call::SetResUid {
        real: None,
        effective: Some(Uid::from_raw(uid)),
        saved: None,
    }
}

/// All three user ids.
pub fn set_uid(uid: u32) -> Call {
    Call::SetUid {
        uid: Uid::from_raw(uid),
    }
}

pub fn set_gid(gid: u32) -> Call {
    Call::SetGid {
        gid: Gid::from_raw(gid),
    }
}

pub fn set_groups(groups: Vec<u32>) -> Call {
    Call::SetGroups {
        groups: groups.into_iter().map(Gid::from_raw).collect(),
    }
}

pub fn pid(number: i32) -> Pid {
    Pid::from_raw(number)
}

pub fn pidfd(of: i32) -> Call {
    Call::PidfdOpen { pid: pid(of) }
}

pub fn wait(mode: WaitMode) -> Call {
    Call::Wait {
        target: WaitFor::Any,
        mode,
    }
}

pub const USR1: SignalSet = SignalSet::EMPTY.with(Signal::USR1);

pub fn action(signal: Signal, disposition: Disposition) -> Call {
    Call::SigAction {
        signal,
        disposition,
    }
}

/// SIGUSR1 interrupts from now on.
pub fn handles() -> Call {
    action(Signal::USR1, Disposition::Interrupt)
}

pub fn kill(target: KillTarget) -> Call {
    Call::Kill {
        target,
        signal: Some(Signal::USR1),
    }
}

/// SIGUSR1 for the process that has forked the caller.
pub fn interrupts() -> Call {
    kill(KillTarget::Process(pid(PARENT)))
}

pub fn await_signal(signal: Signal, timeout: Option<Duration>) -> Call {
    Call::SigTimedWait {
        set: SignalSet::EMPTY.with(signal),
        timeout,
    }
}

pub fn poll(fds: Vec<i32>) -> Call {
    let (read, write) = (true, false);
    let fds = fds.into_iter().map(|number| PollFd {
        fd: fd(number),
        read,
        write,
    });
    Call::Poll {
        fds: fds.collect(),
        timeout: None,
        mask: None,
    }
}

pub fn stream() -> Call {
    Call::Socket {
        kind: SocketKind::Stream,
    }
}

pub fn datagram() -> Call {
    Call::Socket {
        kind: SocketKind::Datagram,
    }
}

pub fn path(path: impl Into<PathBuf>) -> UnixAddr {
    UnixAddr::Path(path.into())
}

pub fn name(name: &str) -> UnixAddr {
    UnixAddr::Abstract(name.as_bytes().to_vec())
}

pub fn bind(number: i32, address: UnixAddr) -> Call {
    Call::Bind {
        fd: fd(number),
        address,
    }
}

pub fn listen(number: i32) -> Call {
    Call::Listen {
        fd: fd(number),
        backlog: 0,
    }
}

pub fn connect(number: i32, address: UnixAddr) -> Call {
    Call::Connect {
        fd: fd(number),
        address,
    }
}

pub fn accept(number: i32) -> Call {
    Call::Accept { fd: fd(number) }
}

pub fn send(number: i32, bytes: usize, to: Option<UnixAddr>) -> Call {
    Call::Send {
        fd: fd(number),
        data: vec![b'x'; bytes],
        fds: Vec::new(),
        to,
    }
}

pub fn receive(number: i32) -> Call {
    Call::Receive {
        fd: fd(number),
        max_bytes: 4,
        max_fds: 0,
    }
}

/// A connection: 3 listens, 4 is the client's end, 5 the server's. Then `more`.
pub fn connected<const N: usize>(more: [Call; N]) -> Vec<Call> {
    let mut calls = vec![
        stream(),
        bind(3, name("pair")),
        listen(3),
        stream(),
        connect(4, name("pair")),
        accept(3),
    ];
    calls.extend(more);
    calls
}
