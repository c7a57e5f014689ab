//! Whom a call is about, and whether it follows a symbolic link at the end of
//! its path.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::memory;
use crate::world::spec::call_family;

/// Whether a call of this name opens what it names.
pub fn opens(name: &str) -> bool {
    call_family("open").contains(&name)
}

/// Whether the call follows a symbolic link that its path ends in now. What
/// only looks is not asked.
pub fn through_link(tid: i32, name: &str, args: &[u64; 6], paths: &[PathBuf]) -> bool {
    let Some(path) = paths.first() else {
        return false;
    };
    let flag = |n: usize, flag: i32| args[n] as i32 & flag != 0;
    let follows = match name {
        "open" => open_follows(args[1]),
        "openat" => open_follows(args[2]),
        // Its flags lie in memory, as `struct open_how` of openat2(2) has them.
        "openat2" => memory::word(tid, args[2]).is_some_and(open_follows),
        "creat" | "chmod" | "fchmodat" | "chown" | "truncate" => true,
        "fchownat" => !flag(4, libc::AT_SYMLINK_NOFOLLOW),
        _ => false,
    };
    follows
        && fs::symlink_metadata(seen_by(tid, path))
            .is_ok_and(|found| found.file_type().is_symlink())
}

/// By the flags of `open(2)`: with `O_CREAT` and `O_EXCL` a link is not
/// followed either.
fn open_follows(flags: u64) -> bool {
    let has = |flag: i32| flags & flag as u64 != 0;
    !(has(libc::O_NOFOLLOW) || has(libc::O_CREAT) && has(libc::O_EXCL))
}

/// The same path for this process: `/proc/self` is the task's, and so is the root.
fn seen_by(tid: i32, path: &Path) -> PathBuf {
    for own in ["/proc/self", "/proc/thread-self"] {
        if let Ok(rest) = path.strip_prefix(own) {
            return Path::new(&format!("/proc/{tid}")).join(rest);
        }
    }
    let below = path.strip_prefix("/").unwrap_or(path);
    Path::new(&format!("/proc/{tid}/root")).join(below)
}

/// The process that a call signals, waits for or opens, and the signal that it
/// sends.
pub fn target(tid: i32, name: &str, args: &[u64; 6]) -> (Option<i32>, Option<i32>) {
    let number = |n: usize| Some(args[n] as i32);
    // Signal 0 only asks whether one could be sent (`kill(2)`).
    let signal = |n: usize| number(n).filter(|signal| *signal != 0);
    match name {
        "kill" | "rt_sigqueueinfo" => (number(0), signal(1)),
        "tkill" => (thread_group(args[0] as i32), signal(1)),
        "tgkill" | "rt_tgsigqueueinfo" => (number(0), signal(2)),
        "pidfd_send_signal" => (of_pidfd(tid, args[0] as i32), signal(1)),
        "pidfd_open" | "wait4" => (number(0), None),
        _ => (None, None),
    }
}

/// The process of a thread.
fn thread_group(tid: i32) -> Option<i32> {
    let known = super::super::super::proc::status::Status::read(tid);
    Some(known.map_or(tid, |status| status.process))
}

/// The process that a pidfd refers to (`pidfd_open(2)`); -1 once it is reaped.
fn of_pidfd(tid: i32, fd: i32) -> Option<i32> {
    let info = fs::read_to_string(format!("/proc/{tid}/fdinfo/{fd}")).ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("Pid:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain(libc::O_RDONLY, true)]
    #[case::made(libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC, true)]
    #[case::refused(libc::O_RDONLY | libc::O_NOFOLLOW, false)]
    #[case::exclusive(libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL, false)]
    #[case::exclusive_without_making(libc::O_WRONLY | libc::O_EXCL, true)]
    fn flags_say_whether_a_link_is_followed(#[case] flags: i32, #[case] follows: bool) {
        assert_eq!(open_follows(flags as u64), follows);
    }

    #[test]
    fn only_a_link_at_the_end_counts() {
        let me = std::process::id() as i32;
        let folder = tempfile::tempdir().unwrap();
        let [file, link, dir, within] =
            ["file", "link", "dir", "dir/file"].map(|name| folder.path().join(name));
        fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        std::os::unix::fs::symlink(folder.path(), &dir).unwrap();
        let through = |path: &PathBuf, flags: i32| {
            let args = [0, 0, flags as u64, 0, 0, 0];
            through_link(me, "openat", &args, std::slice::from_ref(path))
        };
        assert!(through(&link, libc::O_RDONLY));
        assert!(!through(&link, libc::O_NOFOLLOW));
        assert!(!through(&file, libc::O_RDONLY));
        assert!(!through(&within, libc::O_RDONLY));
        assert!(!through_link(me, "lstat", &[0; 6], &[link]));
    }

    #[test]
    fn signal_0_is_none() {
        let args = [5, 0, 0, 0, 0, 0];
        assert_eq!(target(1, "kill", &args), (Some(5), None));
        let args = [5, 6, libc::SIGTERM as u64, 0, 0, 0];
        assert_eq!(target(1, "tgkill", &args), (Some(5), Some(libc::SIGTERM)));
    }
}
