//! Every call of taking and removing, failed in turn.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rstest::rstest;

use super::*;
use crate::daemon::scripts::{
    Steps, close, fail_each, file, flock, getpid, nothing, pid, returned, stat_of, unlink, write,
};
use crate::daemon::{Cause, Failure, Stage, Start};
use crate::sys::call::{Call, Ret};
use crate::sys::records::{Access, At, FileKind, Follow, OpenHow, Replace, Stat};
use crate::sys::scripted::{Scripted, Step, on};
use crate::sys::{Errno, Gid, Uid};

const DIR: i32 = 3;
/// Descriptors: the file in the making, and what has the name.
const NEW: i32 = 4;
const OLD: i32 = 5;
/// Inodes.
const OURS: u64 = 40;
const THEIRS: u64 = 50;
const OWN: i32 = 77;

const TEMP: &str = ".a.pid.starting";
const NAME: &str = "a.pid";
const ASIDE: &str = "a.pid.old";

fn open_dir() -> Step {
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

fn create() -> Step {
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

fn look(name: &str) -> Step {
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

fn named(name: &str, inode: u64) -> Step {
    on(Call::Stat {
        dir: At::Fd(DIR),
        path: PathBuf::from(name),
        follow: Follow::No,
    })
    .gives(Ret::Stat(file(inode)))
}

fn unnamed(name: &str) -> Step {
    named(name, 0).instead(Err(Errno::ENOENT))
}

fn nobody(name: &str) -> Step {
    look(name).fails(Errno::ENOENT)
}

fn rename(from: &str, to: &str, replace: Replace) -> Step {
    on(Call::Rename {
        dir: At::Fd(DIR),
        from: PathBuf::from(from),
        to: PathBuf::from(to),
        replace,
    })
}

fn link() -> Step {
    on(Call::Link {
        dir: At::Fd(DIR),
        from: PathBuf::from(NAME),
        to: PathBuf::from(ASIDE),
    })
}

fn unlinked(name: &str) -> Step {
    unlink(DIR, name).done()
}

fn pause() -> Step {
    on(Call::Poll {
        fds: Vec::new(),
        timeout: Some(Duration::from_millis(100)),
        mask: None,
    })
    .gives(nothing())
}

fn chmod() -> Step {
    on(Call::Fchmod {
        fd: NEW,
        mode: 0o644,
    })
    .done()
}

/// The turn is taken.
fn turn() -> Steps {
    vec![
        create().gives(Ret::Fd(NEW)),
        flock(NEW).done(),
        stat_of(NEW, file(OURS)),
        named(TEMP, OURS),
    ]
}

/// A file of somebody's has the name; the lock says whether he lives.
fn occupied(name: &str, lock: Result<Ret, Errno>) -> Steps {
    vec![
        look(name).gives(Ret::Fd(OLD)),
        stat_of(OLD, file(THEIRS)),
        flock(OLD).answers(lock),
        named(name, THEIRS),
    ]
}

fn stale(name: &str) -> Steps {
    occupied(name, Ok(Ret::Unit))
}

/// What the holder's file says is read as well.
fn living(name: &str, says: &str) -> Steps {
    let mut steps = occupied(name, Err(Errno::EWOULDBLOCK));
    let says = Ret::Bytes(says.into());
    steps.push(on(Call::Read { fd: OLD, max: 32 }).gives(says));
    steps.push(close(OLD));
    steps
}

fn wanted(start: Start) -> Wanted {
    Wanted {
        pid: pid(OWN),
        start,
        replaces: (start == Start::Upgrade).then(|| file(THEIRS)),
        owner: None,
    }
}

/// Takes the PID file and lets it go without a removal.
fn take(sys: Scripted, wanted: &Wanted) -> Result<(), Failure> {
    let place = Place::open(&sys, Path::new("/run/a.pid"))?;
    // Dropping it is another test's.
    place.take(wanted).map(std::mem::forget)
}

fn taking(steps: Steps, start: Start) -> Result<(), Failure> {
    let mut script = vec![open_dir()];
    script.extend(steps);
    returned(script, |sys| take(sys, &wanted(start)))
}

fn failure(cause: Cause) -> Failure {
    Failure::new(Stage::PidFile, "/run/a.pid", cause)
}

/// The name is free.
fn free() -> Steps {
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

#[test]
fn it_is_locked_complete_and_readable_before_it_has_its_name() {
    assert_eq!(taking(free(), Start::Fresh), Ok(()));
}

#[test]
fn every_call_that_fails_is_named_and_leaves_nothing() {
    // Closing the file and the directory, and taking the temporary name away.
    let cleaned = [unlinked(TEMP), close(NEW), close(DIR)];
    let after = |failing| match failing {
        // The directory, or the file could not be opened.
        0 => Vec::new(),
        1 => vec![close(DIR)],
        _ => cleaned.to_vec(),
    };
    let mut script = vec![open_dir()];
    script.extend(free());
    fail_each(
        &script,
        Errno::EIO,
        after,
        |sys| take(sys, &wanted(Start::Fresh)),
        |_, result| assert_eq!(result, Err(failure(Cause::Errno(Errno::EIO)))),
    );
}

#[test]
fn a_stale_file_is_locked_until_it_has_lost_its_name() {
    let mut steps = turn();
    steps.extend(stale(NAME));
    steps.extend([
        nobody(ASIDE),
        write(NEW, "77\n"),
        chmod(),
        rename(TEMP, NAME, Replace::Yes).done(),
        close(OLD),
    ]);
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
}

#[test]
fn a_short_write_is_completed_and_an_interrupted_one_retried() {
    let mut steps = free();
    let (all, rest) = (b"77\n".to_vec(), b"\n".to_vec());
    steps[6] = on(Call::Write { fd: NEW, data: all })
        .fails(Errno::EINTR)
        .gives(Ret::Size(2));
    steps.insert(
        7,
        on(Call::Write {
            fd: NEW,
            data: rest,
        })
        .gives(Ret::Size(1)),
    );
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
}

#[test]
fn a_write_that_takes_nothing_is_no_endless_loop() {
    let mut steps = free();
    steps[6] = write(NEW, "77\n").instead(Ok(Ret::Size(0)));
    steps.truncate(7);
    steps.extend([unlinked(TEMP), close(NEW), close(DIR)]);
    assert_eq!(
        taking(steps, Start::Fresh),
        Err(failure(Cause::Errno(Errno::EIO)))
    );
}

#[test]
fn it_is_given_to_the_user_where_that_is_wished() {
    let (uid, gid) = (Uid::from_raw(5), Gid::from_raw(6));
    let mut steps = vec![open_dir()];
    steps.extend(free());
    let chown = on(Call::Fchown {
        fd: NEW,
        uid: Some(uid),
        gid: Some(gid),
    });
    steps.insert(9, chown.done());
    let wanted = Wanted {
        owner: Some((uid, gid)),
        ..wanted(Start::Fresh)
    };
    assert_eq!(returned(steps, |sys| take(sys, &wanted)), Ok(()));
}

#[rstest]
#[case::symlink(vec![look(NAME).fails(Errno::ELOOP)], "it is a symbolic link")]
#[case::directory(
    vec![
        look(NAME).gives(Ret::Fd(OLD)),
        stat_of(OLD, Stat { kind: FileKind::Directory, ..file(THEIRS) }),
        close(OLD),
    ],
    "it is no regular file"
)]
fn what_is_no_regular_file_is_refused(#[case] found: Steps, #[case] says: &str) {
    let mut steps = turn();
    steps.extend(found);
    steps.extend([unlinked(TEMP), close(NEW), close(DIR)]);
    let refused = taking(steps, Start::Fresh);
    assert_eq!(refused, Err(failure(Cause::Text(says.to_owned()))));
}

/// Five rounds of `round`, with four pauses.
fn rounds(round: &Steps) -> Steps {
    let mut steps = round.clone();
    for _ in 1..5 {
        steps.push(pause());
        steps.extend(round.clone());
    }
    steps.push(close(DIR));
    steps
}

#[rstest]
#[case::said("12\n", Some(12))]
#[case::empty("", None)]
#[case::garbage("a12\n", None)]
#[case::no_pid("-1\n", None)]
fn a_living_holder_refuses_the_start_and_is_named(
    #[case] says: &str,
    #[case] holder: Option<i32>,
    #[values(NAME, ASIDE)] name: &str,
) {
    let mut round = turn();
    if name == ASIDE {
        // The old instance lives on, though a failed upgrade took its name.
        round.push(nobody(NAME));
    }
    round.extend(living(name, says));
    round.extend([unlinked(TEMP), close(NEW)]);
    let held = failure(Cause::Held(holder.map(pid)));
    assert_eq!(taking(rounds(&round), Start::Fresh), Err(held));
}

#[test]
fn another_start_is_waited_for() {
    let mut steps = vec![create().fails(Errno::EEXIST)];
    steps.extend(occupied(TEMP, Err(Errno::EWOULDBLOCK)));
    steps.push(on(Call::Read { fd: OLD, max: 32 }).gives(Ret::Bytes(Vec::new())));
    steps.push(close(OLD));
    let busy = steps.clone();
    steps.push(pause());
    steps.extend(free());
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
    // But not for ever.
    let held = failure(Cause::Held(None));
    assert_eq!(taking(rounds(&busy), Start::Fresh), Err(held));
}

#[test]
fn what_a_killed_start_left_behind_is_removed_under_its_lock() {
    let mut steps = vec![create().fails(Errno::EEXIST)];
    steps.extend(stale(TEMP));
    steps.extend([unlinked(TEMP), close(OLD)]);
    steps.extend(free());
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
}

#[rstest]
#[case::locked_by_who_removes_it(
    vec![create().gives(Ret::Fd(NEW)), flock(NEW).fails(Errno::EWOULDBLOCK), close(NEW)]
)]
#[case::removed(
    vec![
        create().gives(Ret::Fd(NEW)), flock(NEW).done(), stat_of(NEW, file(OURS)),
        unnamed(TEMP), close(NEW),
    ]
)]
#[case::removed_and_made_again(
    vec![
        create().gives(Ret::Fd(NEW)), flock(NEW).done(), stat_of(NEW, file(OURS)),
        named(TEMP, THEIRS), close(NEW),
    ]
)]
#[case::gone_when_looked_at(vec![create().fails(Errno::EEXIST), nobody(TEMP)])]
fn a_turn_that_was_lost_is_taken_again(#[case] lost: Steps) {
    let mut steps = lost;
    steps.extend(free());
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
}

