//! Signals that are not permitted yet, and how often they are tried.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use daemonlab::explore::strategy::Dpor;
use daemonlab::explore::{Bounds, ENDLESS, Explorer, Next, Timers};
use daemonlab::sim::check::{Config, check};
use daemonlab::sim::{Faults, Program, Sys, invariants};
use daemonlab::sys::*;

use crate::mistake::Mistake;
use crate::parts::*;

/// The pause after EPERM.
const PAUSE: Duration = Duration::from_millis(100);

/// Starts a daemon that becomes the user and tells the launcher, which gives
/// up root so that it may.
fn start(sys: &Sys, tells: impl Fn(&Sys, Pid) -> Result<()>) -> i32 {
    let user = Some(Uid::from_raw(USER));
    let launcher = sys.getpid().unwrap();
    block_usr1(sys).unwrap();
    match sys.fork() {
        Err(_) => FAILED,
        Ok(Forked::Parent(_)) => {
            if sys.setresuid(user, user, user).is_err() {
                return FAILED;
            }
            match sys.sigtimedwait(USR1, Some(seconds(600))) {
                Ok(_) => 0,
                Err(_) => TIMED_OUT,
            }
        }
        Ok(Forked::Child) => {
            let told = sys
                .setresuid(user, user, user)
                .and_then(|()| tells(sys, launcher));
            match told {
                Ok(()) => serve(sys),
                Err(_) => FAILED,
            }
        }
    }
}

/// Tries again while it is not permitted, for so many pauses.
fn patiently(sys: &Sys, launcher: Pid, pauses: u32) -> Result<()> {
    for _ in 0..pauses {
        match tell(sys, launcher) {
            Err(Errno::EPERM) => sys.poll(&[], Some(PAUSE), None)?,
            answer => return answer,
        };
    }
    tell(sys, launcher)
}

/// The launcher is gone, which no patience can mend; the daemon tries for ever.
#[test]
fn a_retry_on_any_errno() {
    fn wrong(sys: Sys) -> i32 {
        start(&sys, |sys, launcher| {
            while tell(sys, launcher).is_err() {
                let _ = sys.poll(&[], Some(PAUSE), None);
            }
            Ok(())
        })
    }
    fn right(sys: Sys) -> i32 {
        start(&sys, |sys, launcher| patiently(sys, launcher, 10))
    }
    Mistake {
        test: "retry::a_retry_on_any_errno",
        config: |_| {
            let kill = Faults {
                kill: true,
                ..Faults::NONE
            };
            Config::new().faults(1, kill).steps(200)
        },
        breaks: ENDLESS,
        wrong,
        right,
    }
    .prove();
}

/// The launcher has not given up root yet, and the daemon's only try meets
/// EPERM.
#[test]
fn no_retry() {
    fn wrong(sys: Sys) -> i32 {
        start(&sys, tell)
    }
    fn right(sys: Sys) -> i32 {
        start(&sys, |sys, launcher| patiently(sys, launcher, 600))
    }
    Mistake {
        test: "retry::no_retry",
        config: |_| Config::new().no_faults().invariant(comes_through()),
        breaks: COMES_THROUGH,
        wrong,
        right,
    }
    .prove();
}

/// Becomes the user, and meets EPERM so many times and once more.
fn never_permitted<const PAUSES: u32>(sys: Sys) -> i32 {
    let user = Some(Uid::from_raw(USER));
    let init = Pid::from_raw(1);
    let told = sys
        .setresuid(user, user, user)
        .and_then(|()| patiently(&sys, init, PAUSES));
    match told {
        Ok(()) => 0,
        Err(_) => FAILED,
    }
}

fn impatient() -> Config {
    Config::new().invariant(invariants::launcher_ends())
}

/// A loop of 600 rounds takes no more executions than one of 10.
#[test]
fn a_retry_loop_does_not_explode() {
    let few = check(impatient(), never_permitted::<10>);
    let many = check(impatient(), never_permitted::<600>);
    println!("{few}\n{many}");
    assert_eq!(few.executions(), many.executions());
    assert!(many.is_complete());
    let tried = many.searches.last().expect("there was a search");
    assert!(tried.denied.rounds, "{many}");
    assert!(tried.longest > 1_200, "{many}");
}

/// What strikes does so in the first three rounds and in the last: the time at
/// which a SIGKILL has struck tells the round.
#[test]
fn of_a_retry_loop_the_first_three_rounds_and_the_last_are_struck() {
    let program: Program = Arc::new(never_permitted::<600>);
    let kill = Faults {
        kill: true,
        ..Faults::NONE
    };
    let simulation = impatient().faults(1, kill).simulation(&program);
    let started = simulation.facts().machine().clock();
    let bounds = Bounds {
        faults: Some(1),
        rounds: Some(3),
        timers: Timers::WhenIdle,
        ..Bounds::default()
    };
    let mut struck = BTreeSet::new();
    let mut search = Dpor::new(bounds);
    let report =
        Explorer::new(simulation, Default::default()).explore_and(&mut search, |simulation, _| {
            let facts = simulation.facts();
            if facts.killed_from_outside().next().is_some() {
                let passed = facts.machine().clock() - started;
                struck.insert(passed.as_millis() / PAUSE.as_millis());
            }
            Next::GoOn
        });
    assert!(report.complete, "{report}");
    assert_eq!(struck.into_iter().collect::<Vec<_>>(), [0, 1, 2, 599, 600]);
}
