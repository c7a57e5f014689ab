use super::*;
use crate::daemon::scripts::{close, file, returned, stat_of};
use crate::sys::call::{Call, Ret};
use crate::sys::scripted::{Step, on};

fn list(fds: &[RawFd]) -> Step {
    on(Call::ListFds).gives(Ret::Numbers(fds.to_vec()))
}

fn noting() -> Vec<Step> {
    vec![
        list(&[0, 1, 2, 3, 4, 5, 6]),
        stat_of(3, file(30)),
        stat_of(4, file(40)),
        // Closed meanwhile.
        stat_of(5, file(50)).instead(Err(Errno::EBADF)),
        stat_of(6, file(60)),
    ]
}

#[test]
fn what_was_noted_is_closed_less_what_is_kept() {
    let mut steps = noting();
    steps.extend([
        stat_of(3, file(30)),
        close(3),
        stat_of(6, file(60)),
        close(6),
    ]);
    let closed = returned(steps, |sys| InheritedFds::note(&sys).close(&sys, &[4]));
    assert_eq!(closed, Ok(()));
}

#[test]
fn a_number_that_is_another_files_by_now_is_left_alone() {
    let mut steps = noting();
    steps.extend([
        stat_of(3, file(31)),
        stat_of(4, file(40)).instead(Err(Errno::EBADF)),
        stat_of(6, file(60)),
        close(6).instead(Err(Errno::EINTR)),
    ]);
    let closed = returned(steps, |sys| InheritedFds::note(&sys).close(&sys, &[]));
    assert_eq!(closed, Ok(()));
}

#[test]
fn what_fails_is_named() {
    for failing in [
        vec![stat_of(3, file(30)).instead(Err(Errno::EIO))],
        vec![stat_of(3, file(30)), close(3).instead(Err(Errno::EIO))],
    ] {
        let mut steps = noting();
        steps.extend(failing);
        let closed = returned(steps, |sys| InheritedFds::note(&sys).close(&sys, &[]));
        let expected = Failure::new(Stage::Descriptors, "3", Cause::Errno(Errno::EIO));
        assert_eq!(closed, Err(expected));
    }
}

#[test]
fn a_note_that_failed_fails_the_start() {
    let steps = vec![on(Call::ListFds).fails(Errno::ENOENT)];
    let failure = returned(steps, |sys| InheritedFds::note(&sys).noted().err());
    assert_eq!(failure.unwrap().subject.as_deref(), Some("/proc/self/fd"));
    assert_eq!(InheritedFds::none().noted(), Ok(&[][..]));
}
