//! Who holds a lock on a file: `/proc/PID/fdinfo` (`proc_pid_fdinfo(5)`).
//! `/proc/locks` would name who took it, even if that process is gone and a
//! child that inherited the descriptor holds it.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::{look_at, pids};

/// The processes that hold a lock on the file of this device and inode number,
/// ascending.
pub fn holders(device: u64, inode: u64) -> Vec<i32> {
    let holds = |pid: i32| {
        let entries = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        Some(entries.flatten().any(|entry| {
            let number = entry.file_name();
            fs::metadata(entry.path()).is_ok_and(|meta| (meta.dev(), meta.ino()) == (device, inode))
                && fs::read_to_string(format!("/proc/{pid}/fdinfo/{}", number.to_string_lossy()))
                    .is_ok_and(|text| locked(&text))
        }))
    };
    let looked_at = look_at(pids, holds).into_iter();
    looked_at
        .filter_map(|(pid, holds)| holds.then_some(pid))
        .collect()
}

/// Whether the descriptor holds a lock, of whatever kind, rather than waiting
/// for one (`->`) or being leased.
fn locked(fdinfo: &str) -> bool {
    fdinfo
        .lines()
        .filter_map(|line| line.strip_prefix("lock:"))
        .any(|lock| {
            let kind = lock.split_ascii_whitespace().nth(1);
            matches!(kind, Some("FLOCK" | "POSIX" | "OFDLCK"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::flock("pos:\t0\nlock:\t1: FLOCK  ADVISORY  WRITE 7 00:1c:42 0 EOF\n", true)]
    #[case::posix("lock:\t1: POSIX  ADVISORY  WRITE 7 00:1c:42 0 EOF\n", true)]
    #[case::open_file("lock:\t1: OFDLCK ADVISORY  READ -1 00:1c:42 0 EOF\n", true)]
    #[case::waiting("lock:\t1: -> FLOCK  ADVISORY  WRITE 7 00:1c:42 0 EOF\n", false)]
    #[case::lease("lock:\t1: LEASE  ACTIVE    READ 7 00:1c:42 0 EOF\n", false)]
    #[case::none("pos:\t0\nflags:\t02\nmnt_id:\t30\n", false)]
    fn a_lock_is_held_or_not(#[case] fdinfo: &str, #[case] held: bool) {
        assert_eq!(locked(fdinfo), held);
    }

    #[test]
    fn this_process_holds_the_lock_that_it_takes() {
        let file = tempfile::tempfile().unwrap();
        let meta = file.metadata().unwrap();
        let pid = std::process::id() as i32;
        assert!(!holders(meta.dev(), meta.ino()).contains(&pid));
        file.lock().unwrap();
        assert!(holders(meta.dev(), meta.ino()).contains(&pid));
    }
}
