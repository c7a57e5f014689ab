//! How many schedules a second, and how long until there are none left.
//!
//! `explore-bench [ROUNDS]` runs every arm once a round, so that whatever else
//! the machine does falls on all of them alike, and prints the medians.

#[path = "../../../tests/handshake/mod.rs"]
mod handshake;
mod shuttle_handshake;
mod toy;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use daemonlab::explore::strategy::{Dfs, Dpor, Pct, Random, Strategy};
use daemonlab::explore::{Bounds, Config, Explorer, Model, Timers};
use daemonlab::sim::Faults;
use handshake::{handshake, with_user_and_log};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use toy::{Counters, Toy};

/// What one run of an arm has come to.
struct Run {
    schedules: u64,
    /// Whether there were none left.
    finished: bool,
    took: Duration,
}

struct Arm {
    toy: String,
    name: &'static str,
    run: Box<dyn Fn() -> Run>,
    runs: Vec<Run>,
}

fn main() {
    let rounds = std::env::args().nth(1).map_or(7, |rounds| rounds.parse().expect("a number"));
    let mut arms = arms();
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for arm in &mut arms {
            let run = (arm.run)();
            arm.runs.push(run);
        }
    }
    println!("| what | search | schedules | finished | median time | schedules a second | from to |");
    println!("|---|---|--:|---|--:|--:|--:|");
    for arm in &mut arms {
        arm.runs.sort_by_key(|run| run.took);
        let rate = |run: &Run| run.schedules as f64 / run.took.as_secs_f64();
        let median = &arm.runs[arm.runs.len() / 2];
        println!(
            "| {} | {} | {} | {} | {:.3?} | {:.0} | {:.0} to {:.0} |",
            arm.toy,
            arm.name,
            median.schedules,
            match (arm.name.ends_with("dfs"), median.finished) {
                (_, true) => "yes",
                (true, false) => "no",
                (false, false) => "-",
            },
            median.took,
            rate(median),
            rate(&arm.runs[arm.runs.len() - 1]),
            rate(&arm.runs[0]),
        );
    }
}

/// How many executions a random search gets.
const DRAWS: u64 = 20_000;

fn arms() -> Vec<Arm> {
    let mut arms = Vec::new();
    for (counters, adds) in [
        (Counters::Shared, 4),
        (Counters::Shared, 6),
        (Counters::Shared, 8),
        (Counters::Own, 6),
    ] {
        let which = match counters {
            Counters::Shared => "one counter",
            Counters::Own => "two counters",
        };
        let toy = format!("2 tasks, k = {adds}, {which}");
        let mut arm = |name, run: Box<dyn Fn() -> Run>| {
            arms.push(Arm {
                toy: toy.clone(),
                name,
                run,
                runs: Vec::new(),
            });
        };
        let bounds = Bounds::default();
        arm("daemonlab dfs", Box::new(move || ours(counters, adds, Dfs::new(bounds))));
        if adds <= 6 {
            arm("shuttle dfs", Box::new(move || {
                on_shuttle(counters, adds, DfsScheduler::new(None, false))
            }));
        }
        arm("daemonlab dpor", Box::new(move || ours(counters, adds, Dpor::new(bounds))));
        if adds <= 5 || counters == Counters::Own {
            arm("loom", Box::new(move || on_loom(counters, adds)));
        }
        arm("daemonlab random", Box::new(move || {
            ours(counters, adds, Random::new(1, DRAWS, bounds))
        }));
        arm("shuttle random", Box::new(move || {
            on_shuttle(counters, adds, RandomScheduler::new_from_seed(1, DRAWS as usize))
        }));
        arm("daemonlab pct", Box::new(move || {
            ours(counters, adds, Pct::new(1, 3, DRAWS, bounds))
        }));
        arm("shuttle pct", Box::new(move || {
            on_shuttle(counters, adds, PctScheduler::new_from_seed(1, 3, DRAWS as usize))
        }));
    }
    handshake_arms(&mut arms);
    arms
}

/// How many executions shuttle gets for the handshake.
const MOST: usize = 200_000;

fn handshake_arms(arms: &mut Vec<Arm>) {
    let bounds = Bounds {
        timers: Timers::WhenIdle,
        rounds: Some(3),
        ..Bounds::default()
    };
    let mut arm = |what: &str, name, run: Box<dyn Fn() -> Run>| {
        arms.push(Arm {
            toy: what.to_owned(),
            name,
            run,
            runs: Vec::new(),
        });
    };
    arm("handshake, every call", "daemonlab dpor", Box::new(move || {
        explored(handshake(with_user_and_log(), Faults::NONE), Dpor::new(bounds))
    }));
    let two = Bounds {
        preemptions: Some(2),
        ..bounds
    };
    arm("handshake, every call, 2 preemptions", "daemonlab dfs", Box::new(move || {
        explored(handshake(with_user_and_log(), Faults::NONE), Dfs::new(two))
    }));
    arm("handshake, what conflicts alone", "shuttle dfs", Box::new(|| {
        let start = Instant::now();
        let scheduler = DfsScheduler::new(Some(MOST), false);
        let runner = shuttle::Runner::new(scheduler, shuttle::Config::new());
        let schedules = runner.run(shuttle_handshake::start);
        Run {
            schedules: schedules as u64,
            finished: schedules < MOST,
            took: start.elapsed(),
        }
    }));
}

fn ours(counters: Counters, adds: u32, strategy: impl Strategy) -> Run {
    explored(Toy::new(counters, adds), strategy)
}

fn explored(model: impl Model, mut strategy: impl Strategy) -> Run {
    let start = Instant::now();
    let report = Explorer::new(model, Config::default()).explore(&mut strategy);
    assert!(report.is_clean(), "{report}");
    Run {
        schedules: report.executions + report.abandoned,
        finished: report.complete,
        took: start.elapsed(),
    }
}

fn on_shuttle(counters: Counters, adds: u32, scheduler: impl Scheduler + 'static) -> Run {
    // Its random searches draw what they were given.
    let draws = DRAWS as usize;
    let start = Instant::now();
    let runner = shuttle::Runner::new(scheduler, shuttle::Config::new());
    let schedules = runner.run(move || toy::on_shuttle(counters, adds));
    Run {
        schedules: schedules as u64,
        finished: schedules != draws,
        took: start.elapsed(),
    }
}

fn on_loom(counters: Counters, adds: u32) -> Run {
    let schedules = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let count = schedules.clone();
    loom::model(move || {
        count.fetch_add(1, Ordering::Relaxed);
        toy::on_loom(counters, adds);
    });
    Run {
        schedules: schedules.load(Ordering::Relaxed),
        finished: true,
        took: start.elapsed(),
    }
}
