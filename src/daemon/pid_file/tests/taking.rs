//! A free name, or one that somebody dead has left.

use super::script::*;

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
