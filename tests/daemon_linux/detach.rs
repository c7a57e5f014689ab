//! A detached, clean process.

use std::fs;
use std::os::fd::{AsRawFd, IntoRawFd};

use daemonlab::daemon::{EnvironmentPolicy, InheritedFds, LauncherWaits, Settings};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Disposition, Ended, MaskHow};
use daemonlab::sys::{Signal, SignalSet, Signals};

use crate::lab::{Lab, descriptors, nobody_is_left, run, server, stat, status, wait_for_term};
use crate::support::{alone, child};

#[test]
fn the_daemon_leads_no_session_and_has_no_terminal() {
    alone(|| {
        let lab = Lab::new();
        let outcome = lab.start(lab.settings(), server);
        assert_eq!(
            (outcome.end, outcome.stderr.as_str()),
            (Ended::Exited(0), "")
        );
        let daemon = lab.daemon();
        let (ppid, group, session, tty) = (
            stat(daemon, 4),
            stat(daemon, 5),
            stat(daemon, 6),
            stat(daemon, 7),
        );
        assert_eq!(
            ppid,
            std::process::id() as i32,
            "reparented before the launcher's exit"
        );
        assert_eq!(group, session);
        assert_ne!(session, daemon.as_raw());
        assert_ne!(session, outcome.launcher.as_raw());
        assert!(
            !fs::exists(format!("/proc/{session}")).unwrap(),
            "the intermediate is gone"
        );
        assert_eq!(tty, 0);
        assert_eq!(
            fs::read_link(format!("/proc/{daemon}/cwd"))
                .unwrap()
                .to_str(),
            Some("/")
        );
        assert_eq!(status(daemon, "Umask"), "0007");
        assert_eq!(lab.stop(), Ended::Exited(0));
        assert!(nobody_is_left());
    });
}

#[test]
fn a_launcher_that_does_not_wait_leaves_a_daemon_that_is_complete() {
    alone(|| {
        let lab = Lab::new();
        let settings = Settings {
            launcher_waits: LauncherWaits::ForDetached,
            working_directory: Some(lab.path("")),
            ..lab.settings()
        };
        let outcome = lab.start(settings, server);
        assert_eq!(outcome.end, Ended::Exited(0));
        let cwd = fs::read_link(format!("/proc/{}/cwd", lab.daemon())).unwrap();
        assert_eq!(cwd, fs::canonicalize(lab.path("")).unwrap());
        lab.stop();
        assert!(nobody_is_left());
    });
}

#[test]
fn the_streams_go_to_null_and_to_the_log() {
    alone(|| {
        let lab = Lab::new();
        fs::write(lab.path("log"), "before\n").unwrap();
        let settings = Settings {
            error_log: Some(lab.path("log")),
            ..lab.settings()
        };
        lab.start(settings, |ready| {
            eprintln!("from the daemon");
            server(ready)
        });
        let log = lab.path("log").to_string_lossy().into_owned();
        let open = descriptors(lab.daemon());
        assert_eq!(open[0], (0, "/dev/null".to_owned()));
        assert_eq!(open[1], (1, "/dev/null".to_owned()));
        assert_eq!(open[2], (2, log));
        lab.stop();
        let said = fs::read_to_string(lab.path("log")).unwrap();
        assert_eq!(said, "before\nfrom the daemon\n");
    });
}

#[test]
fn without_a_log_stdout_and_stderr_are_kept() {
    alone(|| {
        let lab = Lab::new();
        lab.start(lab.settings(), server);
        let open = descriptors(lab.daemon());
        assert_eq!(open[0].1, "/dev/null");
        assert_ne!(open[1].1, "/dev/null");
        assert_eq!(open[2].1, lab.path("stderr").to_string_lossy());
        lab.stop();
    });
}

