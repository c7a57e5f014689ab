//! What `/proc` says of a process.

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
