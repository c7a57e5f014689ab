//! What taking and removing a PID file calls.

pub(super) use std::ffi::OsStr;
pub(super) use std::path::{Path, PathBuf};
pub(super) use std::time::Duration;

pub(super) use rstest::rstest;

pub(super) use super::super::*;
pub(super) use crate::daemon::scripts::{
    Steps, close, fail_each, file, flock, getpid, nothing, pid, returned, stat_of, unlink, write,
};
pub(super) use crate::daemon::{Cause, Failure, Stage, Start};
pub(super) use crate::sys::call::{Call, Ret};
pub(super) use crate::sys::records::{Access, At, FileKind, Follow, OpenHow, Replace, Stat};
pub(super) use crate::sys::scripted::{Scripted, Step, on};
pub(super) use crate::sys::{Errno, Gid, Uid};

pub(super) const DIR: i32 = 3;
/// Descriptors: the file in the making, and what has the name.
pub(super) const NEW: i32 = 4;
pub(super) const OLD: i32 = 5;
/// Inodes.
pub(super) const OURS: u64 = 40;
pub(super) const THEIRS: u64 = 50;
pub(super) const OWN: i32 = 77;

pub(super) const TEMP: &str = ".a.pid.starting";
pub(super) const NAME: &str = "a.pid";
pub(super) const ASIDE: &str = "a.pid.old";

pub(super) fn open_dir() -> Step {
    on(Call::Open {
        dir: At::Cwd,
        path: PathBuf::from("/run"),
        how: OpenHow {
            directory: true,
            ..OpenHow::new(Access::Path)
        },
        mode: 0,
    })
    .gives(Ret::Fd(DIR))
}

pub(super) fn create() -> Step {
    on(Call::Open {
        dir: At::Fd(DIR),
        path: PathBuf::from(TEMP),
        how: OpenHow {
            create: true,
            exclusive: true,
            no_follow: true,
            ..OpenHow::new(Access::Write)
        },
        mode: 0o644,
    })
}

pub(super) fn look(name: &str) -> Step {
    on(Call::Open {
        dir: At::Fd(DIR),
        path: PathBuf::from(name),
        how: OpenHow {
            no_follow: true,
            non_blocking: true,
            ..OpenHow::new(Access::Read)
        },
        mode: 0,
    })
}

pub(super) fn named(name: &str, inode: u64) -> Step {
    on(Call::Stat {
        dir: At::Fd(DIR),
        path: PathBuf::from(name),
        follow: Follow::No,
    })
    .gives(Ret::Stat(file(inode)))
}

pub(super) fn unnamed(name: &str) -> Step {
    named(name, 0).instead(Err(Errno::ENOENT))
}

pub(super) fn nobody(name: &str) -> Step {
    look(name).fails(Errno::ENOENT)
}

pub(super) fn rename(from: &str, to: &str, replace: Replace) -> Step {
    on(Call::Rename {
        dir: At::Fd(DIR),
        from: PathBuf::from(from),
        to: PathBuf::from(to),
        replace,
    })
}

pub(super) fn link() -> Step {
    on(Call::Link {
        dir: At::Fd(DIR),
        from: PathBuf::from(NAME),
        to: PathBuf::from(ASIDE),
    })
}

pub(super) fn unlinked(name: &str) -> Step {
    unlink(DIR, name).done()
}

pub(super) fn pause() -> Step {
    on(Call::Poll {
        fds: Vec::new(),
        timeout: Some(Duration::from_millis(100)),
        mask: None,
    })
    .gives(nothing())
}

pub(super) fn chmod() -> Step {
    on(Call::Fchmod {
        fd: NEW,
        mode: 0o644,
    })
    .done()
}

/// The turn is taken.
pub(super) fn turn() -> Steps {
    vec![
        create().gives(Ret::Fd(NEW)),
        flock(NEW).done(),
        stat_of(NEW, file(OURS)),
        named(TEMP, OURS),
    ]
}

/// A file of somebody's has the name; the lock says whether he lives.
pub(super) fn occupied(name: &str, lock: Result<Ret, Errno>) -> Steps {
    vec![
        look(name).gives(Ret::Fd(OLD)),
        stat_of(OLD, file(THEIRS)),
        flock(OLD).answers(lock),
        named(name, THEIRS),
    ]
}

pub(super) fn stale(name: &str) -> Steps {
    occupied(name, Ok(Ret::Unit))
}

/// What the holder's file says is read as well.
pub(super) fn living(name: &str, says: &str) -> Steps {
    let mut steps = occupied(name, Err(Errno::EWOULDBLOCK));
    let says = Ret::Bytes(says.into());
    steps.push(on(Call::Read { fd: OLD, max: 32 }).gives(says));
    steps.push(close(OLD));
    steps
}

pub(super) fn wanted(start: Start) -> Wanted {
    Wanted {
        pid: pid(OWN),
        start,
        replaces: (start == Start::Upgrade).then(|| file(THEIRS)),
        owner: None,
    }
}

/// Takes the PID file and lets it go without a removal.
pub(super) fn take(sys: Scripted, wanted: &Wanted) -> Result<(), Failure> {
    let place = Place::open(&sys, Path::new("/run/a.pid"))?;
    // Dropping it is another test's.
    place.take(wanted).map(std::mem::forget)
}

pub(super) fn taking(steps: Steps, start: Start) -> Result<(), Failure> {
    let mut script = vec![open_dir()];
    script.extend(steps);
    returned(script, |sys| take(sys, &wanted(start)))
}

pub(super) fn failure(cause: Cause) -> Failure {
    Failure::new(Stage::PidFile, "/run/a.pid", cause)
}

/// The name is free.
pub(super) fn free() -> Steps {
    let mut steps = turn();
    steps.extend([
        nobody(NAME),
        nobody(ASIDE),
        write(NEW, "77\n"),
        chmod(),
        rename(TEMP, NAME, Replace::No).done(),
    ]);
    steps
}

pub(super) fn rounds(round: &Steps) -> Steps {
    let mut steps = round.clone();
    for _ in 1..5 {
        steps.push(pause());
        steps.extend(round.clone());
    }
    steps.push(close(DIR));
    steps
}
