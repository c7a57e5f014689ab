//! PID files that lie.

use std::path::Path;

use daemonlab::explore::TaskName;
use daemonlab::sim::check::Config;
use daemonlab::sim::{Scene, Start, Sys, invariants};
use daemonlab::sys::records::{At, KillTarget, Lock};
use daemonlab::sys::*;

use crate::mistake::Mistake;
use crate::parts::*;

/// The launcher has exited with 0 and there is no PID file yet: the service
/// manager reads nothing, or an old one.
#[test]
fn a_pid_file_after_the_exit() {
    fn wrong(sys: Sys) -> i32 {
        match sys.fork().unwrap() {
            Forked::Parent(_) => 0,
            Forked::Child => {
                write_pid_file(&sys).unwrap();
                serve(&sys)
            }
        }
    }
    fn right(sys: Sys) -> i32 {
        let (read, write) = sys.pipe().unwrap();
        match sys.fork().unwrap() {
            Forked::Parent(_) => {
                drop(write);
                match hears(&sys, &read) {
                    true => 0,
                    false => FAILED,
                }
            }
            Forked::Child => {
                drop(read);
                write_pid_file(&sys).unwrap();
                let _ = sys.write(write.raw(), b"1");
                serve(&sys)
            }
        }
    }
    Mistake {
        test: "pid_file::a_pid_file_after_the_exit",
        config: |_| {
            Config::new().no_faults().invariants([
                invariants::launcher_ends(),
                invariants::truthful_exit(PID_FILE),
                invariants::no_partial_pid_file(PID_FILE),
            ])
        },
        breaks: "the launcher's exit status tells the truth",
        wrong,
        right,
    }
    .prove();
}

/// Both look, neither finds a PID file, both start. The lock decides where a
/// look cannot.
#[test]
fn an_unlocked_second_start() {
    fn start(sys: &Sys, may_run: impl Fn(&Sys) -> bool) -> i32 {
        match sys.fork().unwrap() {
            Forked::Parent(_) => 0,
            Forked::Child => match may_run(sys) {
                true => serve(sys),
                false => FAILED,
            },
        }
    }
    fn wrong(sys: Sys) -> i32 {
        start(&sys, |sys| {
            if sys
                .open(At::Cwd, Path::new(PID_FILE), opened(false), 0)
                .is_ok()
            {
                return false;
            }
            write_pid_file(sys).is_ok()
        })
    }
    fn right(sys: Sys) -> i32 {
        start(&sys, |sys| {
            let Ok(file) = sys.open(At::Cwd, Path::new(PID_FILE), opened(true), 0o644) else {
                return false;
            };
            if sys.flock(file.raw(), Lock::Exclusive).is_err() {
                return false;
            }
            // It stays open, and locked, for as long as the process lives.
            file.into_raw();
            true
        })
    }
    Mistake {
        test: "pid_file::an_unlocked_second_start",
        config: |program| {
            Config::new()
                .no_faults()
                .with("second start", Start::default(), program)
                .invariant(invariants::at_most_one_daemon(&[0, 1]))
        },
        breaks: "at most one daemon is left",
        wrong,
        right,
    }
    .prove();
}

/// The PID in a file that a dead daemon left behind is somebody else's by now.
#[test]
fn a_stale_pid_that_is_signalled() {
    fn named(sys: &Sys) -> Option<(Fd<Sys>, Pid)> {
        let file = sys
            .open(At::Cwd, Path::new(PID_FILE), opened(false), 0)
            .ok()?;
        let text = sys.read(file.raw(), 16).ok()?;
        let pid = std::str::from_utf8(&text).ok()?.trim().parse().ok()?;
        Some((file, Pid::from_raw(pid)))
    }
    fn wrong(sys: Sys) -> i32 {
        let Some((_, pid)) = named(&sys) else {
            return FAILED;
        };
        // "Does it live?" Somebody does.
        match sys.kill(KillTarget::Process(pid), None) {
            Ok(()) => {
                let _ = sys.kill(KillTarget::Process(pid), Some(Signal::TERM));
                0
            }
            Err(_) => FAILED,
        }
    }
    fn right(sys: Sys) -> i32 {
        let Some((file, pid)) = named(&sys) else {
            return FAILED;
        };
        // A file that can be locked is nobody's.
        if sys.flock(file.raw(), Lock::Shared).is_ok() {
            return FAILED;
        }
        let _ = sys.kill(KillTarget::Process(pid), Some(Signal::TERM));
        0
    }
    Mistake {
        test: "pid_file::a_stale_pid_that_is_signalled",
        config: |_| {
            Config::new()
                .no_faults()
                .scene(Scene::new().file(PID_FILE, 0o644, (0, 0), b"1001\n"))
                .with("bystander", Start::default(), |sys| serve(&sys))
                .role("0", "stop command")
                .invariant(invariants::unharmed(TaskName::first(1)))
        },
        breaks: "nobody else is harmed",
        wrong,
        right,
    }
    .prove();
}
