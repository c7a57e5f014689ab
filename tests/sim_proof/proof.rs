//! What it takes to prove a scenario.

use std::env;

use daemonlab::sim::check::{Config, check};
use daemonlab::sim::{Faults, Sys};

/// Explores a scenario without faults in every order, and with every single
/// fault in every order of at most so many preemptions.
pub fn prove(
    config: &Config,
    preemptions: u32,
    program: impl Fn(Sys) -> i32 + Send + Sync + Clone + 'static,
) {
    without_faults(config, program.clone());
    every_single_fault(config, preemptions, program);
}

/// Every order.
pub fn without_faults(
    config: &Config,
    program: impl Fn(Sys) -> i32 + Send + Sync + Clone + 'static,
) {
    claim(config.clone().no_faults(), program);
}

/// Every single fault.
pub fn every_single_fault(
    config: &Config,
    preemptions: u32,
    program: impl Fn(Sys) -> i32 + Send + Sync + Clone + 'static,
) {
    let config = config.clone().faults(1, Faults::ALL);
    claim(
        match is_full() {
            true => config.budget(100_000_000),
            false => config.preemptions(preemptions),
        },
        program,
    );
}

/// Whether all is asked for, however long it takes.
pub fn is_full() -> bool {
    env::var_os("DAEMONLAB_PROOF").is_some_and(|proof| proof == "full")
}

/// It holds, and everything within the bounds was tried.
pub fn claim(config: Config, program: impl Fn(Sys) -> i32 + Send + Sync + Clone + 'static) {
    let report = check(config, program);
    println!("{report}");
    assert!(report.is_complete(), "{report}");
}
