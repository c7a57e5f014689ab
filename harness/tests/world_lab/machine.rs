//! The processes of the whole machine, as they are seen from outside of any
//! sandbox.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use super::LONG;

/// The PIDs and arguments of all processes of the machine.
pub fn everybody() -> Vec<(i32, Vec<String>)> {
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let text = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let string = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
        Some((pid, text.split(|byte| *byte == 0).map(string).collect()))
    };
    fs::read_dir("/proc").unwrap().filter_map(entry).collect()
}

/// Helpers of the harness with this PID: supervisors, templates and inits.
pub fn helpers(harness: u32) -> Vec<i32> {
    let harness = harness.to_string();
    let is = |arguments: &[String]| {
        arguments[0].starts_with("daemonlab-") && arguments.get(1) == Some(&harness)
    };
    everybody()
        .into_iter()
        .filter(|(_, arguments)| is(arguments))
        .map(|(pid, _)| pid)
        .collect()
}

/// Processes that have this word among their arguments.
pub fn named(word: &str) -> Vec<i32> {
    let is = |arguments: &[String]| arguments.iter().any(|argument| argument.contains(word));
    everybody()
        .into_iter()
        .filter(|(_, arguments)| is(arguments))
        .map(|(pid, _)| pid)
        .collect()
}

/// A number of seconds that nobody else sleeps.
pub fn unusual(n: u32) -> String {
    format!("9{:07}.{n:04}1", std::process::id())
}

/// Waits until nobody of that name is left.
pub fn gone(word: &str) {
    nobody_left(|| named(word));
}

/// Waits until there is nobody of those.
pub fn nobody_left(those: impl Fn() -> Vec<i32>) {
    let start = Instant::now();
    while !those().is_empty() {
        assert!(start.elapsed() < LONG, "still there: {:?}", those());
        std::thread::yield_now();
    }
}

/// SIGKILL.
pub fn kill(pid: i32) {
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid),
        nix::sys::signal::Signal::SIGKILL,
    )
    .unwrap();
}

/// From the process itself up to init.
pub fn ancestors(pid: i32) -> Vec<i32> {
    let parent = |pid: &i32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("PPid:"))?
            .trim()
            .parse()
            .ok()?;
        (line != 0).then_some(line)
    };
    std::iter::successors(Some(pid), parent).collect()
}

/// The PID namespace of a process.
pub fn pid_namespace(pid: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/pid")).ok()
}