#[test]
fn a_name_that_changes_hands_is_looked_at_again() {
    let mut steps = turn();
    steps.extend(stale(NAME));
    let changed = steps.len() - 1;
    steps[changed] = named(NAME, THEIRS + 1);
    steps.extend([close(OLD), unlinked(TEMP), close(NEW), pause()]);
    steps.extend(free());
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
}

#[test]
fn somebody_who_takes_no_turns_is_waited_for_too() {
    let mut steps = free();
    let last = steps.len() - 1;
    steps[last] = rename(TEMP, NAME, Replace::No).fails(Errno::EEXIST);
    steps.extend([unlinked(TEMP), close(NEW), pause()]);
    steps.extend(free());
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
}

/// The living instance is taken over from.
fn upgrade() -> Steps {
    let mut steps = turn();
    steps.extend(living(NAME, "12\n"));
    steps.extend([
        write(NEW, "77\n"),
        chmod(),
        unlink(DIR, ASIDE).fails(Errno::ENOENT),
        link().done(),
        rename(TEMP, NAME, Replace::Yes).done(),
    ]);
    steps
}

#[test]
fn an_upgrade_gives_the_old_file_its_second_name_first() {
    assert_eq!(taking(upgrade(), Start::Upgrade), Ok(()));
}

#[test]
fn an_upgrade_that_fails_leaves_the_old_instance_its_name() {
    let steps = upgrade();
    let last = steps.len() - 1;
    for (failing, undone) in [
        (last - 2, vec![]),
        (last - 1, vec![]),
        (last, vec![unlinked(ASIDE)]),
    ] {
        let mut script = steps[..failing].to_vec();
        script.push(steps[failing].clone().instead(Err(Errno::EIO)));
        script.extend(undone);
        script.extend([unlinked(TEMP), close(NEW), close(DIR)]);
        assert_eq!(
            taking(script, Start::Upgrade),
            Err(failure(Cause::Errno(Errno::EIO)))
        );
    }
}

