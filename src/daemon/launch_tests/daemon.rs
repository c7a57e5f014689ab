//! What the daemon does until it is ready.

use super::script::*;

fn daemon_way() -> Steps {
    script([intermediate_way(), vec![fork(0)]])
}

#[test]
fn the_daemon_is_clean_and_has_its_pid_file_before_it_says_so() {
    let steps = script([
        daemon_way(),
        cleaning(),
        pid_file(),
        vec![tell(WRITE, &Record::Detached)],
        // The program drops its readiness: no PID file, then no line.
        removal(),
        vec![close(WRITE), close(PIDFD)],
    ]);
    let detached = returned(steps, |sys| match start(sys, settings()) {
        Ok(Started::Daemon(ready)) => ready.pid(),
        _ => panic!("this is the daemon"),
    });
    assert_eq!(detached, pid(DAEMON));
}

#[test]
fn what_fails_in_the_daemon_goes_over_the_pipe() {
    let cleaning = cleaning();
    let before = daemon_way();
    let stages = |failing: usize| match failing {
        0 | 3 => (Stage::Detach, exit_code::SYSTEM),
        1 => (Stage::Notify, exit_code::NOTIFY),
        2 => (Stage::WorkingDirectory, exit_code::WORKING_DIRECTORY),
        4 | 5 => (Stage::Streams, exit_code::STREAMS),
        _ => (Stage::Signals, exit_code::SYSTEM),
    };
    for failing in (0..cleaning.len()).filter(|failing| *failing != 6) {
        let mut steps = script([before.clone(), cleaning[..failing].to_vec()]);
        steps.push(cleaning[failing].clone().instead(Err(Errno::EIO)));
        steps.extend((failing == 5).then(|| close(13)));
        let (stage, status) = stages(failing);
        steps.extend([
            close(DIR),
            // The record of the failure: stage and errno are what matters.
            on_any("write").gives(Ret::Size(usize::MAX)),
            exit(status),
        ]);
        assert_eq!(status_of(steps), status, "{failing}: {stage:?}");
    }
}

#[test]
fn a_failure_after_the_pid_file_removes_it_first() {
    let failure = Failure::new(Stage::Notify, "write", Cause::Errno(Errno::EIO));
    let steps = script([
        daemon_way(),
        cleaning(),
        pid_file(),
        vec![tell(WRITE, &Record::Detached).instead(Err(Errno::EIO))],
        removal(),
        vec![
            tell(WRITE, &Record::Failed(failure)),
            exit(exit_code::NOTIFY),
        ],
    ]);
    assert_eq!(status_of(steps), exit_code::NOTIFY);
}

#[test]
fn a_daemon_whose_launcher_is_gone_gives_up_before_anything_is_made() {
    let gone = Failure::bare(Stage::Notify, Cause::LauncherGone);
    let steps = script([
        daemon_way(),
        vec![
            getpid(DAEMON),
            tell(WRITE, &Record::Started(pid(DAEMON))).instead(Err(Errno::EPIPE)),
            close(DIR),
            tell(WRITE, &Record::Failed(gone.clone())).instead(Err(Errno::EPIPE)),
            write(2, format!("daemon: {gone}\n")),
            exit(exit_code::LAUNCHER_GONE),
        ],
    ]);
    assert_eq!(status_of(steps), exit_code::LAUNCHER_GONE);
}

#[test]
fn a_daemon_that_is_to_stay_goes_on_without_a_launcher() {
    let mut cleaning = cleaning();
    cleaning[1] = tell(WRITE, &Record::Started(pid(DAEMON))).instead(Err(Errno::EPIPE));
    let steps = script([
        daemon_way(),
        cleaning,
        pid_file(),
        vec![tell(WRITE, &Record::Detached).instead(Err(Errno::EPIPE))],
        removal(),
        vec![close(WRITE), close(PIDFD)],
    ]);
    let settings = Settings {
        on_lost_launcher: OnLostLauncher::Stay,
        ..settings()
    };
    assert!(returned(steps, |sys| start(sys, settings).is_ok()));
}
