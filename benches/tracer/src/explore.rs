//! Starts of a small daemon under one order after another, from a warm
//! sandbox: what each takes, beside plain starts under strace.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::programs::Programs;
use super::rounds::{Subject, interleaved, timed};
use super::start::PEER;
use super::table::Table;

/// How many executions a short exploration has, and how many a long one: what
/// the long one takes more is theirs alone, from a sandbox that is warm.
const SHORT: u32 = 100;
const LONG: u32 = 200;

/// How many starts under strace a round has.
const STARTS: u32 = 20;

const EXPLORED: &str = "an execution of `daemonlab explore`, on one CPU";
const SIDE_BY_SIDE: &str = "an execution of `daemonlab explore`, on all CPUs";

const SCENARIO: &str = "\
version: 1
steps:
  - launch: {id: start, command: [\"${target}\", /run/start.pid], within: 30s, expect: {exit: 0}}
";

pub fn measure(daemonlab: &Path, programs: &Programs, rounds: usize, table: &mut Table) {
    let scenario = programs.path("start.yaml");
    fs::write(&scenario, SCENARIO).expect("a file can be written");
    let file = programs.path("start.pid").to_string_lossy().into_owned();
    let few = (rounds / 10).max(3);
    let subjects: Vec<Subject<'_>> = vec![
        (
            PEER,
            Box::new(|| {
                let starts = || (0..STARTS).for_each(|_| drop(programs.strace(&[], "start", &file)));
                timed(starts) / STARTS
            }),
        ),
        (EXPLORED, Box::new(|| execution(daemonlab, programs, &["--jobs", "1"]))),
        (SIDE_BY_SIDE, Box::new(|| execution(daemonlab, programs, &[]))),
    ];
    let times = interleaved(few, subjects);
    table.add(&times, &[(EXPLORED, PEER, 0.5)]);
}

/// What an execution takes.
fn execution(daemonlab: &Path, programs: &Programs, flags: &[&str]) -> Duration {
    let [short, long] = [SHORT, LONG].map(|runs| explored(daemonlab, programs, runs, flags));
    long.saturating_sub(short) / (LONG - SHORT)
}

/// What an exploration of so many executions takes.
fn explored(daemonlab: &Path, programs: &Programs, runs: u32, flags: &[&str]) -> Duration {
    let runs = runs.to_string();
    timed(|| {
        let status = Command::new(daemonlab)
            .args(["explore", "--strategy", "random", "--runs", &runs])
            .args(flags)
            .arg("--target")
            .arg(programs.path("start"))
            .arg("start.yaml")
            .current_dir(programs.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("daemonlab is there").success(), "it holds");
    })
}
