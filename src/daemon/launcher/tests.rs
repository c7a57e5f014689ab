//! Every way in which a wait ends.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rstest::rstest;

use super::*;
use crate::daemon::identity::{Identity, UserIds};
use crate::daemon::pid_file::Place;
use crate::daemon::record::Record;
use crate::daemon::scripts::{
    Steps, any, close, ended, file, flock, kill, nothing, now, pid, readable, returned, stat_of,
    unlink, wait,
};
use crate::daemon::{Cause, Failure, GroupsDenied, LauncherWaits, OnTimeout, Stage};
use crate::sys::call::{Call, Ret};
use crate::sys::records::{
    At, Capabilities, Ended, Ids, KillTarget, PollEvents, PollFd, Replace, WaitFor,
};
use crate::sys::scripted::{Scripted, Step, on};
use crate::sys::{Errno, Fd, Gid, Pid, Process, Signal, SignalSet, Uid};

const PIPE: i32 = 8;
const DIR: i32 = 9;
const NEW: i32 = 10;
const OTHER: i32 = 11;
const INTER: i32 = 100;
const DAEMON: i32 = 101;
const LIMIT: Duration = Duration::from_secs(600);
const GRACE: Duration = Duration::from_secs(5);
const MASK: SignalSet = SignalSet::EMPTY.with(Signal::USR1);

#[derive(Clone, Copy)]
struct Wish {
    waits: LauncherWaits,
    on_timeout: OnTimeout,
    user: Option<u32>,
}

const READY: Wish = Wish {
    waits: LauncherWaits::ForReady,
    on_timeout: OnTimeout::Kill,
    user: None,
};

const DETACHED: Wish = Wish {
    waits: LauncherWaits::ForDetached,
    ..READY
};

