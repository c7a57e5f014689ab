//! Steps that the daemonizer's unit tests have in common.

use std::os::fd::RawFd;
use std::path::PathBuf;
use std::time::Duration;

use super::record::Record;
use crate::sys::call::{Call, Ret};
use crate::sys::records::*;
use crate::sys::scripted::{Run, Scripted, Step, on, on_any};
use crate::sys::{Pid, Signal, SignalSet};

pub(super) fn pid(number: i32) -> Pid {
    Pid::from_raw(number)
}

/// Runs `program`, which must return.
pub(super) fn returned<T>(
    script: impl IntoIterator<Item = Step>,
    program: impl FnOnce(Scripted) -> T,
) -> T {
    match Scripted::new(script).run(program) {
        Run::Returned(value) => value,
        Run::Exited(status) => panic!("it exited with {status}"),
    }
}

pub(super) fn now(time: Duration) -> Step {
    on(Call::Now).gives(Ret::Time(time))
}

pub(super) fn getpid(number: i32) -> Step {
    on(Call::GetPid).gives(Ret::Pid(pid(number)))
}

pub(super) fn close(fd: RawFd) -> Step {
    on(Call::Close { fd }).done()
}

pub(super) fn write(fd: RawFd, data: impl Into<Vec<u8>>) -> Step {
    let data = data.into();
    let length = data.len();
    on(Call::Write { fd, data }).gives(Ret::Size(length))
}

pub(super) fn tell(fd: RawFd, record: &Record) -> Step {
    write(fd, record.encode())
}

pub(super) fn kill(target: KillTarget, signal: Signal) -> Step {
    let signal = Some(signal);
    on(Call::Kill { target, signal })
}

pub(super) fn wait(target: WaitFor) -> Step {
    let mode = WaitMode::NoHang;
    on(Call::Wait { target, mode })
}

pub(super) fn ended(number: i32, end: Ended) -> Ret {
    let pid = pid(number);
    Ret::Waited(Some(Waited { pid, end }))
}

/// A poll that watches `fd` for nothing but errors.
pub(super) fn poll_error(fd: RawFd, timeout: Duration) -> Step {
    let (read, write) = (false, false);
    on(Call::Poll {
        fds: vec![PollFd { fd, read, write }],
        timeout: Some(timeout),
        mask: None,
    })
}

/// What a poll of one descriptor answers when nothing happened.
pub(super) fn nothing() -> Ret {
    Ret::Polled(vec![PollEvents::default()])
}

pub(super) fn error() -> Ret {
    let error = true;
    Ret::Polled(vec![PollEvents {
        error,
        ..PollEvents::default()
    }])
}

pub(super) fn readable() -> Ret {
    let readable = true;
    Ret::Polled(vec![PollEvents {
        readable,
        ..PollEvents::default()
    }])
}

/// A regular file with this inode.
pub(super) fn file(inode: u64) -> Stat {
    Stat {
        device: 1,
        inode,
        kind: FileKind::Regular,
        mode: 0o644,
        links: 1,
        uid: 0,
        gid: 0,
        size: 0,
    }
}

pub(super) fn stat_of(fd: RawFd, stat: Stat) -> Step {
    on(Call::Fstat { fd }).gives(Ret::Stat(stat))
}

pub(super) fn flock(fd: RawFd) -> Step {
    let lock = Lock::Exclusive;
    on(Call::Flock { fd, lock })
}

pub(super) fn unlink(dir: RawFd, path: &str) -> Step {
    let (dir, path) = (At::Fd(dir), PathBuf::from(path));
    on(Call::Unlink { dir, path })
}

/// The steps whose answers are failed in turn: see [`fail_each`].
pub(super) type Steps = Vec<Step>;

/// Runs the script once for each of its steps, with that step failing with
/// `errno` and what `after` says following it; `check` gets the number of the
/// failing step and what the program gave.
pub(super) fn fail_each<T>(
    script: &Steps,
    errno: crate::sys::Errno,
    after: impl Fn(usize) -> Steps,
    program: impl Fn(Scripted) -> T,
    check: impl Fn(usize, T),
) {
    for failing in 0..script.len() {
        let mut steps = script[..failing].to_vec();
        steps.push(script[failing].clone().instead(Err(errno)));
        steps.extend(after(failing));
        check(failing, returned(steps, &program));
    }
}

/// Every signal, for masks.
pub(super) fn mask(how: MaskHow, set: SignalSet, before: SignalSet) -> Step {
    on(Call::SigMask { how, set }).gives(Ret::Signals(before))
}

/// Any call of this name, whatever it is asked.
pub(super) fn any(name: &'static str) -> Step {
    on_any(name)
}
