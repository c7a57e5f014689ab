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

use std::fs::{self, File};
use std::io::Read;

/// A file of a process that the kernel writes as one record, such as `status`:
/// read at once, since each further read costs as much as the first.
pub fn record(path: &str) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let mut all = Vec::new();
    let mut page = [0; 4096];
    loop {
        let count = file.read(&mut page).ok()?;
        all.extend_from_slice(&page[..count]);
        if count < page.len() {
            break;
        }
    }
    let text = String::from_utf8(all);
    Some(text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::short(7)]
    #[case::a_page(4096)]
    #[case::longer(10_000)]
    fn a_record_is_read_to_its_end(#[case] length: usize) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "x".repeat(length);
        fs::write(file.path(), &text).unwrap();
        assert_eq!(record(file.path().to_str().unwrap()), Some(text));
    }

    #[test]
    fn what_is_not_there_is_no_record() {
        assert_eq!(record("/proc/0/status"), None);
    }
}