/// A place of which nothing is known, and of whose calls no script speaks.
fn nowhere() -> Place<Scripted> {
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
fn run(steps: Steps, wish: Wish) -> Result<Pid, Failure> {
    let steps = script([vec![no_pidfd(INTER)], steps]);
    run_at(steps, wish, |_| nowhere())
}

fn run_at(
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

fn poll(fds: Vec<PollFd>, left: Duration) -> Step {
    on(Call::Poll {
        fds,
        timeout: Some(left),
        mask: Some(MASK),
    })
}

fn on_pipe(left: Duration) -> Step {
    let (read, write) = (true, false);
    let fd = PIPE;
    poll(vec![PollFd { fd, read, write }], left)
}

fn read(bytes: Vec<u8>) -> Step {
    on(Call::Read {
        fd: PIPE,
        max: 4096,
    })
    .gives(Ret::Bytes(bytes))
}

/// At time 0, the pipe has these bytes.
fn come(bytes: Vec<u8>, limit: Duration) -> Steps {
    vec![
        now(Duration::ZERO),
        on_pipe(limit).gives(readable()),
        read(bytes),
    ]
}

fn says(record: Record) -> Steps {
    come(record.encode(), LIMIT)
}

/// A kernel that has no pidfd, unless a test says otherwise.
fn no_pidfd(number: i32) -> Step {
    let pid = pid(number);
    on(Call::PidfdOpen { pid }).fails(Errno::ENOSYS)
}

fn started() -> Steps {
    script([says(Record::Started(pid(DAEMON))), vec![no_pidfd(DAEMON)]])
}

/// The end of the pipe, which is then closed.
fn hangs_up(limit: Duration) -> Steps {
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

fn sigchld(limit: Duration) -> Steps {
    vec![now(Duration::ZERO), on_pipe(limit).fails(Errno::EINTR)]
}

fn reap(number: i32, end: Ended) -> Step {
    wait(WaitFor::Pid(pid(number))).gives(ended(number, end))
}

fn lives(number: i32) -> Step {
    wait(WaitFor::Pid(pid(number))).gives(Ret::Waited(None))
}

fn no_child() -> Step {
    wait(WaitFor::Any).fails(Errno::ECHILD)
}

fn intermediate_is_gone() -> Step {
    reap(INTER, Ended::Exited(0))
}

/// SIGKILL for the intermediate and its group.
fn kill_group() -> Steps {
    vec![
        kill(KillTarget::Process(pid(INTER)), Signal::KILL).done(),
        kill(KillTarget::Group(pid(INTER)), Signal::KILL).done(),
    ]
}

/// And for the daemon, and a group that it may lead.
fn kill_all() -> Steps {
    let mut steps = kill_group();
    steps.extend([
        kill(KillTarget::Group(pid(DAEMON)), Signal::KILL).fails(Errno::ESRCH),
        kill(KillTarget::Process(pid(DAEMON)), Signal::KILL).done(),
    ]);
    steps
}

fn script(parts: impl IntoIterator<Item = Steps>) -> Steps {
    parts.into_iter().flatten().collect()
}

/// After a failure: nobody is left to reap.
fn the_end() -> Steps {
    vec![now(Duration::ZERO), no_child()]
}

fn vanished(number: i32, end: Ended) -> Result<Pid, Failure> {
    let pid = pid(number);
    let (stage, subject) = match number {
        INTER => (Stage::Detach, "intermediate"),
        _ => (Stage::Readiness, "daemon"),
    };
    Err(Failure::new(stage, subject, Cause::Ended { pid, end }))
}

#[test]
fn ready_ends_the_wait_once_the_intermediate_is_gone() {
    let steps = script([
        started(),
        says(Record::Detached),
        says(Record::Ready),
        vec![lives(INTER)],
        sigchld(LIMIT),
        vec![intermediate_is_gone(), close(PIPE)],
    ]);
    assert_eq!(run(steps, READY), Ok(pid(DAEMON)));
}

#[test]
fn detached_is_enough_where_nobody_waits_for_more() {
    let records = [Record::Started(pid(DAEMON)), Record::Detached];
    let together = records.iter().flat_map(Record::encode).collect();
    let steps = script([
        come(together, LIMIT),
        vec![no_pidfd(DAEMON), intermediate_is_gone(), close(PIPE)],
    ]);
    assert_eq!(run(steps, DETACHED), Ok(pid(DAEMON)));
}

#[test]
fn a_ready_daemon_is_ready_whatever_the_intermediate_does() {
    let prefix = || script([started(), says(Record::Ready)]);
    // It is not there to be waited for, or takes too long.
    let steps = script([
        prefix(),
        vec![
            wait(WaitFor::Pid(pid(INTER))).fails(Errno::ECHILD),
            close(PIPE),
        ],
    ]);
    assert_eq!(run(steps, READY), Ok(pid(DAEMON)));
    let steps = script([
        prefix(),
        vec![
            lives(INTER),
            now(LIMIT),
            on_pipe(Duration::ZERO).gives(nothing()),
            close(PIPE),
        ],
    ]);
    assert_eq!(run(steps, READY), Ok(pid(DAEMON)));
    let steps = script([
        prefix(),
        vec![
            lives(INTER),
            any("clock_gettime").fails(Errno::EIO),
            close(PIPE),
        ],
    ]);
    assert_eq!(run(steps, READY), Ok(pid(DAEMON)));
}

#[test]
fn a_reported_failure_is_passed_on_when_all_have_ended() {
    let failure = Failure::new(Stage::PidFile, "/run/a.pid", Cause::Errno(Errno::EACCES));
    let steps = script([
        started(),
        says(Record::Failed(failure.clone())),
        // It says so, and exits.
        vec![now(Duration::ZERO), lives(DAEMON)],
        hangs_up(GRACE),
        vec![
            lives(DAEMON),
            now(Duration::ZERO),
            poll(Vec::new(), GRACE).fails(Errno::EINTR),
        ],
        vec![reap(DAEMON, Ended::Exited(73))],
        kill_group(),
        vec![intermediate_is_gone()],
        the_end(),
    ]);
    assert_eq!(run(steps, READY), Err(failure));
}

#[test]
fn an_intermediate_that_fails_is_reported_too() {
    let failure = Failure::new(Stage::Detach, "setsid", Cause::Errno(Errno::EPERM));
    let steps = script([
        says(Record::Failed(failure.clone())),
        vec![now(Duration::ZERO)],
        hangs_up(GRACE),
        vec![reap(INTER, Ended::Exited(71))],
        the_end(),
    ]);
    assert_eq!(run(steps, READY), Err(failure));
}

#[rstest]
#[case::exits(Ended::Exited(0))]
#[case::fails(Ended::Exited(9))]
#[case::is_killed(Ended::Killed(Signal::SEGV))]
fn a_daemon_that_ends_early_is_reported_with_its_end(#[case] end: Ended) {
    // Seen through the pipe.
    let steps = script([
        started(),
        hangs_up(LIMIT),
        vec![lives(DAEMON), now(Duration::ZERO), reap(DAEMON, end)],
        kill_group(),
        vec![intermediate_is_gone()],
        the_end(),
    ]);
    assert_eq!(run(steps, READY), vanished(DAEMON, end));
    // Seen through SIGCHLD, while a worker has the pipe.
    let steps = script([
        started(),
        sigchld(LIMIT),
        vec![reap(DAEMON, end)],
        vec![
            now(Duration::ZERO),
            on_pipe(Duration::ZERO).gives(nothing()),
        ],
        vec![now(Duration::ZERO)],
        kill_group(),
        vec![intermediate_is_gone()],
        // The worker's zombie, then nobody.
        vec![
            now(Duration::ZERO),
            wait(WaitFor::Any).gives(ended(300, Ended::Killed(Signal::KILL))),
        ],
        vec![no_child(), close(PIPE)],
    ]);
    assert_eq!(run(steps, READY), vanished(DAEMON, end));
}

#[test]
fn last_words_explain_an_end() {
    let failure = Failure::new(Stage::Signals, "sigprocmask", Cause::Errno(Errno::EINVAL));
    let steps = script([
        started(),
        sigchld(LIMIT),
        vec![reap(DAEMON, Ended::Exited(71))],
        come(Record::Failed(failure.clone()).encode(), Duration::ZERO),
        vec![now(Duration::ZERO)],
        kill_group(),
        vec![intermediate_is_gone()],
        the_end(),
        vec![close(PIPE)],
    ]);
    assert_eq!(run(steps, READY), Err(failure));
}

#[test]
fn a_daemon_that_was_ready_and_ended_at_once_was_ready() {
    let steps = script([
        started(),
        sigchld(LIMIT),
        vec![reap(DAEMON, Ended::Exited(0))],
        come(Record::Ready.encode(), Duration::ZERO),
        vec![intermediate_is_gone(), close(PIPE)],
    ]);
    assert_eq!(run(steps, READY), Ok(pid(DAEMON)));
}

#[test]
fn an_intermediate_that_is_killed_is_reported() {
    let steps = script([
        hangs_up(LIMIT),
        vec![
            now(Duration::ZERO),
            reap(INTER, Ended::Killed(Signal::KILL)),
        ],
        the_end(),
    ]);
    assert_eq!(
        run(steps, READY),
        vanished(INTER, Ended::Killed(Signal::KILL))
    );
}

#[test]
fn a_daemon_that_ends_before_its_first_word_is_reported() {
    let killed = Ended::Killed(Signal::KILL);
    let steps = script([
        hangs_up(LIMIT),
        vec![now(Duration::ZERO), intermediate_is_gone()],
        vec![wait(WaitFor::Any).gives(ended(DAEMON, killed))],
        the_end(),
    ]);
    assert_eq!(run(steps, READY), vanished(DAEMON, killed));
}

/// Descriptors of intermediate and daemon.
const INTER_FD: i32 = 20;
const DAEMON_FD: i32 = 21;

fn pidfd(number: i32, fd: i32) -> Step {
    let pid = pid(number);
    on(Call::PidfdOpen { pid }).gives(Ret::Fd(fd))
}

/// At time 0 a wait for all of `fds`, of which `come` have something to say.
fn on_all(fds: &[i32], come: &[i32]) -> Steps {
    let (read, write) = (true, false);
    let watched = fds.iter().map(|&fd| PollFd { fd, read, write });
    let events = fds.iter().map(|fd| PollEvents {
        readable: come.contains(fd),
        ..PollEvents::default()
    });
    vec![
        now(Duration::ZERO),
        poll(watched.collect(), LIMIT).gives(Ret::Polled(events.collect())),
    ]
}

fn with_pidfds(steps: Steps) -> Result<Pid, Failure> {
    let said = Record::Started(pid(DAEMON)).encode();
    let steps = script([
        vec![pidfd(INTER, INTER_FD)],
        on_all(&[PIPE, INTER_FD], &[PIPE]),
        vec![read(said), pidfd(DAEMON, DAEMON_FD)],
        steps,
    ]);
    run_at(steps, READY, |_| nowhere())
}

#[test]
fn an_end_is_seen_without_sigchld() {
    // A worker has the pipe, and another thread had the signal.
    let end = Ended::Killed(Signal::KILL);
    let steps = script([
        on_all(&[PIPE, DAEMON_FD, INTER_FD], &[INTER_FD]),
        vec![close(INTER_FD), lives(DAEMON)],
        on_all(&[PIPE, DAEMON_FD], &[DAEMON_FD]),
        vec![close(DAEMON_FD), reap(DAEMON, end)],
        vec![
            now(Duration::ZERO),
            on_pipe(Duration::ZERO).gives(nothing()),
            now(Duration::ZERO),
        ],
        kill_group(),
        vec![intermediate_is_gone()],
        the_end(),
        vec![close(PIPE)],
    ]);
    assert_eq!(with_pidfds(steps), vanished(DAEMON, end));
}

#[test]
fn a_daemon_that_is_still_the_intermediates_is_not_polled_for() {
    let end = Ended::Exited(3);
    let not_yet = wait(WaitFor::Pid(pid(DAEMON))).fails(Errno::ECHILD);
    let steps = script([
        on_all(&[PIPE, DAEMON_FD, INTER_FD], &[DAEMON_FD]),
        vec![close(DAEMON_FD), not_yet],
        on_all(&[PIPE, INTER_FD], &[INTER_FD]),
        vec![close(INTER_FD), reap(DAEMON, end)],
        vec![
            now(Duration::ZERO),
            on_pipe(Duration::ZERO).gives(nothing()),
            now(Duration::ZERO),
        ],
        kill_group(),
        vec![intermediate_is_gone()],
        the_end(),
        vec![close(PIPE)],
    ]);
    assert_eq!(with_pidfds(steps), vanished(DAEMON, end));
}

#[test]
fn words_come_before_ends() {
    let all = [PIPE, DAEMON_FD, INTER_FD];
    let steps = script([
        on_all(&all, &all),
        vec![read(Record::Detached.encode())],
        on_all(&all, &all),
        vec![read(Record::Ready.encode())],
        vec![
            intermediate_is_gone(),
            close(INTER_FD),
            close(PIPE),
            close(DAEMON_FD),
        ],
    ]);
    assert_eq!(with_pidfds(steps), Ok(pid(DAEMON)));
}

fn late() -> Failure {
    Failure::bare(Stage::Readiness, Cause::TimedOut(LIMIT))
}

#[test]
fn past_the_limit_all_are_killed_and_reaped() {
    let steps = script([
        started(),
        vec![now(LIMIT), on_pipe(Duration::ZERO).gives(nothing())],
        kill_all(),
        vec![
            now(LIMIT),
            reap(DAEMON, Ended::Killed(Signal::KILL)),
            intermediate_is_gone(),
        ],
        vec![now(LIMIT), no_child(), close(PIPE)],
    ]);
    assert_eq!(run(steps, READY), Err(late()));
}

#[test]
fn at_the_limit_what_has_come_still_counts() {
    let steps = script([
        started(),
        vec![
            now(LIMIT),
            on_pipe(Duration::ZERO).gives(readable()),
            read(Record::Ready.encode()),
        ],
        vec![intermediate_is_gone(), close(PIPE)],
    ]);
    assert_eq!(run(steps, READY), Ok(pid(DAEMON)));
}

#[test]
fn past_the_limit_a_daemon_can_be_left() {
    let leave = Wish {
        on_timeout: OnTimeout::Leave,
        ..READY
    };
    let steps = script([
        started(),
        vec![now(LIMIT), on_pipe(Duration::ZERO).gives(nothing())],
    ]);
    let failure = Failure {
        aftermath: Some("PID 101 was left running".to_owned()),
        ..late()
    };
    assert_eq!(sweeping_as(leave, steps, Vec::new()), Err(failure));
}

#[test]
fn who_cannot_be_killed_is_named() {
    let steps = script([
        started(),
        vec![now(LIMIT), on_pipe(Duration::ZERO).gives(nothing())],
        kill_all()[..3].to_vec(),
        vec![kill(KillTarget::Process(pid(DAEMON)), Signal::KILL).fails(Errno::EPERM)],
        vec![
            now(LIMIT),
            lives(DAEMON),
            now(LIMIT + GRACE),
            on_pipe(Duration::ZERO).gives(nothing()),
        ],
        vec![now(LIMIT), wait(WaitFor::Any).gives(Ret::Waited(None))],
        vec![
            now(LIMIT + GRACE),
            on_pipe(Duration::ZERO).gives(nothing()),
            close(PIPE),
        ],
    ]);
    let failure = Failure {
        aftermath: Some("PID 101 could not be killed (EPERM)".to_owned()),
        ..late()
    };
    assert_eq!(run(steps, READY), Err(failure));
}

#[test]
fn who_does_not_end_after_all_is_named() {
    let steps = script([
        started(),
        vec![now(LIMIT), on_pipe(Duration::ZERO).gives(nothing())],
        kill_all(),
        vec![
            now(LIMIT),
            lives(DAEMON),
            now(LIMIT + GRACE),
            on_pipe(Duration::ZERO).gives(nothing()),
        ],
        vec![any("clock_gettime").fails(Errno::EIO)],
    ]);
    let failure = Failure {
        aftermath: Some("PID 101 has not ended after SIGKILL".to_owned()),
        ..late()
    };
    assert_eq!(sweeping(steps, Vec::new()), Err(failure));
}

#[test]
fn who_says_that_he_ends_and_does_not_is_killed() {
    let failure = Failure::new(Stage::Signals, "sigprocmask", Cause::Errno(Errno::EINVAL));
    let steps = script([
        started(),
        says(Record::Failed(failure.clone())),
        vec![
            now(Duration::ZERO),
            lives(DAEMON),
            now(GRACE),
            on_pipe(Duration::ZERO).gives(nothing()),
        ],
        kill_all(),
        vec![
            now(GRACE),
            reap(DAEMON, Ended::Killed(Signal::KILL)),
            intermediate_is_gone(),
        ],
        the_end(),
        vec![close(PIPE)],
    ]);
    assert_eq!(run(steps, READY), Err(failure));
}

#[rstest]
#[case::unknown(vec![1, 0, 9])]
#[case::too_long(vec![2, 0, 1, 1])]
fn bytes_that_are_no_record_end_it(#[case] bytes: Vec<u8>) {
    let steps = script([
        started(),
        come(bytes, LIMIT),
        kill_all(),
        vec![
            now(Duration::ZERO),
            reap(DAEMON, Ended::Killed(Signal::KILL)),
            intermediate_is_gone(),
        ],
        the_end(),
        vec![close(PIPE)],
    ]);
    let failure = run(steps, READY).unwrap_err();
    assert_eq!(failure.stage, Stage::Internal);
    assert_eq!(failure.status(), crate::daemon::exit_code::INTERNAL);
}

#[test]
fn ready_without_a_pid_is_no_success() {
    let steps = script([
        says(Record::Ready),
        kill_group(),
        vec![now(Duration::ZERO)],
        hangs_up(GRACE),
        vec![reap(INTER, Ended::Killed(Signal::KILL))],
        the_end(),
    ]);
    assert_eq!(run(steps, READY).unwrap_err().stage, Stage::Internal);
}

#[rstest]
#[case::clock(vec![any("clock_gettime").fails(Errno::EIO)], "clock_gettime")]
#[case::poll(vec![now(Duration::ZERO), on_pipe(LIMIT).fails(Errno::EIO)], "ppoll")]
#[case::read(
    vec![now(Duration::ZERO), on_pipe(LIMIT).gives(readable()), read(vec![]).instead(Err(Errno::EIO))],
    "read"
)]
#[case::wait(
    vec![
        now(Duration::ZERO), on_pipe(LIMIT).fails(Errno::EINTR),
        wait(WaitFor::Pid(pid(DAEMON))).fails(Errno::EIO),
    ],
    "wait4"
)]
fn a_launcher_that_cannot_wait_ends_everything(#[case] failing: Steps, #[case] call: &str) {
    let steps = script([
        started(),
        failing,
        kill_all(),
        vec![
            now(Duration::ZERO),
            reap(DAEMON, Ended::Killed(Signal::KILL)),
            intermediate_is_gone(),
        ],
        the_end(),
        vec![close(PIPE)],
    ]);
    let failure = Failure::new(Stage::Launch, call, Cause::Errno(Errno::EIO));
    assert_eq!(run(steps, READY), Err(failure));
}

