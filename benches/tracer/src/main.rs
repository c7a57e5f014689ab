//! Prints one table: what tracing, injecting and exploring cost beside
//! strace. `bench DAEMONLAB [ROUNDS [SUBJECT...]]`; `run.sh` builds both and
//! calls it.
//!
//! - `programs`: what is traced;
//! - `inject`: a call that fails by a fault;
//! - `start`: whole starts of a small daemon, traced and not;
//! - `explore`: starts under one order after another;
//! - `rounds`, `table`: those of the benchmark beside this one.

mod explore;
mod inject;
mod programs;
#[path = "../../peers/src/bench/rounds.rs"]
mod rounds;
mod start;
#[path = "../../peers/src/bench/table.rs"]
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use daemonlab_harness::world::real::helper_main;

/// What can be measured alone.
const SUBJECTS: [&str; 3] = ["inject", "start", "explore"];

fn main() -> ExitCode {
    // Sandboxes are made by this executable under another name.
    if let Some(status) = helper_main() {
        return status;
    }
    let mut arguments = std::env::args_os().skip(1);
    let Some(daemonlab) = arguments.next().map(PathBuf::from) else {
        eprintln!(
            "usage: bench DAEMONLAB [ROUNDS [{}]...]",
            SUBJECTS.join("|")
        );
        return ExitCode::from(2);
    };
    let daemonlab = daemonlab
        .canonicalize()
        .unwrap_or_else(|error| panic!("daemonlab: {error}"));
    let count = arguments.next().map_or(50, |count| {
        count.to_string_lossy().parse().expect("ROUNDS is a number")
    });
    let wanted: Vec<String> = arguments
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !SUBJECTS.contains(&name.as_str()))
    {
        eprintln!("{unknown} is none of {}", SUBJECTS.join(", "));
        return ExitCode::from(2);
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let programs = programs::Programs::compile();
    let mut table = table::Table::default();
    let load = || std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    table.note("load at the beginning".to_owned(), load(), String::new());
    if is_wanted("inject") {
        inject::measure(&programs, count, &mut table);
    }
    if is_wanted("start") {
        start::measure(&programs, count, &mut table);
    }
    if is_wanted("explore") {
        explore::measure(&daemonlab, &programs, count, &mut table);
    }
    table.note("load at the end".to_owned(), load(), String::new());
    table.print();
    ExitCode::SUCCESS
}
