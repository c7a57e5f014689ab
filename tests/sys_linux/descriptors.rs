use std::os::fd::{BorrowedFd, RawFd};
use std::path::Path;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Access, At, Disposition, Lock, OpenHow};
use daemonlab::sys::{Errno, Fd, Files, Pipes, Process, Signal, Signals};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::resource::{Resource, setrlimit};
use rstest::rstest;

use crate::support::{alone, forked, interrupt_for_ever};

const CLOSED: RawFd = 100_000;

pub fn is_close_on_exec(fd: RawFd) -> bool {
    // SAFETY: the callers hold it open.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    let flags = fcntl(fd, FcntlArg::F_GETFD).unwrap();
    FdFlag::from_bits_truncate(flags).contains(FdFlag::FD_CLOEXEC)
}

fn null() -> Fd<Linux> {
    Linux
        .open(
            At::Cwd,
            Path::new("/dev/null"),
            OpenHow::new(Access::ReadWrite),
            0,
        )
        .unwrap()
}

#[test]
fn both_ends_of_a_pipe_are_close_on_exec_and_joined() {
    let (read, write) = Linux.pipe().unwrap();
    assert!(is_close_on_exec(read.raw()) && is_close_on_exec(write.raw()));
    assert_eq!(Linux.write(write.raw(), b"hello"), Ok(5));
    assert_eq!(Linux.read(read.raw(), 3), Ok(b"hel".to_vec()));
    assert_eq!(Linux.read(read.raw(), 100), Ok(b"lo".to_vec()));
    drop(write);
    assert_eq!(Linux.read(read.raw(), 100), Ok(vec![]));
}

#[test]
fn a_pipe_without_readers_is_epipe() {
    alone(|| {
        // Rust's runtime ignores it already; a daemon may not.
        Linux.sigaction(Signal::PIPE, Disposition::Ignore).unwrap();
        let (read, write) = Linux.pipe().unwrap();
        drop(read);
        assert_eq!(Linux.write(write.raw(), b"x"), Err(Errno::EPIPE));
    });
}

#[test]
fn a_dropped_descriptor_is_closed_and_one_given_away_is_not() {
    alone(|| {
        let fd = null();
        let raw = fd.raw();
        drop(fd);
        assert_eq!(Linux.close(raw), Err(Errno::EBADF));
        let raw = null().into_raw();
        assert_eq!(Linux.close(raw), Ok(()));
    });
}

#[test]
fn a_descriptor_that_is_not_open_is_ebadf() {
    for fd in [-1, i32::MIN, CLOSED] {
        assert_eq!(Linux.close(fd), Err(Errno::EBADF));
        assert_eq!(Linux.read(fd, 1), Err(Errno::EBADF));
        assert_eq!(Linux.write(fd, b"x"), Err(Errno::EBADF));
        assert_eq!(Linux.dup2(fd, 0), Err(Errno::EBADF));
        assert_eq!(Linux.set_close_on_exec(fd, true), Err(Errno::EBADF));
        assert_eq!(Linux.flock(fd, Lock::Shared), Err(Errno::EBADF));
        assert_eq!(Linux.fstat(fd), Err(Errno::EBADF));
        assert_eq!(Linux.ftruncate(fd, 0), Err(Errno::EBADF));
        assert_eq!(Linux.fchown(fd, None, None), Err(Errno::EBADF));
        assert_eq!(Linux.fchmod(fd, 0o600), Err(Errno::EBADF));
        assert_eq!(Linux.fsync(fd), Err(Errno::EBADF));
    }
}

#[test]
fn what_is_open_is_listed_in_order() {
    alone(|| {
        forked(|| {
            Linux.close_range(3, RawFd::MAX).unwrap();
            assert_eq!(Linux.list_fds(), Ok(vec![0, 1, 2]));
            let fd = null();
            Linux.dup2(fd.raw(), 77).unwrap();
            Linux.dup2(fd.raw(), 50).unwrap();
            assert_eq!(Linux.list_fds(), Ok(vec![0, 1, 2, fd.raw(), 50, 77]));
        });
    });
}

#[test]
fn a_range_is_closed_with_both_its_ends() {
    alone(|| {
        forked(|| {
            let fd = null();
            for to in 50..=54 {
                Linux.dup2(fd.raw(), to).unwrap();
            }
            Linux.close_range(51, 53).unwrap();
            let left = Linux.list_fds().unwrap();
            let left: Vec<_> = left
                .into_iter()
                .filter(|fd| (50..=54).contains(fd))
                .collect();
            assert_eq!(left, [50, 54]);
            Linux.close_range(60, 70).unwrap();
        });
    });
}

#[rstest]
#[case(5, 4)]
#[case(-1, 4)]
fn a_range_that_is_none_is_einval(#[case] first: RawFd, #[case] last: RawFd) {
    assert_eq!(Linux.close_range(first, last), Err(Errno::EINVAL));
}