#[test]
fn interruptions_while_the_clock_stands_still_have_an_end() {
    let mut steps = started();
    for _ in 0..64 {
        steps.extend(sigchld(LIMIT));
        steps.push(lives(DAEMON));
    }
    steps.extend(sigchld(LIMIT));
    let steps = script([
        steps,
        kill_all(),
        vec![
            now(Duration::ZERO),
            reap(DAEMON, Ended::Killed(Signal::KILL)),
            intermediate_is_gone(),
        ],
        the_end(),
        vec![close(PIPE)],
    ]);
    let failure = Failure::new(Stage::Launch, "ppoll", Cause::Errno(Errno::EINTR));
    assert_eq!(run(steps, READY), Err(failure));
}

/// What the daemon left is swept away, after it has been reaped, by a launcher
/// whose own descriptor of the directory goes with it.
fn sweeping(steps: Steps, place: Steps) -> Result<Pid, Failure> {
    sweeping_as(READY, steps, place)
}

fn sweeping_as(wish: Wish, steps: Steps, place: Steps) -> Result<Pid, Failure> {
    let script = script([
        vec![any("openat").gives(Ret::Fd(DIR)), no_pidfd(INTER)],
        steps,
        place,
        vec![close(DIR), close(PIPE)],
    ]);
    let open = |sys: &Scripted| Place::open(sys, Path::new("/run/a.pid")).unwrap();
    run_at(script, wish, open)
}

