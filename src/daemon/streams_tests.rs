use std::path::PathBuf;

use rstest::rstest;

use super::*;
use crate::daemon::scripts::{Steps, close, file, returned, stat_of};
use crate::sys::call::{Call, Ret};
use crate::sys::scripted::{Step, on};

fn null() -> Step {
    on(Call::Open {
        dir: At::Cwd,
        path: PathBuf::from("/dev/null"),
        how: OpenHow {
            close_on_exec: false,
            ..OpenHow::new(Access::ReadWrite)
        },
        mode: 0,
    })
}

fn dup2(from: i32, to: i32) -> Step {
    on(Call::Dup2 { from, to })
}

fn is_open(fd: i32) -> Step {
    stat_of(fd, file(1))
}

fn is_closed(fd: i32) -> Step {
    is_open(fd).instead(Err(Errno::EBADF))
}

#[test]
fn what_is_closed_of_the_three_is_opened() {
    let steps = vec![
        is_open(0),
        is_closed(1),
        null().gives(Ret::Fd(1)),
        is_closed(2),
        null().gives(Ret::Fd(2)),
    ];
    assert_eq!(returned(steps, |sys| fill_gaps(&sys)), Ok(()));
    // Whatever number the kernel gives.
    let steps = vec![
        is_closed(0),
        null().gives(Ret::Fd(7)),
        dup2(7, 0).done(),
        close(7),
        is_open(1),
        is_open(2),
    ];
    assert_eq!(returned(steps, |sys| fill_gaps(&sys)), Ok(()));
}

#[rstest]
#[case::fstat(vec![is_open(0).instead(Err(Errno::EIO))], "0")]
#[case::open(vec![is_closed(0), null().fails(Errno::EIO)], "/dev/null")]
#[case::dup(vec![is_closed(0), null().gives(Ret::Fd(7)), dup2(7, 0).fails(Errno::EIO), close(7)], "0")]
fn a_gap_that_cannot_be_filled_is_named(#[case] steps: Steps, #[case] subject: &str) {
    let expected = Failure::new(Stage::Streams, subject, Cause::Errno(Errno::EIO));
    assert_eq!(returned(steps, |sys| fill_gaps(&sys)), Err(expected));
}

fn redirecting(steps: Steps, log: Option<i32>) -> Result<(), Failure> {
    returned(steps, |sys| {
        let log = log.map(|fd| Fd::from_raw(&sys, fd));
        redirect(&sys, log.as_ref())
    })
}

#[test]
fn a_log_takes_stderr_and_silences_stdout() {
    let steps = vec![
        null().fails(Errno::EINTR).gives(Ret::Fd(7)),
        dup2(7, 0).done(),
        dup2(7, 1).done(),
        dup2(8, 2).fails(Errno::EINTR).done(),
        close(7),
        close(8),
    ];
    assert_eq!(redirecting(steps, Some(8)), Ok(()));
    let steps = vec![null().gives(Ret::Fd(7)), dup2(7, 0).done(), close(7)];
    assert_eq!(redirecting(steps, None), Ok(()));
}

#[rstest]
#[case(0, "/dev/null")]
#[case(1, "0")]
#[case(2, "1")]
#[case(3, "2")]
fn a_redirection_that_fails_is_named(#[case] failing: usize, #[case] subject: &str) {
    let mut steps = vec![
        null().gives(Ret::Fd(7)),
        dup2(7, 0).done(),
        dup2(7, 1).done(),
        dup2(8, 2).done(),
    ];
    steps[failing] = steps[failing].clone().instead(Err(Errno::EMFILE));
    steps.truncate(failing + 1);
    steps.extend((failing > 0).then(|| close(7)));
    steps.push(close(8));
    let expected = Failure::new(Stage::Streams, subject, Cause::Errno(Errno::EMFILE));
    assert_eq!(redirecting(steps, Some(8)), Err(expected));
}

#[test]
fn a_log_is_appended_to_and_holds_nobody_up() {
    let how = OpenHow {
        create: true,
        append: true,
        non_blocking: true,
        ..OpenHow::new(Access::Write)
    };
    let open = on(Call::Open {
        dir: At::Cwd,
        path: PathBuf::from("/log"),
        how,
        mode: 0o644,
    });
    let steps = vec![open.clone().gives(Ret::Fd(8)), close(8)];
    assert!(returned(steps, |sys| open_log(&sys, Path::new("/log")).is_ok()));
    let failure = returned(vec![open.fails(Errno::ENXIO)], |sys| {
        open_log(&sys, Path::new("/log")).err()
    });
    let expected = Failure::new(Stage::ErrorLog, "/log", Cause::Errno(Errno::ENXIO));
    assert_eq!(failure, Some(expected));
}
