//! Every end of a start has a status, and leaves nothing behind.

use std::fs;

use daemonlab::daemon::{LauncherWaits, Settings, exit_code};
use daemonlab::sys::records::Ended;
use rstest::rstest;

use crate::lab::{Lab, nobody_is_left, server};
use crate::support::alone;

#[rstest]
#[case::user(
    "user",
    exit_code::UNKNOWN_USER,
    "name look-up: no-such-name: there is none"
)]
#[case::group(
    "group",
    exit_code::UNKNOWN_USER,
    "name look-up: no-such-name: there is none"
)]
#[case::directory(
    "directory",
    exit_code::WORKING_DIRECTORY,
    "No such file or directory (ENOENT)"
)]
#[case::file("file", exit_code::WORKING_DIRECTORY, "Not a directory (ENOTDIR)")]
#[case::log("log", exit_code::STREAMS, "error log: ")]
#[case::pid_dir("pid dir", exit_code::PID_FILE, "PID file: ")]
#[case::pid_is_dir("pid is dir", exit_code::PID_FILE, "it is no regular file")]
#[case::setting(
    "setting",
    exit_code::CONF,
    "settings: daemon_ready_timeout_seconds: is zero"
)]
fn what_can_fail_before_the_fork_does(
    #[case] what: &str,
    #[case] status: i32,
    #[case] says: &str,
    #[values(LauncherWaits::ForReady, LauncherWaits::ForDetached)] launcher_waits: LauncherWaits,
) {
    alone(|| {
        let lab = Lab::new();
        fs::write(lab.path("file"), "").unwrap();
        let mut settings = Settings {
            launcher_waits,
            ..lab.settings()
        };
        match what {
            "user" => settings.user = Some("no-such-name".to_owned()),
            "group" => settings.group = Some("no-such-name".to_owned()),
            "directory" => settings.working_directory = Some(lab.path("nowhere")),
            "file" => settings.working_directory = Some(lab.path("file")),
            "log" => settings.error_log = Some(lab.path("nowhere/log")),
            "pid dir" => settings.pid_file = lab.path("nowhere/a.pid"),
            "pid is dir" => fs::create_dir(lab.pid_file()).unwrap(),
            "setting" => settings.ready_timeout = std::time::Duration::ZERO,
            other => panic!("{other}"),
        }
        let outcome = lab.start(settings, server);
        assert_eq!(outcome.end, Ended::Exited(status), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        assert!(nobody_is_left());
    });
}

#[rstest]
#[case::exits(|| 3, "exited with status 3 before the daemon was ready")]
#[case::says_success(|| 0, "exited with status 0 before the daemon was ready")]
#[case::is_killed(|| { nix::sys::signal::raise(nix::sys::signal::SIGKILL).unwrap(); 0 }, "was killed by SIGKILL")]
fn a_daemon_that_ends_early_is_reported_at_once(#[case] ending: fn() -> i32, #[case] says: &str) {
    alone(|| {
        let lab = Lab::new();
        let outcome = lab.start(lab.settings(), |ready| {
            let status = ending();
            drop(ready);
            status
        });
        assert_eq!(outcome.end, Ended::Exited(exit_code::DIED_EARLY));
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert!(nobody_is_left());
    });
}

#[test]
fn a_daemon_that_ends_early_is_seen_although_its_child_has_the_pipe() {
    alone(|| {
        let lab = Lab::new();
        let outcome = lab.start(lab.settings(), |_ready| {
            crate::support::child(std::thread::park);
            nix::sys::signal::raise(nix::sys::signal::SIGKILL).unwrap();
            0
        });
        assert_eq!(outcome.end, Ended::Exited(exit_code::DIED_EARLY));
        // The worker is in the daemon's process group, and is not forgotten.
        assert!(
            outcome.stderr.contains("was killed by SIGKILL"),
            "{}",
            outcome.stderr
        );
        assert!(nobody_is_left());
    });
}

#[test]
fn a_program_that_fails_gives_the_status_and_the_reason() {
    alone(|| {
        let lab = Lab::new();
        let outcome = lab.start(lab.settings(), |ready| {
            ready.fail(42, "no port is free").status()
        });
        assert_eq!(outcome.end, Ended::Exited(42));
        assert!(
            outcome
                .stderr
                .contains("program: no port is free (status 42)"),
            "{}",
            outcome.stderr
        );
        assert_eq!(lab.names(), [""; 0]);
        assert!(nobody_is_left());
    });
}
