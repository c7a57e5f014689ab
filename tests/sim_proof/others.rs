//! A start among others.

use daemonlab::daemon::LauncherWaits;
use daemonlab::explore::TaskName;
use daemonlab::sim::check::{Config, Search, check};
use daemonlab::sim::{Faults, Invariant, Start, Sys, invariants};
use daemonlab::sys::records::{Ended, KillTarget};
use daemonlab::sys::{Forked, Pid, Process, Signal, Signals};
use rstest::rstest;

use crate::handshake::contract;
use crate::proof::{claim, every_single_fault, is_full, without_faults};
use crate::start::{self, Then, as_user, serve, settings};

/// Sends SIGUSR1 to the launcher, at any time.
fn stranger(sys: Sys) -> i32 {
    // It is a small machine: the launcher came just before.
    let launcher = Pid::from_raw(sys.getpid().unwrap().as_raw() - 1);
    let _ = sys.kill(KillTarget::Process(launcher), Some(Signal::USR1));
    0
}

/// It decides nothing: neither is it taken for the daemon's nor does the
/// daemon's drown in it.
#[rstest]
#[case::comes_through(Then::Serves)]
#[case::never_ready(Then::Hangs)]
fn a_stranger_sends_sigusr1(#[case] then: Then) {
    let settings = settings(LauncherWaits::ForReady);
    let program = start::program(settings.clone(), then);
    let config = contract(&settings).with("stranger", Start::default(), stranger);
    let same = Invariant::new(
        "without a stranger's word it would be the same",
        move |facts| {
            match (facts.launcher(), then) {
                // Before it was blocked.
                (Some(Ended::Killed(Signal::USR1)), _) => Ok(()),
                (Some(Ended::Exited(0)), Then::Serves) => Ok(()),
                (Some(Ended::Exited(75)), Then::Hangs) => Ok(()),
                (end, _) => Err(format!("the launcher: {end:?}")),
            }
        },
    );
    without_faults(&config.clone().invariant(same), program.clone());
    every_single_fault(&config, 0, program);
}

/// Two starts at once: one comes through, the other is refused.
#[test]
fn a_second_start() {
    let settings = settings(LauncherWaits::ForDetached);
    let program = start::program(settings.clone(), Then::Serves);
    let one_of_two = Invariant::new("one start comes through and one is refused", |facts| {
        let ends = [0, 1].map(|number| facts.end(TaskName::first(number)));
        match ends {
            [Some(Ended::Exited(0)), Some(Ended::Exited(69))]
            | [Some(Ended::Exited(69)), Some(Ended::Exited(0))] => Ok(()),
            _ => Err(format!("the launchers: {ends:?}")),
        }
    });
    let config = Config::new()
        .scene(start::scene())
        .invariant(invariants::at_most_one_daemon(&[0, 1]))
        .invariant(invariants::no_partial_pid_file(start::PID_FILE))
        .with("second launcher", Start::default(), program.clone());
    // Two starts have too many orders for all of them: those with one
    // preemption, and some with any number.
    let plain = config.clone().no_faults().invariant(one_of_two);
    let drawn = plain.clone().search(Search::Pct {
        seed: 1,
        depth: 4,
        executions: 5_000,
    });
    claim(plain.preemptions(1), program.clone());
    println!("{}", check(drawn, program.clone()));
    // And one of them, whoever, is killed at any time.
    let kill = Faults {
        kill: true,
        ..Faults::NONE
    };
    let drawn = config.clone().faults(1, kill).search(Search::Pct {
        seed: 2,
        depth: 3,
        executions: 5_000,
    });
    println!("{}", check(drawn, program.clone()));
    let faults = if is_full() { Faults::ALL } else { kill };
    claim(config.faults(1, faults).preemptions(0), program);
}

/// Somebody starts processes all the while, on a machine with six PIDs. None of
/// them is ever taken for the intermediate or the daemon.
#[rstest]
#[case::timeout(Then::Hangs)]
#[case::death(Then::Dies)]
fn pids_are_used_again(#[case] then: Then) {
    fn crowd(sys: Sys) -> i32 {
        for _ in 0..2 {
            if let Ok(Forked::Child) = sys.fork() {
                serve(&sys);
            }
        }
        serve(&sys)
    }
    let settings = as_user(LauncherWaits::ForReady);
    let program = start::program(settings.clone(), then);
    let unharmed = |name: &str| {
        let task = name.parse().unwrap();
        invariants::unharmed(task).called(format!("the bystander {name} is unharmed"))
    };
    let config = contract(&settings)
        .scene(start::scene().pids(1000, 1005))
        .with("crowd", Start::default(), crowd)
        .invariants(["1", "1.1", "1.2"].map(unharmed));
    without_faults(&config, program.clone());
    every_single_fault(&config, 0, program);
}
