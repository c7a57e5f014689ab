//! Small programs on the simulated kernel, explored.

use std::sync::Arc;

use daemonlab::explore::strategy::Dfs;
use daemonlab::explore::{Bounds, Config, Explorer, OnFailure, Report, Timers};
use daemonlab::sim::{Actor, Facts, Faults, Invariant, Scene, Setup, Simulation, Start, Sys};
use daemonlab::sys::records::{Disposition, Ended, Lock, MaskHow, WaitFor, WaitMode};
use daemonlab::sys::*;

fn simulation(
    program: impl Fn(Sys) -> i32 + Send + Sync + 'static,
    holds: impl Fn(&Facts<'_>) -> std::result::Result<(), String> + Send + Sync + 'static,
) -> Simulation {
    Simulation::new(Setup {
        scene: Scene::new(),
        actors: vec![Actor {
            program: Arc::new(program),
            start: Start::default(),
            faults: Faults::NONE,
        }],
        time: Timers::WhenIdle,
        hang_up: false,
        invariants: vec![Invariant::new("it holds", holds)],
    })
}

fn launcher_exits_0(facts: &Facts<'_>) -> std::result::Result<(), String> {
    match facts.launcher() {
        Some(Ended::Exited(0)) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

fn explore(simulation: Simulation) -> Report {
    let mut dfs = Dfs::new(Bounds::default());
    let config = Config {
        on_failure: OnFailure::GoOn,
        ..Config::default()
    };
    let report = Explorer::new(simulation, config).explore(&mut dfs);
    println!("{report}");
    report
}

#[test]
fn a_fork_returns_twice() {
    let report = explore(simulation(
        |sys| match sys.fork().unwrap() {
            Forked::Parent(child) => {
                let waited = sys.wait(WaitFor::Pid(child), WaitMode::Block).unwrap();
                assert_eq!(waited.unwrap().end, Ended::Exited(7));
                0
            }
            Forked::Child => sys.exit(7),
        },
        launcher_exits_0,
    ));
    assert!(report.is_clean() && report.complete, "{report}");
}

#[test]
fn a_handler_that_runs_before_the_wait_is_lost() {
    let report = explore(simulation(
        |sys| {
            let parent = sys.getpid().unwrap();
            sys.sigaction(Signal::USR1, Disposition::Interrupt).unwrap();
            match sys.fork().unwrap() {
                Forked::Parent(_) => {
                    let woken = sys.poll(&[], None, None);
                    assert_eq!(woken, Err(Errno::EINTR));
                    0
                }
                Forked::Child => {
                    sys.kill(records::KillTarget::Process(parent), Some(Signal::USR1))
                        .unwrap();
                    0
                }
            }
        },
        launcher_exits_0,
    ));
    assert_eq!(report.failures.len(), 1, "{report}");
    assert_eq!(report.failures[0].failure.evidence, "None");
}

#[test]
fn a_signal_that_is_blocked_before_the_fork_is_not_lost() {
    let report = explore(simulation(
        |sys| {
            let parent = sys.getpid().unwrap();
            let usr1 = SignalSet::EMPTY.with(Signal::USR1);
            sys.sigmask(MaskHow::Block, usr1).unwrap();
            match sys.fork().unwrap() {
                Forked::Parent(child) => {
                    let info = sys.sigtimedwait(usr1, None).unwrap();
                    assert_eq!(info.pid, child);
                    0
                }
                Forked::Child => {
                    sys.kill(records::KillTarget::Process(parent), Some(Signal::USR1))
                        .unwrap();
                    0
                }
            }
        },
        launcher_exits_0,
    ));
    assert!(report.is_clean() && report.complete, "{report}");
}

#[test]
fn a_panic_is_an_outcome() {
    let report = explore(simulation(|_| panic!("on purpose"), |_| Ok(())));
    assert_eq!(report.failures.len(), 1);
    assert!(
        report.failures[0].failure.evidence.contains("on purpose"),
        "{report}"
    );
}

#[test]
fn a_program_that_does_not_repeat_itself_is_told() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let counter = AtomicU32::new(0);
    let report = explore(simulation(
        move |sys| {
            if counter.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
                sys.getpid().unwrap();
            } else {
                sys.getppid().unwrap();
            }
            let _ = sys.fork();
            0
        },
        |_| Ok(()),
    ));
    assert!(!report.is_clean());
    let told = report.to_string();
    assert!(told.contains("getppid()"), "{told}");
}

/// Both are one inode (flock(2)).
#[test]
fn the_ends_of_a_pipe_compete_for_a_lock() {
    let report = explore(simulation(
        |sys| {
            let (out, into) = sys.pipe().unwrap();
            sys.flock(out.raw(), Lock::Exclusive).unwrap();
            let second = sys.flock(into.raw(), Lock::Exclusive);
            i32::from(second != Err(Errno::EWOULDBLOCK))
        },
        launcher_exits_0,
    ));
    assert!(report.is_clean() && report.complete, "{report}");
}

/// pipe_write in fs/pipe.c: small writes go to the last page while they fit.
#[test]
fn a_pipe_that_is_full_takes_what_fits_on_its_last_page() {
    let report = explore(simulation(
        |sys| {
            let (_out, into) = sys.pipe().unwrap();
            let most = sys.write(into.raw(), &[0; 15 * 4096 + 1]).unwrap();
            let one_more = sys.write(into.raw(), b"a");
            i32::from((most, one_more) != (15 * 4096 + 1, Ok(1)))
        },
        launcher_exits_0,
    ));
    assert!(report.is_clean() && report.complete, "{report}");
}
