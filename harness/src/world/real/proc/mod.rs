//! Facts out of `/proc`, as the world's init sees it (`proc(5)`).
//!
//! - [`stat`], [`status`]: the two files, parsed;
//! - [`process`]: a process's facts;
//! - [`locks`]: who holds a lock on a file;
//! - [`sockets`]: who listens where.

pub mod locks;
pub mod process;
pub mod sockets;
pub mod stat;
pub mod status;

use std::fs;

/// The PIDs of all processes that can be seen, ascending.
pub fn pids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pid = |entry: std::io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    let mut pids: Vec<i32> = entries.filter_map(pid).collect();
    pids.sort_unstable();
    pids
}
