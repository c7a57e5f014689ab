use rstest::rstest;

use super::*;
use crate::daemon::scripts::{
    Steps, close, error, kill, nothing, now, pid, poll_error, returned, tell,
};
use crate::sys::call::{Call, Ret};
use crate::sys::scripted::{Scripted, Step, on};

const PIPE: RawFd = 5;
const PIDFD: RawFd = 6;
const LAUNCHER: i32 = 70;
const WINDOW: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

fn line(sys: &Scripted, pidfd: Option<RawFd>, lost: OnLostLauncher) -> Line<Scripted> {
    Line {
        sys: sys.clone(),
        pipe: Fd::from_raw(sys, PIPE),
        launcher: pid(LAUNCHER),
        pidfd: pidfd.map(|fd| Fd::from_raw(sys, fd)),
        lost,
        notify_timeout: WINDOW,
    }
}

fn time(millis: u64) -> Step {
    now(Duration::from_millis(millis))
}

fn signal() -> Step {
    let signal = Some(Signal::USR1);
    on(Call::PidfdSendSignal {
        pidfd: PIDFD,
        signal,
    })
}

fn ready(mut steps: Steps, pidfd: Option<RawFd>, lost: OnLostLauncher) -> Result<(), Failure> {
    steps.push(close(PIPE));
    steps.extend(pidfd.map(close));
    returned(steps, |sys| line(&sys, pidfd, lost).ready())
}

fn by_pidfd(steps: Steps) -> Result<(), Failure> {
    ready(steps, Some(PIDFD), OnLostLauncher::Exit)
}

fn failed(subject: &str, cause: Cause) -> Result<(), Failure> {
    Err(Failure::new(Stage::Notify, subject, cause))
}

fn is_gone() -> Result<(), Failure> {
    Err(gone())
}

#[test]
fn the_pipe_says_ready_only_after_the_signal_was_taken() {
    let steps = vec![
        time(0),
        signal().fails(Errno::EPERM),
        time(1),
        poll_error(PIPE, PAUSE).gives(nothing()),
        signal().fails(Errno::EPERM),
        time(101),
        poll_error(PIPE, PAUSE).gives(nothing()),
        signal().done(),
        tell(PIPE, &Record::Ready),
    ];
    assert_eq!(by_pidfd(steps), Ok(()));
}

#[test]
fn the_window_ends_in_time() {
    let steps = vec![
        time(0),
        signal().fails(Errno::EPERM),
        // The last pause is cut to what is left.
        time(59_970),
        poll_error(PIPE, Duration::from_millis(30)).gives(nothing()),
        signal().fails(Errno::EPERM),
        time(60_000),
    ];
    let late = Err(Failure::bare(Stage::Notify, Cause::WindowPassed(WINDOW)));
    assert_eq!(by_pidfd(steps.clone()), late);
    assert_eq!(ready(steps, Some(PIDFD), OnLostLauncher::Stay), Ok(()));
}

#[test]
fn a_launcher_that_vanishes_in_the_window_is_noticed_at_once() {
    let steps = vec![
        time(0),
        signal().fails(Errno::EPERM),
        time(1),
        poll_error(PIPE, PAUSE).gives(error()),
    ];
    assert_eq!(by_pidfd(steps.clone()), is_gone());
    assert_eq!(ready(steps, Some(PIDFD), OnLostLauncher::Stay), Ok(()));
}

#[rstest]
#[case::esrch(vec![time(0), signal().fails(Errno::ESRCH)])]
// A zombie takes every signal, and reads no pipe.
#[case::zombie(vec![time(0), signal().done(), tell(PIPE, &Record::Ready).instead(Err(Errno::EPIPE))])]
fn a_launcher_that_is_gone_is_not_asked_again(#[case] steps: Steps) {
    assert_eq!(by_pidfd(steps.clone()), is_gone());
    assert_eq!(ready(steps, Some(PIDFD), OnLostLauncher::Stay), Ok(()));
}

