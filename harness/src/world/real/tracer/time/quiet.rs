//! Whether a thread has run since it was looked at last.

use std::time::Duration;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use crate::world::real::proc::record;
use crate::world::real::proc::stat::Stat;

/// Whether a thread is still where it was stopped. One that SIGKILL has taken
/// from there is on its way to its end, which others may wait for.
pub fn stands(tid: i32) -> bool {
    Stat::read(tid).is_some_and(|stat| matches!(stat.state, 't' | 'T'))
}

/// How often a thread has been on a processor and off again
/// (`proc_pid_status(5)`); `None` if it is gone.
pub fn switches(tid: i32) -> Option<u64> {
    let text = record(&format!("/proc/{tid}/status"))?;
    let counts = text
        .lines()
        .filter_map(|line| line.split_once("voluntary_ctxt_switches:"));
    counts
        .map(|(_, count)| count.trim().parse::<u64>().ok())
        .sum()
}

/// How long a process has been on a processor (`clock_getcpuclockid(3)`); `None`
/// if it is gone.
pub fn used(pid: i32) -> Option<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(pid)).ok()?;
    clock_gettime(clock).ok().map(Duration::from)
}
