//! What becomes of a start that takes too long.

use daemonlab::sim::check::Config;
use daemonlab::sim::{Sys, invariants};
use daemonlab::sys::records::{KillTarget, WaitFor, WaitMode};
use daemonlab::sys::*;

use crate::mistake::Mistake;
use crate::parts::*;

/// Starts a daemon that takes as long as it takes, and waits for it.
fn start(sys: &Sys, late: impl Fn(&Sys, Pid) -> i32) -> i32 {
    let launcher = sys.getpid().unwrap();
    block_usr1(sys).unwrap();
    match sys.fork().unwrap() {
        Forked::Parent(daemon) => match sys.sigtimedwait(USR1, Some(seconds(600))) {
            Ok(_) => 0,
            Err(_) => late(sys, daemon),
        },
        Forked::Child => {
            // It reads a large cache.
            let _ = sys.poll(&[], Some(seconds(900)), None);
            if write_pid_file(sys).is_err() {
                return FAILED;
            }
            let _ = tell(sys, launcher);
            serve(sys)
        }
    }
}

fn ends_it(sys: &Sys, daemon: Pid) -> i32 {
    let _ = sys.kill(KillTarget::Process(daemon), Some(Signal::KILL));
    let _ = sys.wait(WaitFor::Pid(daemon), WaitMode::Block);
    TIMED_OUT
}

fn right(sys: Sys) -> i32 {
    start(&sys, ends_it)
}

/// "It will be ready soon": the service manager starts what depends on it.
#[test]
fn a_timeout_that_exits_with_0() {
    fn wrong(sys: Sys) -> i32 {
        start(&sys, |_, _| 0)
    }
    Mistake {
        test: "timeout::a_timeout_that_exits_with_0",
        config: |_| {
            Config::new()
                .no_faults()
                .invariant(invariants::truthful_exit(PID_FILE))
        },
        breaks: "the launcher's exit status tells the truth",
        wrong,
        right,
    }
    .prove();
}

/// The start has failed, the next one begins, and the first daemon runs on.
#[test]
fn an_orphan_after_a_timeout() {
    fn wrong(sys: Sys) -> i32 {
        start(&sys, |_, _| TIMED_OUT)
    }
    Mistake {
        test: "timeout::an_orphan_after_a_timeout",
        config: |_| {
            Config::new()
                .no_faults()
                .invariant(invariants::no_stray_process())
        },
        breaks: "no process is left astray",
        wrong,
        right,
    }
    .prove();
}