fn timed_out() -> Steps {
    script([
        started(),
        vec![now(LIMIT), on_pipe(Duration::ZERO).gives(nothing())],
        kill_all(),
        vec![
            now(LIMIT),
            reap(DAEMON, Ended::Killed(Signal::KILL)),
            intermediate_is_gone(),
        ],
        the_end(),
    ])
}

fn says_pid(fd: i32, number: i32) -> Step {
    let says = Ret::Bytes(format!("{number}\n").into_bytes());
    on(Call::Read { fd, max: 32 }).gives(says)
}

fn turn() -> Steps {
    vec![
        any("openat").gives(Ret::Fd(NEW)),
        flock(NEW).done(),
        stat_of(NEW, file(40)),
        any("newfstatat").gives(Ret::Stat(file(40))),
    ]
}

fn turn_ends() -> Steps {
    vec![unlink(DIR, ".a.pid.starting").done(), close(NEW)]
}

/// A file has the name, and its lock says whether who wrote it lives.
fn holds(number: i32, fd: i32, lives: bool) -> Steps {
    let inode = number.unsigned_abs().into();
    let lock = if lives {
        flock(fd).fails(Errno::EWOULDBLOCK)
    } else {
        flock(fd).done()
    };
    let mut steps = vec![
        any("openat").gives(Ret::Fd(fd)),
        stat_of(fd, file(inode)),
        lock,
        any("newfstatat").gives(Ret::Stat(file(inode))),
        says_pid(fd, number),
    ];
    steps.extend(lives.then(|| close(fd)));
    steps
}

