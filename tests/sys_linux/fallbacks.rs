//! Newer calls that are missing: a seccomp filter takes them away, as the
//! filters of old container runtimes do.

use std::fs::{self, Permissions};
use std::os::fd::RawFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Access, At, OpenHow, Replace};
use daemonlab::sys::{Credentials, Errno, Files, Process, Uid};
use nix::mount::{MntFlags, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, setrlimit};
use rstest::rstest;

use crate::support::{alone, alone_as_root, forked};

/// From now on `syscall` fails with `errno` in this process (seccomp(2)).
fn take_away(syscall: libc::c_long, errno: Errno) {
    let statement = |code: u32, k: u32| libc::sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    };
    let answer = libc::SECCOMP_RET_ERRNO | errno as u32;
    let mut filter = [
        // The number of the call is the first word of struct seccomp_data.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        libc::sock_filter {
            jf: 1,
            ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, syscall as u32)
        },
        statement(libc::BPF_RET | libc::BPF_K, answer),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: the program is as long as it says and lives through the call.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let mode = libc::SECCOMP_MODE_FILTER as libc::c_ulong;
        assert_eq!(
            libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program),
            0
        );
    }
}

fn copies_of_null(numbers: impl Iterator<Item = RawFd>) {
    let how = OpenHow::new(Access::Read);
    let null = Linux.open(At::Cwd, Path::new("/dev/null"), how, 0).unwrap();
    numbers.for_each(|to| Linux.dup2(null.raw(), to).unwrap());
}

#[rstest]
#[case(Errno::ENOSYS)]
#[case(Errno::EPERM)]
fn a_range_is_closed_one_by_one_without_close_range(#[case] errno: Errno) {
    alone(|| {
        forked(|| {
            take_away(libc::SYS_close_range, errno);
            copies_of_null(50..=54);
            Linux.close_range(51, 53).unwrap();
            let left = Linux.list_fds().unwrap();
            let left: Vec<_> = left
                .into_iter()
                .filter(|fd| (50..=54).contains(fd))
                .collect();
            assert_eq!(left, [50, 54]);
            Linux.close_range(3, RawFd::MAX).unwrap();
            assert_eq!(Linux.list_fds(), Ok(vec![0, 1, 2]));
            assert_eq!(Linux.close_range(5, 4), Err(Errno::EINVAL));
        });
    });
}

#[test]
fn a_range_is_closed_without_close_range_and_without_proc() {
    alone_as_root(|| {
        forked(|| {
            unshare(CloneFlags::CLONE_NEWNS).unwrap();
            let none = None::<&str>;
            let flags = nix::mount::MsFlags::MS_REC | nix::mount::MsFlags::MS_PRIVATE;
            nix::mount::mount(none, "/", none, flags, none).unwrap();
            // In a user namespace /proc cannot be taken away, only covered.
            if umount2("/proc", MntFlags::MNT_DETACH).is_err() {
                let flags = nix::mount::MsFlags::empty();
                nix::mount::mount(Some("none"), "/proc", Some("tmpfs"), flags, none).unwrap();
            }
            assert_eq!(Linux.list_fds(), Err(Errno::ENOENT));
            assert_eq!(Linux.count_threads(), Err(Errno::ENOENT));
            take_away(libc::SYS_close_range, Errno::ENOSYS);
            setrlimit(Resource::RLIMIT_NOFILE, 100, 100).unwrap();
            copies_of_null(50..=54);
            Linux.close_range(51, RawFd::MAX).unwrap();
            assert!(Linux.fstat(50).is_ok());
            for fd in 51..=54 {
                assert_eq!(Linux.fstat(fd), Err(Errno::EBADF), "{fd}");
            }
        });
    });
}

/// EINVAL is what a file system says that has no `RENAME_NOREPLACE`.
#[rstest]
#[case(Errno::ENOSYS)]
#[case(Errno::EINVAL)]
fn a_file_is_renamed_without_renameat2(#[case] errno: Errno) {
    alone(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = |name| dir.path().join(name);
        let rename = |from, to| Linux.rename(At::Cwd, &path(from), &path(to), Replace::No);
        forked(|| {
            take_away(libc::SYS_renameat2, errno);
            fs::write(path("a"), "a").unwrap();
            fs::write(path("b"), "b").unwrap();
            fs::create_dir(path("dir")).unwrap();
            assert_eq!(rename("a", "b"), Err(Errno::EEXIST));
            assert_eq!(rename("nothing", "c"), Err(Errno::ENOENT));
            // A directory cannot have two names: the first answer stands, which
            // the C library makes EINVAL of a missing call.
            assert_eq!(rename("dir", "c"), Err(Errno::EINVAL));
            assert_eq!(rename("a", "c"), Ok(()));
            assert!(!path("a").exists());
            assert_eq!(fs::read_to_string(path("c")).unwrap(), "a");
            assert_eq!(fs::read_to_string(path("b")).unwrap(), "b");
        });
    });
}

#[test]
fn a_rename_that_cannot_take_the_old_name_away_leaves_no_new_one() {
    alone_as_root(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = |name| dir.path().join(name);
        let user = Uid::from_raw(4321);
        for (name, mode) in [(".", 0o755), ("kept", 0o755), ("open", 0o777)] {
            drop(fs::create_dir(path(name)));
            fs::set_permissions(path(name), Permissions::from_mode(mode)).unwrap();
        }
        fs::write(path("kept/a"), "a").unwrap();
        chown(path("kept/a"), Some(4321), None).unwrap();
        forked(|| {
            Linux.setresuid(Some(user), Some(user), Some(user)).unwrap();
            take_away(libc::SYS_renameat2, Errno::EINVAL);
            let renamed = Linux.rename(At::Cwd, &path("kept/a"), &path("open/b"), Replace::No);
            assert_eq!(renamed, Err(Errno::EACCES));
            assert!(path("kept/a").exists());
            assert!(!path("open/b").exists());
        });
    });
}

/// There is no other way to these: the answer is the kernel's.
#[test]
fn a_pidfd_that_cannot_be_had_is_enosys() {
    alone(|| {
        forked(|| {
            take_away(libc::SYS_pidfd_open, Errno::ENOSYS);
            let own = Linux.getpid().unwrap();
            assert_eq!(Linux.pidfd_open(own).unwrap_err(), Errno::ENOSYS);
        });
    });
}
