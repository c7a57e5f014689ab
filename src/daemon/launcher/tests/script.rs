//! What a launcher calls, and what it is told.

pub(super) use std::path::{Path, PathBuf};
pub(super) use std::time::Duration;

pub(super) use rstest::rstest;

pub(super) use super::super::*;
pub(super) use crate::daemon::identity::{Identity, UserIds};
pub(super) use crate::daemon::pid_file::Place;
pub(super) use crate::daemon::record::Record;
pub(super) use crate::daemon::scripts::{
    Steps, any, close, ended, file, flock, kill, nothing, now, pid, readable, returned, stat_of,
    unlink, wait,
};
pub(super) use crate::daemon::{Cause, Failure, GroupsDenied, LauncherWaits, OnTimeout, Stage};
pub(super) use crate::sys::call::{Call, Ret};
pub(super) use crate::sys::records::{
    At, Capabilities, Ended, Ids, KillTarget, PollEvents, PollFd, Replace, WaitFor,
};
pub(super) use crate::sys::scripted::{Scripted, Step, on};
pub(super) use crate::sys::{Errno, Fd, Gid, Pid, Process, Signal, SignalSet, Uid};

pub(super) const PIPE: i32 = 8;
pub(super) const DIR: i32 = 9;
pub(super) const NEW: i32 = 10;
pub(super) const OTHER: i32 = 11;
pub(super) const INTER: i32 = 100;
pub(super) const DAEMON: i32 = 101;
pub(super) const LIMIT: Duration = Duration::from_secs(600);
pub(super) const GRACE: Duration = Duration::from_secs(5);
pub(super) const MASK: SignalSet = SignalSet::EMPTY.with(Signal::USR1);

#[derive(Clone, Copy)]
pub(super) struct Wish {
    pub(super) waits: LauncherWaits,
    pub(super) on_timeout: OnTimeout,
    pub(super) user: Option<u32>,
}

pub(super) const READY: Wish = Wish {
    waits: LauncherWaits::ForReady,
    on_timeout: OnTimeout::Kill,
    user: None,
};

pub(super) const DETACHED: Wish = Wish {
    waits: LauncherWaits::ForDetached,
    ..READY
};

/// A place of which nothing is known, and of whose calls no script speaks.
pub(super) fn nowhere() -> Place<Scripted> {
    let mut place = None;
    let script = [
        any("openat").gives(Ret::Fd(DIR)),
        on(Call::Exit { status: 0 }).done(),
    ];
    Scripted::new(script).run(|sys| {
        place = Place::open(&sys, Path::new("/run/a.pid")).ok();
        sys.exit(0)
    });
    place.unwrap()
}

/// What is swept away in the end is left out: see [`sweeping`].
pub(super) fn run(steps: Steps, wish: Wish) -> Result<Pid, Failure> {
    let steps = script([vec![no_pidfd(INTER)], steps]);
    run_at(steps, wish, |_| nowhere())
}

pub(super) fn run_at(
    steps: Steps,
    wish: Wish,
    place: impl FnOnce(&Scripted) -> Place<Scripted>,
) -> Result<Pid, Failure> {
    returned(steps, |sys: Scripted| {
        let place = place(&sys);
        let identity = wish.user.map(|uid| Identity {
            user: Some(UserIds {
                uid: Uid::from_raw(uid),
                groups: Vec::new(),
            }),
            gid: Gid::from_raw(uid),
        });
        let launcher = Launcher {
            sys: sys.clone(),
            identity,
            groups_denied: GroupsDenied::Error,
            waits: wish.waits,
            on_timeout: wish.on_timeout,
            place,
            ready_timeout: LIMIT,
        };
        let pipe = Fd::from_raw(&sys, PIPE);
        Watch::new(launcher, pipe, pid(INTER), LIMIT, MASK).run()
    })
}

pub(super) fn poll(fds: Vec<PollFd>, left: Duration) -> Step {
    on(Call::Poll {
        fds,
        timeout: Some(left),
        mask: Some(MASK),
    })
}

pub(super) fn on_pipe(left: Duration) -> Step {
    let (read, write) = (true, false);
    let fd = PIPE;
    poll(vec![PollFd { fd, read, write }], left)
}

pub(super) fn read(bytes: Vec<u8>) -> Step {
    on(Call::Read {
        fd: PIPE,
        max: 4096,
    })
    .gives(Ret::Bytes(bytes))
}