#[rstest]
#[case::einval(Errno::EINVAL)]
#[case::eagain(Errno::EAGAIN)]
#[case::enosys(Errno::ENOSYS)]
fn any_other_error_ends_the_attempt_at_once(#[case] errno: Errno) {
    let steps = vec![time(0), signal().fails(errno)];
    let expected = failed("pidfd_send_signal", Cause::Errno(errno));
    assert_eq!(by_pidfd(steps.clone()), expected);
    assert_eq!(ready(steps, Some(PIDFD), OnLostLauncher::Stay), Ok(()));
}

#[rstest]
#[case::clock(vec![on(Call::Now).fails(Errno::EFAULT)], "clock_gettime", Errno::EFAULT)]
#[case::clock_later(
    vec![time(0), signal().fails(Errno::EPERM), on(Call::Now).fails(Errno::EFAULT)],
    "clock_gettime",
    Errno::EFAULT
)]
#[case::poll(
    vec![time(0), signal().fails(Errno::EPERM), time(1), poll_error(PIPE, PAUSE).fails(Errno::ENOMEM)],
    "ppoll",
    Errno::ENOMEM
)]
#[case::write(
    vec![time(0), signal().done(), tell(PIPE, &Record::Ready).instead(Err(Errno::EIO))],
    "write",
    Errno::EIO
)]
fn what_else_fails_is_named(#[case] steps: Steps, #[case] call: &str, #[case] errno: Errno) {
    assert_eq!(by_pidfd(steps), failed(call, Cause::Errno(errno)));
}

#[test]
fn a_handler_only_makes_the_pause_shorter() {
    let steps = vec![
        time(0),
        signal().fails(Errno::EPERM),
        time(1),
        poll_error(PIPE, PAUSE).fails(Errno::EINTR),
        signal().done(),
        tell(PIPE, &Record::Ready),
    ];
    assert_eq!(by_pidfd(steps), Ok(()));
}

#[test]
fn interruptions_without_an_end_end_it() {
    let mut steps = vec![time(0)];
    for _ in 0..65 {
        steps.push(signal().fails(Errno::EPERM));
        steps.push(time(1));
        steps.push(poll_error(PIPE, PAUSE).fails(Errno::EINTR));
    }
    assert_eq!(by_pidfd(steps), failed("ppoll", Cause::Errno(Errno::EINTR)));
}

fn to_launcher() -> Step {
    kill(KillTarget::Process(pid(LAUNCHER)), Signal::USR1)
}

fn alive() -> Step {
    poll_error(PIPE, Duration::ZERO).gives(nothing())
}

#[test]
fn without_a_pidfd_the_pipe_guards_the_pid() {
    let steps = vec![
        time(0),
        alive(),
        to_launcher().fails(Errno::EPERM),
        time(1),
        poll_error(PIPE, PAUSE).gives(nothing()),
        alive(),
        to_launcher().done(),
        tell(PIPE, &Record::Ready),
    ];
    assert_eq!(ready(steps, None, OnLostLauncher::Exit), Ok(()));
    // No kill: the PID may be another's by now.
    let steps = vec![time(0), poll_error(PIPE, Duration::ZERO).gives(error())];
    assert_eq!(ready(steps, None, OnLostLauncher::Exit), is_gone());
    let steps = vec![
        time(0),
        poll_error(PIPE, Duration::ZERO).fails(Errno::ENOMEM),
    ];
    let expected = failed("ppoll", Cause::Errno(Errno::ENOMEM));
    assert_eq!(ready(steps, None, OnLostLauncher::Exit), expected);
}

#[test]
fn a_report_is_completed_and_retried() {
    let bytes = Record::Detached.encode();
    let rest = bytes[1..].to_vec();
    let steps = vec![
        on(Call::Write {
            fd: PIPE,
            data: bytes,
        })
        .fails(Errno::EINTR)
        .gives(Ret::Size(1)),
        on(Call::Write {
            fd: PIPE,
            data: rest.clone(),
        })
        .gives(Ret::Size(rest.len())),
        close(PIPE),
    ];
    let told = returned(steps, |sys| {
        line(&sys, None, OnLostLauncher::Exit).report(&Record::Detached)
    });
    assert_eq!(told, Ok(()));
}