fn rename_back() -> Step {
    on(Call::Rename {
        dir: At::Fd(DIR),
        from: PathBuf::from("a.pid.old"),
        to: PathBuf::from("a.pid"),
        replace: Replace::Yes,
    })
}

const THEIRS: i32 = 60;

#[test]
fn the_pid_file_of_a_daemon_that_was_killed_is_swept_away() {
    let steps = script([
        turn(),
        holds(DAEMON, OTHER, false),
        vec![
            any("openat").fails(Errno::ENOENT),
            unlink(DIR, "a.pid").done(),
            close(OTHER),
        ],
        turn_ends(),
    ]);
    assert_eq!(sweeping(timed_out(), steps), Err(late()));
}

#[test]
fn the_old_instance_gets_its_name_back_from_a_daemon_that_was_killed() {
    let steps = script([
        turn(),
        holds(DAEMON, OTHER, false),
        holds(THEIRS, 12, true),
        vec![rename_back().done(), close(OTHER)],
        turn_ends(),
    ]);
    assert_eq!(sweeping(timed_out(), steps), Err(late()));
}

#[test]
fn what_another_holds_or_left_stays() {
    let of_another = |lives| {
        let mut steps = script([turn(), holds(THEIRS, OTHER, lives)]);
        if lives {
            // It has no second name.
            steps.push(any("newfstatat").fails(Errno::ENOENT));
        } else {
            steps.push(close(OTHER));
        }
        steps
    };
    for lives in [true, false] {
        let steps = script([
            of_another(lives),
            vec![any("openat").fails(Errno::ENOENT)],
            turn_ends(),
        ]);
        assert_eq!(sweeping(timed_out(), steps), Err(late()));
        // A third took over from the daemon that died.
        let steps = script([
            of_another(lives),
            holds(DAEMON, 12, false),
            vec![unlink(DIR, "a.pid.old").done(), close(12)],
            turn_ends(),
        ]);
        assert_eq!(sweeping(timed_out(), steps), Err(late()));
    }
}

