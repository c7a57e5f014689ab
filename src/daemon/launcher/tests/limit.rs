//! Past the limit.

use super::script::*;

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
        kill_and_reap_all(GRACE),
    ]);
    assert_eq!(run(steps, READY), Err(failure));
}
