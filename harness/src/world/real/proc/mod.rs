//! Facts out of `/proc`, as the world's init sees it (`proc(5)`).
//!
//! - [`stat`], [`status`]: the two files, parsed;
//! - [`process`]: a process's facts;
//! - `everybody`: a look at all of them;
//! - [`locks`]: who holds a lock on a file;
//! - [`sockets`]: who listens where.

mod everybody;
pub mod locks;
pub mod process;
pub mod sockets;
pub mod stat;
pub mod status;

pub use everybody::{look_at, pids};

use std::cell::OnceCell;
use std::fs::File;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::FileExt;

/// A file of a process that the kernel writes as one record, such as `status`:
/// read at once, since each further read costs as much as the first.
pub fn record(path: &str) -> Option<String> {
    read(&File::open(path).ok()?)
}

/// Descriptors from this number on are given back at once: programs that make
/// many threads leave room for others.
const MOST: RawFd = 256;

/// Such a file, to be read again and again.
#[derive(Debug)]
pub struct Record(File);

impl Record {
    /// What it says now: the one in `kept`, or the one at this path, which is
    /// kept there.
    pub fn of(kept: &OnceCell<Record>, path: impl FnOnce() -> String) -> Option<String> {
        if let Some(Record(file)) = kept.get() {
            return read(file);
        }
        let file = File::open(path()).ok()?;
        let text = read(&file);
        if file.as_raw_fd() < MOST {
            let _ = kept.set(Record(file));
        }
        text
    }
}

fn read(file: &File) -> Option<String> {
    let mut all = Vec::new();
    let mut page = [0; 4096];
    loop {
        let count = file.read_at(&mut page, all.len() as u64).ok()?;
        all.extend_from_slice(&page[..count]);
        if count < page.len() {
            break;
        }
    }
    let text = String::from_utf8(all);
    Some(text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

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
    fn a_record_that_is_kept_says_what_is_so_now() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let kept = OnceCell::new();
        for text in ["R", "S and more", "t"] {
            fs::write(file.path(), text).unwrap();
            let path = || file.path().to_str().unwrap().to_owned();
            assert_eq!(Record::of(&kept, path).as_deref(), Some(text));
        }
        assert!(kept.get().is_some());
    }

    #[test]
    fn a_record_with_a_high_number_is_not_kept() {
        let many: Vec<File> = (0..MOST)
            .map(|_| File::open("/dev/null").unwrap())
            .collect();
        let kept = OnceCell::new();
        let text = Record::of(&kept, || "/proc/self/stat".to_owned());
        assert!(text.is_some() && kept.get().is_none(), "{}", many.len());
    }

    #[test]
    fn what_is_not_there_is_no_record() {
        assert_eq!(record("/proc/0/status"), None);
    }
}
