//! What the launcher does, up to the wait.

use super::script::*;

#[rstest]
fn what_fails_at_the_fork_is_the_launchers_own_failure(
    #[values(Errno::EMFILE, Errno::EAGAIN)] errno: Errno,
) {
    const CALLS: [&str; 11] = [
        "pipe2",
        "sigaction",
        "sigaction",
        "sigaction",
        "sigprocmask",
        "getpid",
        "pidfd_open",
        "pidfd_send_signal",
        "prctl",
        "clock_gettime",
        "fork",
    ];
    let planned = planning(Mode::Background);
    let steps = script([planned.clone(), before_fork(), vec![fork(INTER)]]);
    for failing in 0..CALLS.len() {
        let mut script = steps[..planned.len() + failing].to_vec();
        let step = &steps[planned.len() + failing];
        script.push(step.clone().instead(Err(errno)));
        // What is open at that point is closed.
        script.extend((failing > 6).then(|| close(PIDFD)));
        if failing > 0 {
            script.extend([close(WRITE), close(READ)]);
        }
        script.push(close(DIR));
        let failure = returned(script, |sys| start(sys, settings()).err()).unwrap();
        let expected = Failure::new(Stage::Launch, CALLS[failing], Cause::Errno(errno));
        assert_eq!(failure, expected);
    }
}

/// The launcher's way, with what a kernel without pidfd answers.
fn launching(pidfd: Steps, close_pidfd: bool) -> Steps {
    let bytes: Vec<u8> = [Record::Started(pid(DAEMON)), Record::Ready]
        .iter()
        .flat_map(Record::encode)
        .collect();
    let watch = PollFd {
        fd: READ,
        read: true,
        write: false,
    };
    let mut before = before_fork();
    before.splice(6..8, pidfd);
    script([
        planning(Mode::Background),
        before,
        vec![fork(INTER), close(WRITE)],
        close_pidfd.then(|| close(PIDFD)).into_iter().collect(),
        vec![
            on(Call::PidfdOpen { pid: pid(INTER) }).fails(Errno::EMFILE),
            now(Duration::ZERO),
            on(Call::Poll {
                fds: vec![watch],
                timeout: Some(Duration::from_secs(600)),
                // What was blocked before stays so, SIGCHLD alone comes through.
                mask: Some(SignalSet::EMPTY.with(Signal::HUP).with(Signal::USR1)),
            })
            .gives(readable()),
            on(Call::Read {
                fd: READ,
                max: 4096,
            })
            .gives(Ret::Bytes(bytes)),
            on(Call::PidfdOpen { pid: pid(DAEMON) }).fails(Errno::ENOSYS),
            wait(WaitFor::Pid(pid(INTER))).gives(ended(INTER, Ended::Exited(0))),
            close(DIR),
            close(READ),
        ],
    ])
}

#[rstest]
#[case::there(vec![on(Call::PidfdOpen { pid: pid(LAUNCHER) }).gives(Ret::Fd(PIDFD)), probe().done()], true)]
#[case::no_open(vec![on(Call::PidfdOpen { pid: pid(LAUNCHER) }).fails(Errno::ENOSYS)], false)]
#[case::open_forbidden(vec![on(Call::PidfdOpen { pid: pid(LAUNCHER) }).fails(Errno::EPERM)], false)]
#[case::no_send(
    vec![
        on(Call::PidfdOpen { pid: pid(LAUNCHER) }).gives(Ret::Fd(PIDFD)),
        probe().fails(Errno::ENOSYS), close(PIDFD),
    ],
    false
)]
// It would look like the launcher's own EPERM later.
#[case::send_forbidden(
    vec![
        on(Call::PidfdOpen { pid: pid(LAUNCHER) }).gives(Ret::Fd(PIDFD)),
        probe().fails(Errno::EPERM), close(PIDFD),
    ],
    false
)]
fn a_pidfd_is_used_where_it_works(#[case] pidfd: Steps, #[case] close_pidfd: bool) {
    let started = returned(launching(pidfd, close_pidfd), |sys| start(sys, settings()));
    match started {
        Ok(Started::Launcher { daemon }) => assert_eq!(daemon, pid(DAEMON)),
        _ => panic!("this is the launcher"),
    }
}