#[test]
fn the_second_name_of_one_that_still_has_the_first_is_swept_away() {
    let steps = script([
        turn(),
        holds(THEIRS, OTHER, true),
        vec![
            any("newfstatat").gives(Ret::Stat(file(60))),
            unlink(DIR, "a.pid.old").done(),
        ],
        turn_ends(),
    ]);
    assert_eq!(sweeping(timed_out(), steps), Err(late()));
}

#[rstest]
#[case::no_turn(
    script([
        vec![any("openat").fails(Errno::EACCES)],
        holds(DAEMON, OTHER, false),
        vec![close(OTHER)],
    ]),
    Errno::EACCES
)]
#[case::no_removal(
    script([
        turn(),
        holds(DAEMON, OTHER, false),
        vec![
            any("openat").fails(Errno::ENOENT),
            unlink(DIR, "a.pid").fails(Errno::EPERM),
            close(OTHER),
        ],
        turn_ends(),
    ]),
    Errno::EPERM
)]
#[case::no_name_back(
    script([
        turn(),
        holds(DAEMON, OTHER, false),
        holds(THEIRS, 12, true),
        vec![rename_back().fails(Errno::EPERM), close(OTHER)],
        turn_ends(),
    ]),
    Errno::EPERM
)]
fn a_pid_file_that_stays_behind_is_said(#[case] steps: Steps, #[case] errno: Errno) {
    let failure = Failure {
        aftermath: Some(format!(
            "its PID file stays behind ({} ({errno:?}))",
            errno.desc()
        )),
        ..late()
    };
    assert_eq!(sweeping(timed_out(), steps), Err(failure));
}

