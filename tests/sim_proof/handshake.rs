//! One start, by itself.

use daemonlab::daemon::{LauncherWaits, Settings, exit_code};
use daemonlab::explore::TaskName;
use daemonlab::sim::check::Config;
use daemonlab::sim::{Invariant, invariants};
use daemonlab::sys::records::Ended;
use rstest::rstest;

use crate::proof::{every_single_fault, prove, without_faults};
use crate::start::{self, MEMBER, PID_FILE, STATUS, Then, USER, as_user, settings};

/// The contract of a start: the rules of a daemon, nothing left behind in the
/// PID file's directory, and, with a user, no privilege left.
pub fn contract(settings: &Settings) -> Config {
    let config = Config::new()
        .scene(start::scene())
        .role("0.1", "intermediate")
        .role("0.1.1", "daemon")
        .invariants([
            invariants::launcher_ends(),
            invariants::truthful_exit(PID_FILE).or(it_says_who_is_left()),
            invariants::no_stray_process().or(it_says_who_is_left()),
            invariants::no_partial_pid_file(PID_FILE),
            invariants::pid_file_tells_the_truth(PID_FILE),
            invariants::detached(),
            launcher_comes_to(&exit_codes()),
        ]);
    match settings.user {
        None => config,
        Some(_) => config.invariant(invariants::no_privilege_left(USER, USER, &[USER, MEMBER])),
    }
}

/// Where the kernel will not let a process be ended (kill(2) that fails for
/// good), the launcher names it on stderr.
fn it_says_who_is_left() -> Invariant {
    Invariant::new("the launcher names who is left", |facts| {
        if let Some(Ended::Exited(0)) = facts.launcher() {
            return Err("the launcher exits with 0".to_owned());
        }
        let said = facts.terminal_output();
        let started = |task: TaskName| task.to_string().starts_with("0.");
        for (task, process) in facts.alive().filter(|(task, _)| started(*task)) {
            if !said.contains(&format!("PID {}", process.pid)) {
                return Err(format!("it says {said:?}, and {task} is left"));
            }
        }
        Ok(())
    })
}

fn exit_codes() -> Vec<i32> {
    let mut codes: Vec<i32> = (exit_code::USAGE..=exit_code::UPGRADE).collect();
    codes.extend([exit_code::READY, STATUS]);
    codes
}

/// The launcher's status is one of these, unless a signal has ended it.
pub fn launcher_comes_to(statuses: &[i32]) -> Invariant {
    let statuses = statuses.to_vec();
    Invariant::new(
        "the launcher's status is a documented one",
        move |facts| match facts.launcher() {
            Some(Ended::Exited(status)) if !statuses.contains(&status) => {
                Err(format!("the launcher exits with {status}"))
            }
            _ => Ok(()),
        },
    )
}

/// Without a fault the start comes through with this status and no other.
fn always(config: Config, status: i32) -> Config {
    config.invariant(
        launcher_comes_to(&[status]).called(format!("without a fault the status is {status}")),
    )
}

#[rstest]
#[case::detached(settings(LauncherWaits::ForDetached), 1)]
#[case::detached_user(as_user(LauncherWaits::ForDetached), 1)]
#[case::ready(settings(LauncherWaits::ForReady), 2)]
#[case::ready_user(as_user(LauncherWaits::ForReady), 1)]
fn it_comes_through(#[case] settings: Settings, #[case] preemptions: u32) {
    let program = start::program(settings.clone(), Then::Serves);
    let config = contract(&settings);
    without_faults(&always(config.clone(), exit_code::READY), program.clone());
    every_single_fault(&config, preemptions, program);
}

#[rstest]
#[case::fails(Then::Fails, STATUS)]
#[case::dies(Then::Dies, exit_code::DIED_EARLY)]
fn an_early_end(
    #[values(settings(LauncherWaits::ForReady), as_user(LauncherWaits::ForReady))]
    settings: Settings,
    #[case] then: Then,
    #[case] status: i32,
) {
    let program = start::program(settings.clone(), then);
    let config = contract(&settings);
    without_faults(&always(config.clone(), status), program.clone());
    every_single_fault(&config, 1, program);
}

/// 600 seconds, as they are.
#[rstest]
#[case::alone(settings(LauncherWaits::ForReady))]
#[case::user(as_user(LauncherWaits::ForReady))]
fn a_timeout(#[case] settings: Settings) {
    let program = start::program(settings.clone(), Then::Hangs);
    let config = contract(&settings);
    without_faults(
        &always(config.clone(), exit_code::TIMED_OUT),
        program.clone(),
    );
    every_single_fault(&config, 1, program);
}

/// The daemon's signal is never permitted: 60 seconds of trying, and the start
/// has failed.
#[test]
fn the_window_of_eperm_passes() {
    let settings = settings(LauncherWaits::ForReady);
    let program = start::program(settings.clone(), Then::NeverPermitted);
    let config = always(contract(&settings), exit_code::NOTIFY);
    without_faults(&config, program);
}

/// A window of six rounds, of which the first three and the last are struck.
#[test]
fn the_window_of_eperm_and_every_single_fault() {
    let settings = Settings {
        notify_timeout: std::time::Duration::from_millis(600),
        ..settings(LauncherWaits::ForReady)
    };
    let program = start::program(settings.clone(), Then::NeverPermitted);
    prove(&contract(&settings), 1, program);
}