#[test]
fn an_upgrade_replaces_only_the_instance_that_it_saw() {
    let mut round = turn();
    round.extend(living(NAME, "12\n"));
    round.extend([unlinked(TEMP), close(NEW)]);
    let mut script = vec![open_dir()];
    script.extend(rounds(&round));
    let other = Wanted {
        replaces: Some(file(THEIRS + 1)),
        ..wanted(Start::Upgrade)
    };
    let held = failure(Cause::Held(Some(pid(12))));
    assert_eq!(returned(script, |sys| take(sys, &other)), Err(held));
}

#[test]
fn an_upgrade_from_nobody_is_a_fresh_start() {
    let mut steps = free();
    // An older instance does not matter to it.
    steps.remove(5);
    assert_eq!(taking(steps, Start::Upgrade), Ok(()));
}

fn removing(steps: Steps) -> Result<Removal, Failure> {
    let mut script = vec![open_dir()];
    script.extend(steps);
    // The place goes before the file in which the lock is.
    script.extend([close(DIR), close(9)]);
    returned(script, |sys| {
        let place = Place::open(&sys, Path::new("/run/a.pid")).unwrap();
        let lock = crate::sys::Fd::from_raw(&sys, 9);
        PidFile::new(place, lock, file(10), pid(OWN)).remove()
    })
}

