//! What a daemon that was killed left behind is swept away.

use super::script::*;

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