#[test]
fn no_turn_is_no_trouble_where_nothing_is_left() {
    let steps = script([
        vec![any("openat").fails(Errno::EACCES)],
        holds(THEIRS, OTHER, true),
    ]);
    assert_eq!(sweeping(timed_out(), steps), Err(late()));
}

const USER: Wish = Wish {
    user: Some(5),
    ..READY
};

fn uids(real: u32, effective: u32, saved: u32) -> Step {
    on(Call::GetResUid).gives(Ret::Ids(Ids {
        real,
        effective,
        saved,
    }))
}

fn set_uid(real: Option<u32>, effective: Option<u32>, saved: Option<u32>) -> Step {
    let uid = |id: Option<u32>| id.map(Uid::from_raw);
    on(Call::SetResUid {
        real: uid(real),
        effective: uid(effective),
        saved: uid(saved),
    })
}

fn give_up() -> Steps {
    let gid = Some(Gid::from_raw(5));
    vec![
        uids(0, 0, 0),
        on(Call::GetGroups).gives(Ret::Groups(Vec::new())),
        on(Call::SetResGid {
            real: gid,
            effective: gid,
            saved: gid,
        })
        .done(),
        set_uid(Some(5), Some(5), Some(0)).done(),
    ]
}

fn finish() -> Steps {
    let sets = Capabilities::default();
    vec![
        set_uid(None, None, Some(5)).done(),
        uids(5, 5, 5),
        on(Call::SetCapabilities { sets }).done(),
        on(Call::GetCapabilities).gives(Ret::Capabilities(sets)),
    ]
}

