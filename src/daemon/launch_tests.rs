use std::path::PathBuf;
use std::time::Duration;

use rstest::rstest;

use super::*;
use crate::daemon::scripts::{
    Steps, close, ended, file, flock, getpid, mask, now, pid, readable, returned, stat_of, tell,
    unlink, wait, write,
};
use crate::daemon::{InheritedFds, Mode, OnLostLauncher, Settings, exit_code};
use crate::sys::call::{Call, Ret};
use crate::sys::records::{Ended, PollFd, WaitFor};
use crate::sys::scripted::{Run, Scripted, Step, on, on_any};

const READ: i32 = 10;
const WRITE: i32 = 11;
const PIDFD: i32 = 12;
const DIR: i32 = 9;
const NEW: i32 = 14;

const LAUNCHER: i32 = 70;
const INTER: i32 = 100;
const DAEMON: i32 = 77;

fn settings() -> Settings {
    Settings {
        mode: Mode::Background,
        pid_file: "/run/a.pid".into(),
        launcher_waits: LauncherWaits::ForReady,
        ..Settings::default()
    }
}

/// What is done before: see the tests of the plan.
fn planning(mode: Mode) -> Steps {
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

fn start(sys: Scripted, settings: Settings) -> Result<Started<Scripted>, Failure> {
    background(Plan::make(sys, InheritedFds::none(), settings)?)
}

fn action(signal: Signal, disposition: Disposition) -> Step {
    let before = Ret::Disposition(Disposition::Default);
    on(Call::SigAction {
        signal,
        disposition,
    })
    .gives(before)
}

fn probe() -> Step {
    let signal = None;
    on(Call::PidfdSendSignal {
        pidfd: PIDFD,
        signal,
    })
}

fn blocked() -> SignalSet {
    SignalSet::EMPTY.with(Signal::USR1).with(Signal::CHLD)
}

fn before_fork() -> Steps {
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

fn fork(answer: i32) -> Step {
    on(Call::Fork).gives(Ret::Pid(pid(answer)))
}

fn script(parts: impl IntoIterator<Item = Steps>) -> Steps {
    parts.into_iter().flatten().collect()
}

#[rstest]
fn what_fails_at_the_fork_is_the_launchers_own_failure(
    #[values(Errno::EMFILE, Errno::EAGAIN)] errno: Errno,
) {
    const CALLS: [&str; 11] = [
        "pipe2",
        "sigaction",
        "sigaction",
        "sigaction",
        "sigprocmask",
        "getpid",
        "pidfd_open",
        "pidfd_send_signal",
        "prctl",
        "clock_gettime",
        "fork",
    ];
    let planned = planning(Mode::Background);
    let steps = script([planned.clone(), before_fork(), vec![fork(INTER)]]);
    for failing in 0..CALLS.len() {
        let mut script = steps[..planned.len() + failing].to_vec();
        let step = &steps[planned.len() + failing];
        script.push(step.clone().instead(Err(errno)));
        // What is open at that point is closed.
        script.extend((failing > 6).then(|| close(PIDFD)));
        if failing > 0 {
            script.extend([close(WRITE), close(READ)]);
        }
        script.push(close(DIR));
        let failure = returned(script, |sys| start(sys, settings()).err()).unwrap();
        let expected = Failure::new(Stage::Launch, CALLS[failing], Cause::Errno(errno));
        assert_eq!(failure, expected);
    }
}

/// The launcher's way, with what a kernel without pidfd answers.
fn launching(pidfd: Steps, close_pidfd: bool) -> Steps {
    let bytes: Vec<u8> = [Record::Started(pid(DAEMON)), Record::Ready]
        .iter()
        .flat_map(Record::encode)
        .collect();
    let watch = PollFd {
        fd: READ,
        read: true,
        write: false,
    };
    let mut before = before_fork();
    before.splice(6..8, pidfd);
    script([
        planning(Mode::Background),
        before,
        vec![fork(INTER), close(WRITE)],
        close_pidfd.then(|| close(PIDFD)).into_iter().collect(),
        vec![
            on(Call::PidfdOpen { pid: pid(INTER) }).fails(Errno::EMFILE),
            now(Duration::ZERO),
            on(Call::Poll {
                fds: vec![watch],
                timeout: Some(Duration::from_secs(600)),
                // What was blocked before stays so, SIGCHLD alone comes through.
                mask: Some(SignalSet::EMPTY.with(Signal::HUP).with(Signal::USR1)),
            })
            .gives(readable()),
            on(Call::Read {
                fd: READ,
                max: 4096,
            })
            .gives(Ret::Bytes(bytes)),
            on(Call::PidfdOpen { pid: pid(DAEMON) }).fails(Errno::ENOSYS),
            wait(WaitFor::Pid(pid(INTER))).gives(ended(INTER, Ended::Exited(0))),
            close(DIR),
            close(READ),
        ],
    ])
}

#[rstest]
#[case::there(vec![on(Call::PidfdOpen { pid: pid(LAUNCHER) }).gives(Ret::Fd(PIDFD)), probe().done()], true)]
#[case::no_open(vec![on(Call::PidfdOpen { pid: pid(LAUNCHER) }).fails(Errno::ENOSYS)], false)]
#[case::open_forbidden(vec![on(Call::PidfdOpen { pid: pid(LAUNCHER) }).fails(Errno::EPERM)], false)]
#[case::no_send(
    vec![
        on(Call::PidfdOpen { pid: pid(LAUNCHER) }).gives(Ret::Fd(PIDFD)),
        probe().fails(Errno::ENOSYS), close(PIDFD),
    ],
    false
)]
// It would look like the launcher's own EPERM later.
#[case::send_forbidden(
    vec![
        on(Call::PidfdOpen { pid: pid(LAUNCHER) }).gives(Ret::Fd(PIDFD)),
        probe().fails(Errno::EPERM), close(PIDFD),
    ],
    false
)]
fn a_pidfd_is_used_where_it_works(#[case] pidfd: Steps, #[case] close_pidfd: bool) {
    let started = returned(launching(pidfd, close_pidfd), |sys| start(sys, settings()));
    match started {
        Ok(Started::Launcher { daemon }) => assert_eq!(daemon, pid(DAEMON)),
        _ => panic!("this is the launcher"),
    }
}

