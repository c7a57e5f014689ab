//! Ends that are seen through descriptors of processes.

use super::script::*;

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

/// The daemon was reaped: the pipe has nothing to say of it, and the rest is ended.
fn without_last_words() -> Steps {
    script([
        vec![
            now(Duration::ZERO),
            on_pipe(Duration::ZERO).gives(nothing()),
            now(Duration::ZERO),
        ],
        kill_group(),
        vec![intermediate_is_gone()],
        the_end(),
        vec![close(PIPE)],
    ])
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
        without_last_words(),
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
        without_last_words(),
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
