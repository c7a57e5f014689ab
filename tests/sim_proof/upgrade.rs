//! An upgrade, beside the instance that it is to take over from.

use daemonlab::daemon::{LauncherWaits, Mode, Settings};
use daemonlab::explore::TaskName;
use daemonlab::sim::check::Config;
use daemonlab::sim::{Facts, Invariant, Start};
use daemonlab::sys::Signal;
use daemonlab::sys::records::Ended;
use rstest::rstest;

use crate::handshake::contract;
use crate::proof::{claim, every_single_fault};
use crate::start::{self, PID_FILE, Then, settings, upgrade};

/// The old instance, which runs in the foreground.
const OLD: TaskName = TaskName::first(1);

fn names(facts: &Facts<'_>, path: &str) -> Option<i32> {
    let text = String::from_utf8(facts.file(path)?.content).ok()?;
    text.trim().parse().ok()
}

fn was_killed(facts: &Facts<'_>) -> bool {
    let daemon = "0.1.1".parse().expect("the daemon's name");
    matches!(facts.end(daemon), Some(Ended::Killed(Signal::KILL)))
}

/// An upgrade that has failed has taken nothing from the old instance: it
/// lives, and the PID file names it.
fn the_old_instance_loses_nothing() -> Invariant {
    Invariant::new(
        "a failed upgrade takes nothing from the old instance",
        |facts| {
            let old = facts.alive().find(|(task, _)| *task == OLD);
            let new = facts.alive().find(|(task, _)| *task != OLD);
            match (old, new, facts.launcher()) {
                // A launcher that is killed while it sweeps up after a daemon that
                // it has killed leaves nobody who could.
                (Some(_), None, Some(Ended::Killed(_))) if was_killed(facts) => Ok(()),
                (Some((_, old)), None, Some(Ended::Exited(1..) | Ended::Killed(_))) => {
                    match names(facts, PID_FILE) {
                        Some(pid) if pid == old.pid => Ok(()),
                        // The directory is denied to the launcher: it says so.
                        _ if facts.terminal_output().contains("stays behind") => Ok(()),
                        named => Err(format!(
                            "PID {} lives, and {PID_FILE} names {named:?}; in /run: {:?}",
                            old.pid,
                            facts.names_in("/run")
                        )),
                    }
                }
                _ => Ok(()),
            }
        },
    )
}

fn set_up(
    then: Then,
) -> (
    Config,
    impl Fn(daemonlab::sim::Sys) -> i32 + Send + Sync + Clone,
) {
    let old = Settings {
        mode: Mode::Foreground,
        ..settings(LauncherWaits::ForReady)
    };
    let new = upgrade(settings(LauncherWaits::ForReady));
    let config = contract(&new)
        .with(
            "old instance",
            Start::default(),
            start::program(old, Then::Serves),
        )
        .invariant(the_old_instance_loses_nothing());
    (config, start::program(new, then))
}

#[rstest]
fn an_upgrade(#[values(Then::Serves, Then::Fails, Then::Dies, Then::Hangs)] then: Then) {
    let (config, program) = set_up(then);
    claim(config.clone().no_faults().preemptions(1), program.clone());
    every_single_fault(&config, 0, program);
}