/// Up to the second fork.
fn intermediate_way() -> Steps {
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

fn status_of(steps: Steps) -> i32 {
    match Scripted::new(steps).run(|sys| start(sys, settings()).is_ok()) {
        Run::Exited(status) => status,
        Run::Returned(_) => panic!("it came back"),
    }
}

fn exit(status: i32) -> Step {
    on(Call::Exit { status }).done()
}

#[test]
fn the_intermediate_exits_and_nothing_else() {
    let steps = script([intermediate_way(), vec![fork(DAEMON), exit(0)]]);
    assert_eq!(status_of(steps), 0);
}

#[rstest]
#[case::setsid("setsid", Errno::EPERM)]
#[case::fork("fork", Errno::EAGAIN)]
fn what_fails_in_the_intermediate_goes_over_the_pipe(#[case] call: &str, #[case] errno: Errno) {
    let mut steps = intermediate_way();
    if call == "setsid" {
        steps.pop();
        steps.push(on(Call::SetSid).fails(errno));
    } else {
        steps.push(on(Call::Fork).fails(errno));
    }
    let failure = Failure::new(Stage::Detach, call, Cause::Errno(errno));
    steps.extend([
        tell(WRITE, &Record::Failed(failure.clone())),
        exit(exit_code::SYSTEM),
    ]);
    assert_eq!(status_of(steps), exit_code::SYSTEM);
}

#[test]
fn what_no_launcher_hears_goes_to_stderr() {
    let mut steps = intermediate_way();
    steps.pop();
    let failure = Failure::new(Stage::Detach, "setsid", Cause::Errno(Errno::EPERM));
    steps.extend([
        on(Call::SetSid).fails(Errno::EPERM),
        tell(WRITE, &Record::Failed(failure.clone())).instead(Err(Errno::EPIPE)),
        write(2, format!("daemon: {failure}\n")),
        exit(exit_code::SYSTEM),
    ]);
    assert_eq!(status_of(steps), exit_code::SYSTEM);
}

/// What the daemon does, up to its PID file.
fn cleaning() -> Steps {
    let settable = Signal::all().filter(|signal| ![Signal::KILL, Signal::STOP].contains(signal));
    let actions = settable.map(|signal| match signal {
        Signal::PIPE => action(signal, Disposition::Ignore),
        _ => action(signal, Disposition::Default),
    });
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

fn pid_file() -> Steps {
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
fn removal() -> Steps {
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

fn daemon_way() -> Steps {
    script([intermediate_way(), vec![fork(0)]])
}

#[test]
fn the_daemon_is_clean_and_has_its_pid_file_before_it_says_so() {
    let steps = script([
        daemon_way(),
        cleaning(),
        pid_file(),
        vec![tell(WRITE, &Record::Detached)],
        // The program drops its readiness: no PID file, then no line.
        removal(),
        vec![close(WRITE), close(PIDFD)],
    ]);
    let detached = returned(steps, |sys| match start(sys, settings()) {
        Ok(Started::Daemon(ready)) => ready.pid(),
        _ => panic!("this is the daemon"),
    });
    assert_eq!(detached, pid(DAEMON));
}

#[test]
fn what_fails_in_the_daemon_goes_over_the_pipe() {
    let cleaning = cleaning();
    let before = daemon_way();
    let stages = |failing: usize| match failing {
        0 | 3 => (Stage::Detach, exit_code::SYSTEM),
        1 => (Stage::Notify, exit_code::NOTIFY),
        2 => (Stage::WorkingDirectory, exit_code::WORKING_DIRECTORY),
        4 | 5 => (Stage::Streams, exit_code::STREAMS),
        _ => (Stage::Signals, exit_code::SYSTEM),
    };
    for failing in (0..cleaning.len()).filter(|failing| *failing != 6) {
        let mut steps = script([before.clone(), cleaning[..failing].to_vec()]);
        steps.push(cleaning[failing].clone().instead(Err(Errno::EIO)));
        steps.extend((failing == 5).then(|| close(13)));
        let (stage, status) = stages(failing);
        steps.extend([
            close(DIR),
            // The record of the failure: stage and errno are what matters.
            on_any("write").gives(Ret::Size(usize::MAX)),
            exit(status),
        ]);
        assert_eq!(status_of(steps), status, "{failing}: {stage:?}");
    }
}

#[test]
fn a_failure_after_the_pid_file_removes_it_first() {
    let failure = Failure::new(Stage::Notify, "write", Cause::Errno(Errno::EIO));
    let steps = script([
        daemon_way(),
        cleaning(),
        pid_file(),
        vec![tell(WRITE, &Record::Detached).instead(Err(Errno::EIO))],
        removal(),
        vec![
            tell(WRITE, &Record::Failed(failure)),
            exit(exit_code::NOTIFY),
        ],
    ]);
    assert_eq!(status_of(steps), exit_code::NOTIFY);
}

#[test]
fn a_daemon_whose_launcher_is_gone_gives_up_before_anything_is_made() {
    let gone = Failure::bare(Stage::Notify, Cause::LauncherGone);
    let steps = script([
        daemon_way(),
        vec![
            getpid(DAEMON),
            tell(WRITE, &Record::Started(pid(DAEMON))).instead(Err(Errno::EPIPE)),
            close(DIR),
            tell(WRITE, &Record::Failed(gone.clone())).instead(Err(Errno::EPIPE)),
            write(2, format!("daemon: {gone}\n")),
            exit(exit_code::LAUNCHER_GONE),
        ],
    ]);
    assert_eq!(status_of(steps), exit_code::LAUNCHER_GONE);
}

#[test]
fn a_daemon_that_is_to_stay_goes_on_without_a_launcher() {
    let mut cleaning = cleaning();
    cleaning[1] = tell(WRITE, &Record::Started(pid(DAEMON))).instead(Err(Errno::EPIPE));
    let steps = script([
        daemon_way(),
        cleaning,
        pid_file(),
        vec![tell(WRITE, &Record::Detached).instead(Err(Errno::EPIPE))],
        removal(),
        vec![close(WRITE), close(PIDFD)],
    ]);
    let settings = Settings {
        on_lost_launcher: OnLostLauncher::Stay,
        ..settings()
    };
    assert!(returned(steps, |sys| start(sys, settings).is_ok()));
}

#[test]
fn nobody_is_signalled_where_nobody_waits() {
    let mut before = before_fork();
    before.drain(6..8);
    let steps = script([
        planning(Mode::Background),
        before,
        vec![
            fork(0),
            close(READ),
            on(Call::SetSid).gives(Ret::Pid(pid(INTER))),
            fork(0),
        ],
        cleaning(),
        pid_file(),
        vec![tell(WRITE, &Record::Detached), close(WRITE)],
        // Ready, and no line to say so on.
        removal(),
    ]);
    let settings = Settings {
        launcher_waits: LauncherWaits::ForDetached,
        ..settings()
    };
    let stopped = returned(steps, |sys| match start(sys, settings) {
        Ok(Started::Daemon(ready)) => ready.notify().map(|running| running.stop()),
        _ => panic!("this is the daemon"),
    });
    assert!(matches!(stopped, Ok(Ok(crate::daemon::Removal::Removed))));
}

#[test]
fn the_foreground_forks_nothing_and_says_nothing() {
    let foreground_way = script([
        planning(Mode::Foreground),
        vec![getpid(DAEMON)],
        pid_file(),
        removal(),
    ]);
    let settings = Settings {
        mode: Mode::Foreground,
        ..settings()
    };
    let run = |sys: Scripted| {
        let plan = Plan::make(sys, InheritedFds::none(), settings.clone())?;
        foreground(plan)?.notify().map(drop)
    };
    assert_eq!(returned(foreground_way, run), Ok(()));
    let unknown = getpid(DAEMON).instead(Err(Errno::EIO));
    let steps = script([planning(Mode::Foreground), vec![unknown, close(DIR)]]);
    let expected = Failure::new(Stage::Launch, "getpid", Cause::Errno(Errno::EIO));
    assert_eq!(returned(steps, run), Err(expected));
}
