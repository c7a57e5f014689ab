//! The launcher's wait.

use std::time::{Duration, Instant};

use daemonlab::daemon::{InheritedFds, OnLostLauncher, OnTimeout, Settings, exit_code};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Ended, KillTarget};
use daemonlab::sys::{Pid, Process, Signal, Signals};

use crate::lab::{Lab, nobody_is_left, run, server, stop, wait_for_term};
use crate::support::{alone, child, end_of};

const SHORT: Duration = Duration::from_secs(1);

#[test]
fn the_launcher_ends_only_when_the_program_is_ready() {
    alone(|| {
        let lab = Lab::new();
        let (held, go) = std::io::pipe().unwrap();
        let launcher = lab.launch(lab.settings(), |ready| {
            std::io::Read::read(&mut &held, &mut [0]).unwrap();
            server(ready)
        });
        let state = || {
            let flags = nix::sys::wait::WaitPidFlag::WNOHANG;
            nix::sys::wait::waitpid(launcher, Some(flags)).unwrap()
        };
        assert_eq!(state(), nix::sys::wait::WaitStatus::StillAlive);
        std::io::Write::write(&mut &go, &[0]).unwrap();
        assert_eq!(lab.outcome(launcher).end, Ended::Exited(0));
        lab.stop();
        assert!(nobody_is_left());
    });
}

#[test]
fn a_strangers_sigusr1_decides_nothing() {
    alone(|| {
        let lab = Lab::new();
        let outcome = lab.start(lab.settings(), |ready| {
            // The launcher is this process's parent by now, or soon.
            let launcher = launcher_of();
            Linux
                .kill(KillTarget::Process(launcher), Some(Signal::USR1))
                .unwrap();
            drop(ready);
            5
        });
        assert_eq!(outcome.end, Ended::Exited(exit_code::DIED_EARLY));
        assert!(nobody_is_left());
    });
}

/// The process that the intermediate leaves the caller to.
fn launcher_of() -> Pid {
    loop {
        let parent = std::os::unix::process::parent_id() as i32;
        if parent != nix::unistd::getsid(None).unwrap().as_raw() {
            return Pid::from_raw(parent);
        }
        std::thread::yield_now();
    }
}

#[test]
fn an_end_is_seen_whichever_thread_gets_the_signal() {
    alone(|| {
        let lab = Lab::new();
        let stderr = lab.path("stderr");
        let launcher = child(|| {
            let file = std::fs::File::create(&stderr).unwrap();
            nix::unistd::dup2_stderr(&file).unwrap();
            // The kernel asks the first thread first, and that one blocks nothing.
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    run(InheritedFds::none(), lab.settings(), |_ready| {
                        // It keeps the pipe open.
                        child(std::thread::park);
                        // So that no other signal wakes the launcher by chance.
                        std::thread::sleep(Duration::from_millis(300));
                        Linux.exit(3)
                    });
                });
            });
        });
        let outcome = lab.outcome(launcher);
        let status = Ended::Exited(exit_code::DIED_EARLY);
        assert_eq!(outcome.end, status, "{}", outcome.stderr);
        assert!(nobody_is_left());
    });
}

#[test]
fn past_the_limit_everything_is_killed() {
    alone(|| {
        let lab = Lab::new();
        let settings = Settings {
            ready_timeout: SHORT,
            ..lab.settings()
        };
        let before = Instant::now();
        let outcome = lab.start(settings, |_ready| {
            child(std::thread::park);
            std::thread::park();
            0
        });
        assert!(before.elapsed() >= SHORT);
        assert_eq!(outcome.end, Ended::Exited(exit_code::TIMED_OUT));
        assert!(
            outcome.stderr.contains("readiness: not within 1s"),
            "{}",
            outcome.stderr
        );
        assert!(nobody_is_left());
    });
}

#[test]
fn past_the_limit_the_daemon_is_left_where_that_is_wished() {
    alone(|| {
        let lab = Lab::new();
        let settings = Settings {
            ready_timeout: SHORT,
            on_timeout: OnTimeout::Leave,
            ..lab.settings()
        };
        let outcome = lab.start(settings, |_ready| {
            wait_for_term();
            0
        });
        assert_eq!(outcome.end, Ended::Exited(exit_code::TIMED_OUT));
        let daemon = lab.daemon();
        let says = format!("PID {daemon} was left running");
        assert!(outcome.stderr.contains(&says), "{}", outcome.stderr);
        assert_eq!(stop(daemon), Ended::Exited(0));
    });
}

/// Kills the launcher in the middle of its wait; gives how the daemon ended.
fn without_launcher(lab: &Lab, settings: Settings) -> Pid {
    let (held, go) = std::io::pipe().unwrap();
    let (waits, here) = std::io::pipe().unwrap();
    let launcher = lab.launch(settings, |ready| {
        std::io::Write::write(&mut &here, &[0]).unwrap();
        std::io::Read::read(&mut &held, &mut [0]).unwrap();
        server(ready)
    });
    std::io::Read::read(&mut &waits, &mut [0]).unwrap();
    let daemon = lab.daemon();
    Linux
        .kill(KillTarget::Process(launcher), Some(Signal::KILL))
        .unwrap();
    assert_eq!(end_of(launcher), Ended::Killed(Signal::KILL));
    std::io::Write::write(&mut &go, &[0]).unwrap();
    daemon
}

#[test]
fn a_daemon_whose_launcher_is_gone_gives_up() {
    alone(|| {
        let lab = Lab::new();
        let daemon = without_launcher(&lab, lab.settings());
        assert_eq!(end_of(daemon), Ended::Exited(exit_code::LAUNCHER_GONE));
        assert_eq!(lab.names(), [""; 0]);
        assert!(nobody_is_left());
    });
}

#[test]
fn a_daemon_whose_launcher_is_gone_stays_where_that_is_wished() {
    alone(|| {
        let lab = Lab::new();
        let settings = Settings {
            on_lost_launcher: OnLostLauncher::Stay,
            ..lab.settings()
        };
        let daemon = without_launcher(&lab, settings);
        assert_eq!(stop(daemon), Ended::Exited(0));
        assert!(nobody_is_left());
    });
}
