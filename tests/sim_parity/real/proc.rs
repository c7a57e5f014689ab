//! What `/proc` says of a process, and of the kernel.

use std::fs;

/// The third field of `/proc/PID/stat`; `None` for a process that is gone.
pub fn state(pid: i32) -> Option<char> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may have anything in it.
    let state = text.rsplit_once(") ")?.1.chars().next()?;
    // Being taken away.
    (state != 'X').then_some(state)
}

/// A number in a file below `/proc/sys/fs`; 0 where the kernel has none.
pub fn setting(name: &str) -> u32 {
    let text = fs::read_to_string(format!("/proc/sys/fs/{name}")).unwrap_or_default();
    text.trim().parse().unwrap_or(0)
}

/// The major and minor version of Linux.
pub fn version() -> (u32, u32) {
    let text = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse().ok());
    (next().unwrap_or(0), next().unwrap_or(0))
}