fn under_turn(steps: impl IntoIterator<Item = Step>) -> Steps {
    let mut script = vec![getpid(OWN)];
    script.extend(turn());
    script.extend(steps);
    script.extend([unlinked(TEMP), close(NEW)]);
    script
}

#[test]
fn a_clean_stop_removes_what_is_still_its_own() {
    let steps = [
        named(NAME, 10),
        nobody(ASIDE),
        unlinked(NAME),
        unnamed(ASIDE),
    ];
    assert_eq!(removing(under_turn(steps)), Ok(Removal::Removed));
    // After an upgrade.
    let steps = [named(NAME, 11), named(ASIDE, 10), unlinked(ASIDE)];
    assert_eq!(removing(under_turn(steps)), Ok(Removal::Removed));
    let steps = [named(NAME, 11), named(ASIDE, 12)];
    assert_eq!(removing(under_turn(steps)), Ok(Removal::NotOurs));
    let steps = [unnamed(NAME), unnamed(ASIDE)];
    assert_eq!(removing(under_turn(steps)), Ok(Removal::NotOurs));
}

#[test]
fn an_old_instance_that_lives_on_gets_its_name_back() {
    let mut steps = vec![named(NAME, 10)];
    steps.extend(living(ASIDE, "12\n"));
    steps.push(rename(ASIDE, NAME, Replace::Yes).done());
    assert_eq!(removing(under_turn(steps)), Ok(Removal::Removed));
    // One that has ended does not.
    let mut steps = vec![named(NAME, 10)];
    steps.extend(stale(ASIDE));
    steps.extend([close(OLD), unlinked(NAME), named(ASIDE, THEIRS)]);
    assert_eq!(removing(under_turn(steps)), Ok(Removal::Removed));
}

#[rstest]
#[case::eacces(Errno::EACCES)]
#[case::eperm(Errno::EPERM)]
#[case::erofs(Errno::EROFS)]
fn a_directory_of_somebody_elses_keeps_the_file(#[case] errno: Errno) {
    let steps = vec![getpid(OWN), create().fails(errno)];
    assert_eq!(removing(steps), Ok(Removal::NotAllowed));
    let steps = [
        named(NAME, 10),
        nobody(ASIDE),
        unlink(DIR, NAME).fails(errno),
    ];
    assert_eq!(removing(under_turn(steps)), Ok(Removal::NotAllowed));
}