#[test]
fn what_was_inherited_is_closed_and_what_the_program_opened_stays() {
    alone(|| {
        let lab = Lab::new();
        let open = |name: &str| fs::File::create(lab.path(name)).unwrap();
        let launcher = child(|| {
            let inherited = open("inherited").into_raw_fd();
            let keep = open("keep").into_raw_fd();
            let given_up = open("given up").into_raw_fd();
            let noted = InheritedFds::note(&Linux);
            // Its number goes to a file of the program's own.
            // SAFETY: nothing else owns it.
            unsafe { libc::close(given_up) };
            let own = open("own");
            assert_eq!(own.as_raw_fd(), given_up);
            let settings = Settings {
                keep_fds: vec![keep],
                ..lab.settings()
            };
            assert_ne!(inherited, keep);
            run(noted, settings, server)
        });
        assert_eq!(lab.outcome(launcher).end, Ended::Exited(0));
        let daemon = lab.daemon();
        let targets = || -> Vec<String> {
            let above = descriptors(daemon).into_iter().filter(|(fd, _)| *fd > 2);
            above.map(|(_, target)| target).collect()
        };
        // The launcher may be quicker to exit than the daemon to close the line.
        let is_line = |target: &String| target.starts_with("pipe:") || target.contains("pidfd");
        while targets().iter().any(is_line) {
            std::thread::yield_now();
        }
        let targets = targets();
        let has = |name| targets.contains(&lab.path(name).to_string_lossy().into_owned());
        assert!(!has("inherited"), "{targets:?}");
        assert!(has("keep"), "{targets:?}");
        assert!(has("own"), "{targets:?}");
        lab.stop();
    });
}

#[test]
fn closed_streams_do_not_become_anything_else() {
    alone(|| {
        let lab = Lab::new();
        let launcher = child(|| {
            for fd in 0..=2 {
                // SAFETY: the test has no use for it any more.
                unsafe { libc::close(fd) };
            }
            let settings = Settings {
                error_log: Some(lab.path("log")),
                ..lab.settings()
            };
            run(InheritedFds::none(), settings, server)
        });
        assert_eq!(lab.outcome(launcher).end, Ended::Exited(0));
        let open = descriptors(lab.daemon());
        let log = lab.path("log").to_string_lossy().into_owned();
        assert_eq!(
            open[..3],
            [(0, "/dev/null".into()), (1, "/dev/null".into()), (2, log)]
        );
        lab.stop();
    });
}

#[test]
fn mask_and_dispositions_are_reset() {
    alone(|| {
        let lab = Lab::new();
        let launcher = child(|| {
            for signal in [Signal::HUP, Signal::new(40).unwrap()] {
                Linux.sigaction(signal, Disposition::Ignore).unwrap();
            }
            let blocked = SignalSet::EMPTY.with(Signal::USR2).with(Signal::USR1);
            Linux.sigmask(MaskHow::Block, blocked).unwrap();
            run(InheritedFds::none(), lab.settings(), |ready| {
                let _running = ready.notify();
                wait_for_term();
                0
            })
        });
        assert_eq!(lab.outcome(launcher).end, Ended::Exited(0));
        let daemon = lab.daemon();
        let set = |field| {
            let bits = u64::from_str_radix(&status(daemon, field), 16).unwrap();
            SignalSet::from_bits(bits)
        };
        let blocked = set("SigBlk").without(Signal::TERM);
        assert_eq!(blocked, SignalSet::EMPTY, "SIGTERM is the test's");
        assert_eq!(set("SigIgn"), SignalSet::EMPTY.with(Signal::PIPE));
        // SIGSETXID of the C library, which libtest's threads brought about.
        let caught = set("SigCgt").without(Signal::new(33).unwrap());
        assert_eq!(caught, SignalSet::EMPTY);
        assert_eq!(lab.stop(), Ended::Exited(0));
    });
}

#[test]
fn only_the_variables_that_are_named_are_kept() {
    alone(|| {
        let lab = Lab::new();
        let settings = Settings {
            environment: EnvironmentPolicy::Only(vec!["PATH".to_owned(), "NONE".to_owned()]),
            ..lab.settings()
        };
        let vars = lab.path("vars");
        lab.start(settings, |ready| {
            let kept: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
            fs::write(&vars, kept.join(" ")).unwrap();
            server(ready)
        });
        assert_eq!(fs::read_to_string(&vars).unwrap(), "PATH");
        lab.stop();
    });
}

#[test]
fn threads_are_counted_and_named_in_a_warning() {
    alone(|| {
        let lab = Lab::new();
        let launcher = child(|| {
            let stderr = fs::File::create(lab.path("stderr")).unwrap();
            nix::unistd::dup2_stderr(&stderr).unwrap();
            drop(stderr);
            std::thread::spawn(std::thread::park);
            run(InheritedFds::none(), lab.settings(), server)
        });
        let outcome = lab.outcome(launcher);
        assert_eq!(outcome.end, Ended::Exited(0));
        assert!(
            outcome.stderr.contains("warning: 2 threads are running"),
            "{}",
            outcome.stderr
        );
        assert_eq!(status(lab.daemon(), "Threads"), "1");
        lab.stop();
    });
}
