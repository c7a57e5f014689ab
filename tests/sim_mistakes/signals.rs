//! Readiness by signal, gone wrong.

use std::path::Path;

use daemonlab::sim::check::Config;
use daemonlab::sim::{Start, Sys, invariants};
use daemonlab::sys::records::{At, Disposition, Follow, KillTarget};
use daemonlab::sys::*;

use crate::mistake::Mistake;
use crate::parts::*;

/// The daemon may be ready before the launcher has its handler, and then its
/// signal kills.
#[test]
fn a_handler_installed_after_the_fork() {
    fn wrong(sys: Sys) -> i32 {
        let launcher = sys.getpid().unwrap();
        match sys.fork().unwrap() {
            Forked::Parent(_) => {
                sys.sigaction(Signal::USR1, Disposition::Interrupt).unwrap();
                let _ = sys.poll(&[], Some(seconds(600)), None);
                0
            }
            Forked::Child => {
                let _ = tell(&sys, launcher);
                serve(&sys)
            }
        }
    }
    fn right(sys: Sys) -> i32 {
        let launcher = sys.getpid().unwrap();
        block_usr1(&sys).unwrap();
        match sys.fork().unwrap() {
            Forked::Parent(_) => match sys.sigtimedwait(USR1, Some(seconds(600))) {
                Ok(_) => 0,
                Err(_) => TIMED_OUT,
            },
            Forked::Child => {
                let _ = tell(&sys, launcher);
                serve(&sys)
            }
        }
    }
    Mistake {
        test: "signals::a_handler_installed_after_the_fork",
        config: |_| Config::new().no_faults().invariant(comes_through()),
        breaks: COMES_THROUGH,
        wrong,
        right,
    }
    .prove();
}

/// Between the look and the pause the signal comes, and the pause never ends.
#[test]
fn check_then_pause() {
    fn is_ready(sys: &Sys) -> bool {
        sys.stat(At::Cwd, Path::new(PID_FILE), Follow::No).is_ok()
    }
    fn daemon(sys: &Sys, launcher: Pid) -> i32 {
        write_pid_file(sys).unwrap();
        let _ = tell(sys, launcher);
        serve(sys)
    }
    fn wrong(sys: Sys) -> i32 {
        let launcher = sys.getpid().unwrap();
        sys.sigaction(Signal::USR1, Disposition::Interrupt).unwrap();
        match sys.fork().unwrap() {
            Forked::Parent(_) => {
                while !is_ready(&sys) {
                    let _ = sys.poll(&[], None, None);
                }
                0
            }
            Forked::Child => daemon(&sys, launcher),
        }
    }
    fn right(sys: Sys) -> i32 {
        let launcher = sys.getpid().unwrap();
        sys.sigaction(Signal::USR1, Disposition::Interrupt).unwrap();
        let before = block_usr1(&sys).unwrap();
        match sys.fork().unwrap() {
            Forked::Parent(_) => {
                // The signal is let in by the wait itself, and by nothing else.
                while !is_ready(&sys) {
                    let _ = sys.poll(&[], None, Some(before));
                }
                0
            }
            Forked::Child => daemon(&sys, launcher),
        }
    }
    Mistake {
        test: "signals::check_then_pause",
        config: |_| Config::new().no_faults().invariant(comes_through()),
        breaks: COMES_THROUGH,
        wrong,
        right,
    }
    .prove();
}

/// Anybody's SIGUSR1 counts as readiness. To look at the sender is not enough
/// to mend it: while a stranger's is pending, the daemon's is lost. Let the
/// pipe decide.
#[test]
fn a_signal_whose_sender_is_not_checked() {
    fn wrong(sys: Sys) -> i32 {
        let launcher = sys.getpid().unwrap();
        block_usr1(&sys).unwrap();
        match sys.fork().unwrap() {
            Forked::Parent(_) => match sys.sigtimedwait(USR1, None) {
                Ok(_) => 0,
                Err(_) => FAILED,
            },
            Forked::Child => {
                write_pid_file(&sys).unwrap();
                let _ = tell(&sys, launcher);
                serve(&sys)
            }
        }
    }
    fn right(sys: Sys) -> i32 {
        let launcher = sys.getpid().unwrap();
        block_usr1(&sys).unwrap();
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
                let _ = tell(&sys, launcher);
                let _ = sys.write(write.raw(), b"1");
                serve(&sys)
            }
        }
    }
    fn stranger(sys: Sys) -> i32 {
        // The launcher's PID, for which it need not look: it is a small machine.
        let launcher = Pid::from_raw(sys.getpid().unwrap().as_raw() - 1);
        let _ = sys.kill(KillTarget::Process(launcher), Some(Signal::USR1));
        0
    }
    Mistake {
        test: "signals::a_signal_whose_sender_is_not_checked",
        config: |_| {
            Config::new()
                .no_faults()
                .with("stranger", Start::default(), stranger)
                .invariants([
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
