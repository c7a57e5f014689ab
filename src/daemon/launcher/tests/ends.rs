//! Ready, failed or dead: what ends the wait before its time.

use super::script::*;

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
