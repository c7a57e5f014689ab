//! What every start calls, and its settings.

pub(super) use std::path::PathBuf;
pub(super) use std::time::Duration;

pub(super) use rstest::rstest;

pub(super) use super::super::*;
pub(super) use crate::daemon::scripts::{
    Steps, close, ended, file, flock, getpid, mask, now, pid, readable, returned, stat_of, tell,
    unlink, wait, write,
};
pub(super) use crate::daemon::{InheritedFds, Mode, OnLostLauncher, Settings, exit_code};
pub(super) use crate::sys::call::{Call, Ret};
pub(super) use crate::sys::records::{Ended, PollFd, WaitFor};
pub(super) use crate::sys::scripted::{Run, Scripted, Step, on, on_any};

pub(super) const READ: i32 = 10;
pub(super) const WRITE: i32 = 11;
pub(super) const PIDFD: i32 = 12;
pub(super) const DIR: i32 = 9;
pub(super) const NEW: i32 = 14;

pub(super) const LAUNCHER: i32 = 70;
pub(super) const INTER: i32 = 100;
pub(super) const DAEMON: i32 = 77;

pub(super) fn settings() -> Settings {
    Settings {
        mode: Mode::Background,
        pid_file: "/run/a.pid".into(),
        launcher_waits: LauncherWaits::ForReady,
        ..Settings::default()
    }
}

/// What is done before: see the tests of the plan.
pub(super) fn planning(mode: Mode) -> Steps {
    let mut steps: Steps = (0..=2).map(|fd| stat_of(fd, file(1))).collect();
    if mode == Mode::Background {
        let root = crate::sys::records::Stat {
            kind: crate::sys::records::FileKind::Directory,
            ..file(2)
        };
        steps.push(on(Call::CountThreads).gives(Ret::Size(1)));
        steps.push(on_any("newfstatat").gives(Ret::Stat(root)));
    }
    steps.push(on_any("openat").gives(Ret::Fd(DIR)));
    steps.extend(vec![on_any("openat").fails(Errno::ENOENT); 2]);
    steps
}

pub(super) fn start(sys: Scripted, settings: Settings) -> Result<Started<Scripted>, Failure> {
    background(Plan::make(sys, InheritedFds::none(), settings)?)
}

pub(super) fn action(signal: Signal, disposition: Disposition) -> Step {
    let before = Ret::Disposition(Disposition::Default);
    on(Call::SigAction {
        signal,
        disposition,
    })
    .gives(before)
}

pub(super) fn probe() -> Step {
    let signal = None;
    on(Call::PidfdSendSignal {
        pidfd: PIDFD,
        signal,
    })
}

pub(super) fn blocked() -> SignalSet {
    SignalSet::EMPTY.with(Signal::USR1).with(Signal::CHLD)
}

pub(super) fn before_fork() -> Steps {
    vec![
        on(Call::Pipe).gives(Ret::Fds((READ, WRITE))),
        action(Signal::PIPE, Disposition::Ignore),
        action(Signal::CHLD, Disposition::Interrupt),
        action(Signal::USR1, Disposition::Ignore),
        mask(
            MaskHow::Block,
            blocked(),
            SignalSet::EMPTY.with(Signal::HUP),
        ),
        getpid(LAUNCHER),
        on(Call::PidfdOpen { pid: pid(LAUNCHER) }).gives(Ret::Fd(PIDFD)),
        probe().done(),
        on(Call::SetChildSubreaper { on: true }).done(),
        now(Duration::ZERO),
    ]
}

pub(super) fn fork(answer: i32) -> Step {
    on(Call::Fork).gives(Ret::Pid(pid(answer)))
}

pub(super) fn script(parts: impl IntoIterator<Item = Steps>) -> Steps {
    parts.into_iter().flatten().collect()
}

pub(super) fn intermediate_way() -> Steps {
    script([
        planning(Mode::Background),
        before_fork(),
        vec![
            fork(0),
            close(READ),
            on(Call::SetSid).gives(Ret::Pid(pid(INTER))),
        ],
    ])
}

pub(super) fn status_of(steps: Steps) -> i32 {
    match Scripted::new(steps).run(|sys| start(sys, settings()).is_ok()) {
        Run::Exited(status) => status,
        Run::Returned(_) => panic!("it came back"),
    }
}

pub(super) fn exit(status: i32) -> Step {
    on(Call::Exit { status }).done()
}

pub(super) fn cleaning() -> Steps {
    let kept = [Signal::KILL, Signal::STOP, Signal::PIPE];
    let reset = Signal::all().filter(|signal| !kept.contains(signal));
    let actions = reset.map(|signal| action(signal, Disposition::Default));
    let mut steps = vec![
        getpid(DAEMON),
        tell(WRITE, &Record::Started(pid(DAEMON))),
        on(Call::Chdir {
            path: PathBuf::from("/"),
        })
        .done(),
        on(Call::Umask { mask: 0o007 }).gives(Ret::Mode(0o022)),
        on_any("openat").gives(Ret::Fd(13)),
        on(Call::Dup2 { from: 13, to: 0 }).done(),
        close(13),
    ];
    steps.extend(actions);
    steps.push(mask(MaskHow::Set, SignalSet::EMPTY, blocked()));
    steps
}

pub(super) fn pid_file() -> Steps {
    vec![
        on_any("openat").gives(Ret::Fd(NEW)),
        flock(NEW).done(),
        stat_of(NEW, file(40)),
        on_any("newfstatat").gives(Ret::Stat(file(40))),
        on_any("openat").fails(Errno::ENOENT),
        on_any("openat").fails(Errno::ENOENT),
        write(NEW, format!("{DAEMON}\n")),
        on(Call::Fchmod {
            fd: NEW,
            mode: 0o644,
        })
        .done(),
        on_any("renameat2").done(),
    ]
}

/// The removal of the PID file, and what it held.
pub(super) fn removal() -> Steps {
    script([
        vec![
            getpid(DAEMON),
            on_any("openat").gives(Ret::Fd(15)),
            flock(15).done(),
            stat_of(15, file(41)),
            on_any("newfstatat").gives(Ret::Stat(file(41))),
            on_any("newfstatat").gives(Ret::Stat(file(40))),
            on_any("openat").fails(Errno::ENOENT),
            unlink(DIR, "a.pid").done(),
            on_any("newfstatat").fails(Errno::ENOENT),
            unlink(DIR, ".a.pid.starting").done(),
            close(15),
        ],
        vec![close(DIR), close(NEW)],
    ])
}