/// At time 0, the pipe has these bytes.
pub(super) fn come(bytes: Vec<u8>, limit: Duration) -> Steps {
    vec![
        now(Duration::ZERO),
        on_pipe(limit).gives(readable()),
        read(bytes),
    ]
}

pub(super) fn says(record: Record) -> Steps {
    come(record.encode(), LIMIT)
}

/// A kernel that has no pidfd, unless a test says otherwise.
pub(super) fn no_pidfd(number: i32) -> Step {
    let pid = pid(number);
    on(Call::PidfdOpen { pid }).fails(Errno::ENOSYS)
}

pub(super) fn started() -> Steps {
    script([says(Record::Started(pid(DAEMON))), vec![no_pidfd(DAEMON)]])
}

/// The end of the pipe, which is then closed.
pub(super) fn hangs_up(limit: Duration) -> Steps {
    let hung_up = PollEvents {
        hung_up: true,
        ..PollEvents::default()
    };
    vec![
        now(Duration::ZERO),
        on_pipe(limit).gives(Ret::Polled(vec![hung_up])),
        read(Vec::new()),
        close(PIPE),
    ]
}

pub(super) fn sigchld(limit: Duration) -> Steps {
    vec![now(Duration::ZERO), on_pipe(limit).fails(Errno::EINTR)]
}

pub(super) fn reap(number: i32, end: Ended) -> Step {
    wait(WaitFor::Pid(pid(number))).gives(ended(number, end))
}

pub(super) fn lives(number: i32) -> Step {
    wait(WaitFor::Pid(pid(number))).gives(Ret::Waited(None))
}

pub(super) fn no_child() -> Step {
    wait(WaitFor::Any).fails(Errno::ECHILD)
}

pub(super) fn intermediate_is_gone() -> Step {
    reap(INTER, Ended::Exited(0))
}

/// SIGKILL for the intermediate and its group.
pub(super) fn kill_group() -> Steps {
    vec![
        kill(KillTarget::Process(pid(INTER)), Signal::KILL).done(),
        kill(KillTarget::Group(pid(INTER)), Signal::KILL).done(),
    ]
}

/// And for the daemon, and a group that it may lead.
pub(super) fn kill_all() -> Steps {
    let mut steps = kill_group();
    steps.extend([
        kill(KillTarget::Group(pid(DAEMON)), Signal::KILL).fails(Errno::ESRCH),
        kill(KillTarget::Process(pid(DAEMON)), Signal::KILL).done(),
    ]);
    steps
}

/// The same; by `at` all have ended, and the wait is over.
pub(super) fn kill_and_reap_all(at: Duration) -> Steps {
    script([
        kill_all(),
        vec![
            now(at),
            reap(DAEMON, Ended::Killed(Signal::KILL)),
            intermediate_is_gone(),
        ],
        the_end(),
        vec![close(PIPE)],
    ])
}

pub(super) fn script(parts: impl IntoIterator<Item = Steps>) -> Steps {
    parts.into_iter().flatten().collect()
}

/// After a failure: nobody is left to reap.
pub(super) fn the_end() -> Steps {
    vec![now(Duration::ZERO), no_child()]
}

pub(super) fn vanished(number: i32, end: Ended) -> Result<Pid, Failure> {
    let pid = pid(number);
    let (stage, subject) = match number {
        INTER => (Stage::Detach, "intermediate"),
        _ => (Stage::Readiness, "daemon"),
    };
    Err(Failure::new(stage, subject, Cause::Ended { pid, end }))
}

pub(super) fn late() -> Failure {
    Failure::bare(Stage::Readiness, Cause::TimedOut(LIMIT))
}

/// What the daemon left is swept away, after it has been reaped, by a launcher
/// whose own descriptor of the directory goes with it.
pub(super) fn sweeping(steps: Steps, place: Steps) -> Result<Pid, Failure> {
    sweeping_as(READY, steps, place)
}

pub(super) fn sweeping_as(wish: Wish, steps: Steps, place: Steps) -> Result<Pid, Failure> {
    let script = script([
        vec![any("openat").gives(Ret::Fd(DIR)), no_pidfd(INTER)],
        steps,
        place,
        vec![close(DIR), close(PIPE)],
    ]);
    let open = |sys: &Scripted| Place::open(sys, Path::new("/run/a.pid")).unwrap();
    run_at(script, wish, open)
}
