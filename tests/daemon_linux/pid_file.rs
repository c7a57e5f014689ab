//! The PID file.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use daemonlab::daemon::{LauncherWaits, Settings, Start, exit_code};
use daemonlab::sys::records::Ended;
use rstest::rstest;

use crate::lab::{Lab, nobody_is_left, pid_in, server, stop};
use crate::support::alone;

#[test]
fn it_holds_the_pid_and_one_newline_and_anybody_may_read_it() {
    alone(|| {
        let lab = Lab::new();
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
        lab.start(lab.settings(), server);
        let found = fs::metadata(lab.pid_file()).unwrap();
        assert_eq!(found.permissions().mode() & 0o7777, 0o644);
        assert_eq!(found.uid(), nix::unistd::getuid().as_raw());
        let daemon = lab.daemon();
        assert!(fs::read_link(format!("/proc/{daemon}/exe")).is_ok());
        assert_eq!(lab.names(), ["a.pid"]);
        assert_eq!(lab.stop(), Ended::Exited(0));
        assert_eq!(lab.names(), [""; 0], "a clean stop removes it");
    });
}

#[test]
fn a_second_start_is_refused_and_changes_nothing() {
    alone(|| {
        let lab = Lab::new();
        lab.start(lab.settings(), server);
        let first = lab.daemon();
        let before = fs::metadata(lab.pid_file()).unwrap().ino();
        let second = lab.start(lab.settings(), server);
        assert_eq!(second.end, Ended::Exited(exit_code::RUNNING_ALREADY));
        let says = format!("a living instance, PID {first}, holds it");
        assert!(second.stderr.contains(&says), "{}", second.stderr);
        assert_eq!(fs::metadata(lab.pid_file()).unwrap().ino(), before);
        assert_eq!(lab.names(), ["a.pid"]);
        lab.stop();
        assert!(nobody_is_left());
    });
}

#[rstest]
#[case::of_somebody_who_lives(format!("{}\n", std::process::id()))]
#[case::empty(String::new())]
#[case::garbage("no number\n".repeat(100))]
fn a_stale_file_is_replaced_whatever_it_says(#[case] content: String) {
    alone(|| {
        let lab = Lab::new();
        fs::write(lab.pid_file(), content).unwrap();
        let outcome = lab.start(lab.settings(), server);
        assert_eq!(outcome.end, Ended::Exited(0), "{}", outcome.stderr);
        lab.daemon();
        assert_eq!(lab.names(), ["a.pid"]);
        lab.stop();
    });
}

#[test]
fn what_a_killed_start_left_behind_is_cleared_away() {
    alone(|| {
        let lab = Lab::new();
        fs::write(lab.path(".a.pid.starting"), "").unwrap();
        let outcome = lab.start(lab.settings(), server);
        assert_eq!(outcome.end, Ended::Exited(0), "{}", outcome.stderr);
        assert_eq!(lab.names(), ["a.pid"]);
        lab.stop();
    });
}

#[test]
fn a_symbolic_link_is_never_followed() {
    alone(|| {
        let lab = Lab::new();
        fs::write(lab.path("victim"), "precious").unwrap();
        symlink(lab.path("victim"), lab.pid_file()).unwrap();
        let outcome = lab.start(lab.settings(), server);
        assert_eq!(outcome.end, Ended::Exited(exit_code::PID_FILE));
        assert!(
            outcome.stderr.contains("it is a symbolic link"),
            "{}",
            outcome.stderr
        );
        assert_eq!(fs::read_to_string(lab.path("victim")).unwrap(), "precious");
        assert_eq!(lab.names(), ["a.pid", "victim"]);
        assert!(nobody_is_left());
    });
}

#[test]
fn a_relative_path_means_the_directory_of_the_start() {
    alone(|| {
        let lab = Lab::new();
        std::env::set_current_dir(lab.path("")).unwrap();
        let settings = Settings {
            pid_file: "a.pid".into(),
            ..lab.settings()
        };
        assert_eq!(lab.start(settings, server).end, Ended::Exited(0));
        lab.stop();
        assert_eq!(lab.names(), [""; 0]);
    });
}

#[test]
fn an_upgrade_moves_the_old_file_aside_and_each_removes_its_own() {
    alone(|| {
        let lab = Lab::new();
        lab.start(lab.settings(), server);
        let old = lab.daemon();
        let upgrade = Settings {
            start: Start::Upgrade,
            ..lab.settings()
        };
        let outcome = lab.start(upgrade, server);
        assert_eq!(outcome.end, Ended::Exited(0), "{}", outcome.stderr);
        let new = lab.daemon();
        assert_ne!(old, new);
        assert_eq!(pid_in(&lab.path("a.pid.old")), old);
        assert_eq!(lab.names(), ["a.pid", "a.pid.old"]);
        assert_eq!(stop(old), Ended::Exited(0));
        assert_eq!(lab.names(), ["a.pid"]);
        assert_eq!(lab.daemon(), new);
        assert_eq!(stop(new), Ended::Exited(0));
        assert_eq!(lab.names(), [""; 0]);
    });
}

#[test]
fn an_upgrade_that_fails_gives_the_old_instance_its_name_back() {
    alone(|| {
        let lab = Lab::new();
        lab.start(lab.settings(), server);
        let old = lab.daemon();
        let upgrade = Settings {
            start: Start::Upgrade,
            ..lab.settings()
        };
        let outcome = lab.start(upgrade, |ready| ready.fail(3, "not today").status());
        assert_eq!(outcome.end, Ended::Exited(3));
        assert_eq!(lab.daemon(), old);
        assert_eq!(lab.names(), ["a.pid"]);
        lab.stop();
        assert!(nobody_is_left());
    });
}

#[test]
fn an_old_instance_that_lost_its_name_still_refuses_a_second() {
    alone(|| {
        let lab = Lab::new();
        lab.start(lab.settings(), server);
        let old = lab.daemon();
        fs::rename(lab.pid_file(), lab.path("a.pid.old")).unwrap();
        let outcome = lab.start(lab.settings(), server);
        assert_eq!(outcome.end, Ended::Exited(exit_code::RUNNING_ALREADY));
        assert_eq!(stop(old), Ended::Exited(0));
        assert_eq!(lab.names(), [""; 0]);
    });
}

#[test]
fn of_many_starts_at_once_one_wins() {
    alone(|| {
        let lab = Lab::new();
        fs::write(lab.pid_file(), "1\n").unwrap();
        let settings = Settings {
            launcher_waits: LauncherWaits::ForDetached,
            ..lab.settings()
        };
        let launchers: Vec<_> = (0..12)
            .map(|_| lab.launch(settings.clone(), server))
            .collect();
        let ends: Vec<_> = launchers
            .into_iter()
            .map(|launcher| lab.outcome(launcher).end)
            .collect();
        let count = |status| {
            ends.iter()
                .filter(|end| **end == Ended::Exited(status))
                .count()
        };
        assert_eq!(count(0), 1, "{ends:?}");
        assert_eq!(count(exit_code::RUNNING_ALREADY), 11, "{ends:?}");
        lab.stop();
        assert!(nobody_is_left());
        assert_eq!(lab.names(), [""; 0]);
    });
}
