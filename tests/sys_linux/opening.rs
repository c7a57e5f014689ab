use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Access, At, Follow, OpenHow, Replace};
use daemonlab::sys::{Credentials, Errno, Files, Process};
use rstest::rstest;

use crate::folder::{CREATE, NEW, READ, WRITE, folder, open, opened};
use crate::support::{alone, alone_as_root, forked};

#[rstest]
#[case("nothing", READ, Errno::ENOENT)]
#[case("dangling", READ, Errno::ENOENT)]
#[case("dangling", NEW, Errno::EEXIST)]
#[case("file", NEW, Errno::EEXIST)]
#[case("file/x", READ, Errno::ENOTDIR)]
#[case("file", OpenHow { directory: true, ..READ }, Errno::ENOTDIR)]
#[case("dir", WRITE, Errno::EISDIR)]
#[case("loop", READ, Errno::ELOOP)]
#[case("link", OpenHow { no_follow: true, ..READ }, Errno::ELOOP)]
#[case("with\0zero", READ, Errno::EINVAL)]
fn what_cannot_be_opened(#[case] name: &str, #[case] how: OpenHow, #[case] errno: Errno) {
    assert_eq!(open(&folder(), name, how).unwrap_err(), errno);
}

#[test]
fn a_name_that_is_too_long_is_enametoolong() {
    let dir = folder();
    assert_eq!(
        open(&dir, &"x".repeat(256), CREATE).unwrap_err(),
        Errno::ENAMETOOLONG
    );
}

#[test]
fn a_fifo_nobody_reads_is_enxio_for_a_writer_that_does_not_wait() {
    let dir = folder();
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let how = OpenHow {
        non_blocking: true,
        ..WRITE
    };
    assert_eq!(open(&dir, "fifo", how).unwrap_err(), Errno::ENXIO);
    let reader = open(
        &dir,
        "fifo",
        OpenHow {
            non_blocking: true,
            ..READ
        },
    )
    .unwrap();
    let _writer = open(&dir, "fifo", how).unwrap();
    assert_eq!(Linux.read(reader.raw(), 1), Err(Errno::EAGAIN));
}

#[test]
fn permissions_are_asked_of_everybody_but_root() {
    alone_as_root(|| {
        let dir = folder();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(dir.path().join("file"), fs::Permissions::from_mode(0o600)).unwrap();
        forked(|| {
            Linux
                .setresuid(Some(4321.into()), Some(4321.into()), Some(4321.into()))
                .unwrap();
            let path = |name: &str| dir.path().join(name);
            assert_eq!(open(&dir, "file", READ).unwrap_err(), Errno::EACCES);
            assert_eq!(open(&dir, "new", NEW).unwrap_err(), Errno::EACCES);
            assert_eq!(Linux.unlink(At::Cwd, &path("file")), Err(Errno::EACCES));
            assert_eq!(
                Linux.mkdir(At::Cwd, &path("new"), 0o700),
                Err(Errno::EACCES)
            );
            let renamed = Linux.rename(At::Cwd, &path("file"), &path("new"), Replace::Yes);
            assert_eq!(renamed, Err(Errno::EACCES));
            let open_dir = opened(dir.path());
            assert_eq!(
                Linux.fchown(open_dir.raw(), Some(4321.into()), None),
                Err(Errno::EBADF)
            );
            let read = open(&dir, ".", READ).unwrap();
            assert_eq!(
                Linux.fchown(read.raw(), Some(4321.into()), None),
                Err(Errno::EPERM)
            );
            assert_eq!(Linux.fchmod(read.raw(), 0o777), Err(Errno::EPERM));
        });
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        forked(|| {
            Linux
                .setresuid(Some(4321.into()), Some(4321.into()), Some(4321.into()))
                .unwrap();
            assert_eq!(open(&dir, "link", READ).unwrap_err(), Errno::EACCES);
            let file = dir.path().join("file");
            assert_eq!(Linux.stat(At::Cwd, &file, Follow::Yes), Err(Errno::EACCES));
            assert_eq!(Linux.chdir(dir.path()), Err(Errno::EACCES));
        });
    });
}

