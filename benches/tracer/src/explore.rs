//! Starts of a small daemon under one order after another, from a warm
//! sandbox: what each takes, beside plain starts under strace that have as many
//! CPUs.

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};
use nix::unistd::Pid;

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

/// A start by turns on all CPUs, as anybody has it who starts one at a time, beside
/// an exploration on one CPU that has its next sandbox made on another.
const WARM: &str = "an execution of `daemonlab explore --jobs 1`";

/// Both with one CPU for all that they do.
const PEER_ON_ONE: &str = "a start, strace -f, on one CPU";
const ON_ONE: &str = "an execution of `daemonlab explore`, on one CPU";

/// Both with all CPUs, and as many at a time.
const PEER_ON_ALL: &str = "a start, strace -f, as many at a time as CPUs";
const ON_ALL: &str = "an execution of `daemonlab explore`, on all CPUs";

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
    let start = || drop(programs.strace(&[], "start", &file));
    let starts = || (0..STARTS).for_each(|_| start());
    let subjects: Vec<Subject<'_>> = vec![
        (PEER, Box::new(|| timed(starts) / STARTS)),
        (
            WARM,
            Box::new(|| execution(daemonlab, programs, &["--jobs", "1"])),
        ),
        (
            PEER_ON_ONE,
            Box::new(|| on_one_cpu(|| timed(starts) / STARTS)),
        ),
        (
            ON_ONE,
            Box::new(|| on_one_cpu(|| execution(daemonlab, programs, &[]))),
        ),
        (PEER_ON_ALL, Box::new(|| at_once(programs))),
        (ON_ALL, Box::new(|| execution(daemonlab, programs, &[]))),
    ];
    let times = interleaved(few, subjects);
    let pairs = [(WARM, PEER), (ON_ONE, PEER_ON_ONE), (ON_ALL, PEER_ON_ALL)];
    table.add(&times, &pairs.map(|(own, peer)| (own, peer, 0.5)));
}

/// What a start takes where as many are made at a time as there are CPUs.
fn at_once(programs: &Programs) -> Duration {
    let cpus = thread::available_parallelism().map_or(1, NonZero::get) as u32;
    let all = timed(|| {
        thread::scope(|scope| {
            for cpu in 0..cpus {
                scope.spawn(move || {
                    let file = programs.path(&format!("start.{cpu}.pid"));
                    let file = file.to_string_lossy();
                    for _ in 0..STARTS {
                        programs.strace(&[], "start", &file);
                    }
                });
            }
        });
    });
    all / (cpus * STARTS)
}

/// Does something on the CPU that this runs on, with all that it starts.
fn on_one_cpu<T>(work: impl FnOnce() -> T) -> T {
    let own = Pid::from_raw(0);
    let before = sched_getaffinity(own).expect("it can be asked");
    let mut one = CpuSet::new();
    let here = sched_getcpu().expect("it can be asked");
    one.set(here).expect("it is there");
    sched_setaffinity(own, &one).expect("it is allowed here");
    let done = work();
    sched_setaffinity(own, &before).expect("it was allowed there before");
    done
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