#[test]
fn a_copy_is_not_close_on_exec_and_the_flag_is_set_and_cleared() {
    alone(|| {
        forked(|| {
            let fd = null();
            assert!(is_close_on_exec(fd.raw()));
            Linux.dup2(fd.raw(), 50).unwrap();
            assert!(!is_close_on_exec(50));
            Linux.set_close_on_exec(50, true).unwrap();
            assert!(is_close_on_exec(50));
            Linux.set_close_on_exec(50, false).unwrap();
            assert!(!is_close_on_exec(50));
            // Onto itself nothing happens, to the flag neither.
            Linux.dup2(fd.raw(), fd.raw()).unwrap();
            assert!(is_close_on_exec(fd.raw()));
            assert!(
                Linux
                    .fstat(50)
                    .unwrap()
                    .same_file(&Linux.fstat(fd.raw()).unwrap())
            );
        });
    });
}

#[test]
fn the_limit_of_descriptors_is_emfile() {
    alone(|| {
        forked(|| {
            Linux.close_range(3, RawFd::MAX).unwrap();
            setrlimit(Resource::RLIMIT_NOFILE, 4, 4).unwrap();
            assert_eq!(Linux.pipe().unwrap_err(), Errno::EMFILE);
            let last = null();
            assert_eq!(last.raw(), 3);
            let opened = Linux.open(At::Cwd, Path::new("/"), OpenHow::new(Access::Read), 0);
            assert_eq!(opened.unwrap_err(), Errno::EMFILE);
            assert_eq!(Linux.list_fds(), Err(Errno::EMFILE));
            assert_eq!(Linux.count_threads(), Err(Errno::EMFILE));
            assert_eq!(
                Linux.pidfd_open(Linux.getpid().unwrap()).unwrap_err(),
                Errno::EMFILE
            );
            // Beyond the limit there is no number.
            assert_eq!(Linux.dup2(3, 4), Err(Errno::EBADF));
        });
    });
}

#[test]
fn a_handler_interrupts_a_read() {
    alone(|| {
        forked(|| {
            let (read, _write) = Linux.pipe().unwrap();
            Linux
                .sigaction(Signal::ALRM, Disposition::Interrupt)
                .unwrap();
            interrupt_for_ever();
            assert_eq!(Linux.read(read.raw(), 1), Err(Errno::EINTR));
        });
    });
}

#[test]
fn a_lock_is_the_open_files_and_never_waited_for() {
    // A lock that did wait would wait for ever.
    alone(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let how = OpenHow {
            create: true,
            ..OpenHow::new(Access::ReadWrite)
        };
        let open = || Linux.open(At::Cwd, &path, how, 0o600).unwrap();
        let (one, two) = (open(), open());
        Linux.flock(one.raw(), Lock::Exclusive).unwrap();
        assert_eq!(
            Linux.flock(two.raw(), Lock::Exclusive),
            Err(Errno::EWOULDBLOCK)
        );
        assert_eq!(
            Linux.flock(two.raw(), Lock::Shared),
            Err(Errno::EWOULDBLOCK)
        );
        Linux.flock(one.raw(), Lock::Exclusive).unwrap();
        Linux.flock(one.raw(), Lock::Shared).unwrap();
        Linux.flock(two.raw(), Lock::Shared).unwrap();
        assert_eq!(
            Linux.flock(two.raw(), Lock::Exclusive),
            Err(Errno::EWOULDBLOCK)
        );
        Linux.flock(one.raw(), Lock::Unlock).unwrap();
        // A refused upgrade from shared to exclusive lets go of the shared one.
        Linux.flock(two.raw(), Lock::Exclusive).unwrap();
        drop(two);
        Linux.flock(one.raw(), Lock::Exclusive).unwrap();
    });
}

#[test]
fn a_lock_is_kept_over_a_fork_and_by_any_copy() {
    alone(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let how = OpenHow {
            create: true,
            ..OpenHow::new(Access::ReadWrite)
        };
        let locked = Linux.open(At::Cwd, &path, how, 0o600).unwrap();
        let other = Linux.open(At::Cwd, &path, how, 0o600).unwrap();
        Linux.flock(locked.raw(), Lock::Exclusive).unwrap();
        let (wait, go) = Linux.pipe().unwrap();
        let holder = crate::support::child(|| drop(Linux.read(wait.raw(), 1)));
        drop(locked);
        assert_eq!(
            Linux.flock(other.raw(), Lock::Exclusive),
            Err(Errno::EWOULDBLOCK)
        );
        Linux.write(go.raw(), b"x").unwrap();
        crate::support::end_of(holder);
        assert_eq!(Linux.flock(other.raw(), Lock::Exclusive), Ok(()));
    });
}