#[test]
fn flags_do_what_they_say() {
    alone(|| {
        forked(|| {
            Linux.umask(0o027).unwrap();
            let dir = folder();
            let new = open(&dir, "new", NEW).unwrap();
            assert_eq!(Linux.fstat(new.raw()).unwrap().mode, 0o640);
            assert_eq!(Linux.write(new.raw(), b"one"), Ok(3));
            let both = open(&dir, "new", OpenHow::new(Access::ReadWrite)).unwrap();
            assert_eq!(Linux.read(both.raw(), 9), Ok(b"one".to_vec()));
            let append = open(
                &dir,
                "new",
                OpenHow {
                    append: true,
                    ..WRITE
                },
            )
            .unwrap();
            Linux.ftruncate(new.raw(), 1).unwrap();
            Linux.write(append.raw(), b"two").unwrap();
            assert_eq!(fs::read_to_string(dir.path().join("new")).unwrap(), "otwo");
            drop(
                open(
                    &dir,
                    "new",
                    OpenHow {
                        truncate: true,
                        ..WRITE
                    },
                )
                .unwrap(),
            );
            assert_eq!(Linux.fstat(new.raw()).unwrap().size, 0);
            // What only reads does not write, and the other way round.
            assert_eq!(
                Linux.write(open(&dir, "file", READ).unwrap().raw(), b"x"),
                Err(Errno::EBADF)
            );
            assert_eq!(Linux.read(new.raw(), 1), Err(Errno::EBADF));
            assert_eq!(
                Linux.read(open(&dir, "dir", READ).unwrap().raw(), 1),
                Err(Errno::EISDIR)
            );
            assert_eq!(Linux.read(opened(dir.path()).raw(), 1), Err(Errno::EBADF));
            let kept = open(
                &dir,
                "file",
                OpenHow {
                    close_on_exec: false,
                    ..READ
                },
            )
            .unwrap();
            assert!(!crate::descriptors::is_close_on_exec(kept.raw()));
            assert!(crate::descriptors::is_close_on_exec(new.raw()));
        });
    });
}

/// A session leader without a terminal takes the first that it opens, unless
/// it is told not to (tty_ioctl(4)).
#[rstest]
#[case::kept_out(true, "0")]
#[case::taken(false, "not 0")]
fn a_terminal_becomes_the_controlling_one(#[case] no_ctty: bool, #[case] number: &str) {
    alone(|| {
        // SAFETY: only opens a pair; the master stays open to the end.
        let master = unsafe { libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY) };
        assert!(master >= 0);
        let mut name = [0_u8; 64];
        // SAFETY: the buffer is as long as said.
        unsafe {
            assert_eq!(libc::unlockpt(master), 0);
            assert_eq!(
                libc::ptsname_r(master, name.as_mut_ptr().cast(), name.len()),
                0
            );
        }
        let name = std::ffi::CStr::from_bytes_until_nul(&name)
            .unwrap()
            .to_str()
            .unwrap();
        forked(|| {
            Linux.setsid().unwrap();
            let how = OpenHow {
                no_ctty,
                ..OpenHow::new(Access::ReadWrite)
            };
            let _tty = Linux.open(At::Cwd, Path::new(name), how, 0).unwrap();
            let stat = fs::read_to_string("/proc/self/stat").unwrap();
            let (_, fields) = stat.rsplit_once(") ").unwrap();
            // proc_pid_stat(5): tty_nr is the seventh, state the third.
            let tty_nr = fields.split(' ').nth(4).unwrap();
            assert_eq!(if tty_nr == "0" { "0" } else { "not 0" }, number);
            let hang_up = daemonlab::sys::Signal::HUP;
            let ignore = daemonlab::sys::records::Disposition::Ignore;
            daemonlab::sys::Signals::sigaction(&Linux, hang_up, ignore).unwrap();
        });
        Linux.close(master).unwrap();
    });
}