#[test]
fn a_forked_child_removes_nothing() {
    assert_eq!(removing(vec![getpid(OWN + 1)]), Ok(Removal::NotOurs));
}

#[test]
fn a_start_that_is_under_way_is_waited_for() {
    let mut busy = vec![create().fails(Errno::EEXIST)];
    busy.extend(living(TEMP, ""));
    let mut steps = vec![getpid(OWN)];
    for _ in 1..5 {
        steps.extend(busy.clone());
        steps.push(pause());
    }
    // It may be over in a moment.
    let mut once = steps[..=busy.len() + 1].to_vec();
    let mut last = under_turn([unnamed(NAME), unnamed(ASIDE)]);
    once.extend(last.split_off(1));
    assert_eq!(removing(once), Ok(Removal::NotOurs));
    steps.extend(busy);
    assert_eq!(removing(steps), Ok(Removal::Starting));
}

#[test]
fn what_keeps_it_from_being_removed_is_named() {
    let error = Err(failure(Cause::Errno(Errno::EIO)));
    let steps = vec![getpid(OWN).instead(Err(Errno::EIO))];
    assert_eq!(removing(steps), error);
    let steps = [
        named(NAME, 10),
        nobody(ASIDE),
        unlink(DIR, NAME).fails(Errno::EIO),
    ];
    assert_eq!(removing(under_turn(steps)), error);
    let steps = [named(NAME, 10).instead(Err(Errno::EIO))];
    assert_eq!(removing(under_turn(steps)), error);
}

fn testing(steps: Steps, start: Start) -> Result<Option<u64>, Failure> {
    let mut script = vec![open_dir()];
    script.extend(steps);
    script.push(close(DIR));
    returned(script, |sys| {
        let place = Place::open(&sys, Path::new("/run/a.pid"))?;
        Ok(place.test(start)?.map(|stat| stat.inode))
    })
}

#[test]
fn before_the_fork_a_living_holder_is_seen() {
    let held = Err(failure(Cause::Held(Some(pid(12)))));
    assert_eq!(testing(living(NAME, "12\n"), Start::Fresh), held);
    let mut steps = vec![nobody(NAME)];
    steps.extend(living(ASIDE, "12\n"));
    assert_eq!(testing(steps, Start::Fresh), held);
    assert_eq!(
        testing(living(NAME, "12\n"), Start::Upgrade),
        Ok(Some(THEIRS))
    );
    // One whose name a daemon had that died may get it back before the turn.
    let mut steps = vec![nobody(NAME)];
    steps.extend(living(ASIDE, "12\n"));
    assert_eq!(testing(steps, Start::Upgrade), Ok(Some(THEIRS)));
}

#[test]
fn before_the_fork_nothing_is_left_locked() {
    let mut steps = stale(NAME);
    steps.extend([nobody(ASIDE), close(OLD)]);
    assert_eq!(testing(steps, Start::Fresh), Ok(None));
    let steps = vec![nobody(NAME), nobody(ASIDE)];
    assert_eq!(testing(steps, Start::Fresh), Ok(None));
}

#[rstest]
#[case("a.pid", ".")]
#[case("run/a.pid", "run")]
#[case("/a.pid", "/")]
#[case("../a.pid", "..")]
fn the_directory_of_a_path(#[case] path: &str, #[case] directory: &str) {
    assert_eq!(parent(Path::new(path)), Path::new(directory));
}

#[test]
fn a_path_that_names_no_file_is_refused() {
    let refused = returned(Vec::new(), |sys| {
        Place::open(&sys, Path::new("/run/..")).err()
    });
    assert!(refused.is_some());
    assert_eq!(Path::new("/run/").file_name(), Some(OsStr::new("run")));
}
