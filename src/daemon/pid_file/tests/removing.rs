//! A clean stop.

use super::script::*;

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