#[test]
fn the_last_of_root_goes_once_the_daemon_has_dropped_its_own() {
    let steps = script([
        give_up(),
        started(),
        says(Record::Detached),
        finish(),
        says(Record::Ready),
        vec![intermediate_is_gone(), close(PIPE)],
    ]);
    assert_eq!(run(steps, USER), Ok(pid(DAEMON)));
}

#[test]
fn a_daemon_that_is_still_root_is_ended_with_what_was_kept() {
    let steps = script([
        give_up(),
        started(),
        vec![now(LIMIT), on_pipe(Duration::ZERO).gives(nothing())],
        vec![set_uid(None, Some(0), None).done()],
        kill_all(),
        vec![
            now(LIMIT),
            reap(DAEMON, Ended::Killed(Signal::KILL)),
            intermediate_is_gone(),
        ],
        the_end(),
        vec![close(PIPE)],
    ]);
    assert_eq!(run(steps, USER), Err(late()));
}

#[test]
fn root_that_cannot_be_taken_back_is_said() {
    let refused = |number| kill(KillTarget::Process(pid(number)), Signal::KILL).fails(Errno::EPERM);
    let steps = |end: Steps| {
        script([
            give_up(),
            started(),
            vec![now(LIMIT), on_pipe(Duration::ZERO).gives(nothing())],
            vec![
                set_uid(None, Some(0), None).fails(Errno::EPERM),
                refused(INTER),
                kill(KillTarget::Group(pid(INTER)), Signal::KILL).fails(Errno::EPERM),
                kill(KillTarget::Group(pid(DAEMON)), Signal::KILL).fails(Errno::ESRCH),
                refused(DAEMON),
                now(LIMIT),
            ],
            end,
            vec![close(PIPE)],
        ])
    };
    let lives = vec![
        lives(DAEMON),
        now(LIMIT + GRACE),
        on_pipe(Duration::ZERO).gives(nothing()),
        now(LIMIT + GRACE),
        wait(WaitFor::Any).gives(Ret::Waited(None)),
        now(LIMIT + GRACE + GRACE),
        on_pipe(Duration::ZERO).gives(nothing()),
    ];
    let says =
        "root could not be taken back to end it (EPERM): PID 101 could not be killed (EPERM)";
    let aftermath = |end| run(steps(end), USER).unwrap_err().aftermath;
    assert_eq!(aftermath(lives).as_deref(), Some(says));
    // Unless all have ended: the intermediate of a daemon that died is root's.
    let ends = script([
        vec![reap(DAEMON, Ended::Exited(3)), intermediate_is_gone()],
        the_end(),
    ]);
    assert_eq!(aftermath(ends), None);
}

#[test]
fn a_launcher_that_keeps_root_against_its_will_ends_everything() {
    let mut steps = give_up();
    steps[3] = set_uid(Some(5), Some(5), Some(0)).fails(Errno::EAGAIN);
    let steps = script([
        steps,
        kill_group(),
        vec![now(Duration::ZERO)],
        hangs_up(GRACE),
        vec![reap(INTER, Ended::Killed(Signal::KILL))],
        the_end(),
    ]);
    let failure = run(steps, USER).unwrap_err();
    assert_eq!(failure.stage, Stage::LauncherPrivileges);
    // The last of it.
    let mut last = finish();
    last[0] = set_uid(None, None, Some(5)).fails(Errno::EAGAIN);
    let steps = script([
        give_up(),
        started(),
        says(Record::Detached),
        last[..1].to_vec(),
        vec![set_uid(None, Some(0), None).done()],
        kill_all(),
        vec![
            now(Duration::ZERO),
            reap(DAEMON, Ended::Killed(Signal::KILL)),
            intermediate_is_gone(),
        ],
        the_end(),
        vec![close(PIPE)],
    ]);
    let failure = run(steps, USER).unwrap_err();
    assert_eq!(failure.stage, Stage::LauncherPrivileges);
}
