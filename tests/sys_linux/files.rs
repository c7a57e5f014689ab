use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{
    Access, At, FileKind, Follow, OpenHow, Replace, SocketKind, UnixAddr,
};
use daemonlab::sys::{Credentials, Errno, Fd, Files, Gid, Pipes, Process, Result, Sockets, Uid};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use rstest::rstest;
use tempfile::TempDir;

use crate::support::{alone, alone_as_root, forked};

const READ: OpenHow = OpenHow::new(Access::Read);
const WRITE: OpenHow = OpenHow::new(Access::Write);
const CREATE: OpenHow = OpenHow {
    create: true,
    ..WRITE
};
const NEW: OpenHow = OpenHow {
    exclusive: true,
    ..CREATE
};

/// A directory with a file `file` ("hello"), a directory `dir`, a link `link`
/// to the file, a dangling link `dangling`, a link `loop` to itself.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |name| dir.path().join(name);
    fs::write(at("file"), "hello").unwrap();
    fs::create_dir(at("dir")).unwrap();
    symlink("file", at("link")).unwrap();
    symlink("nothing", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    dir
}

fn open(dir: &TempDir, name: &str, how: OpenHow) -> Result<Fd<Linux>> {
    Linux.open(At::Cwd, &dir.path().join(name), how, 0o640)
}

fn opened(path: &Path) -> Fd<Linux> {
    let how = OpenHow {
        directory: true,
        ..OpenHow::new(Access::Path)
    };
    Linux.open(At::Cwd, path, how, 0).unwrap()
}

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

#[test]
fn names_are_looked_up_from_an_open_directory() {
    let dir = folder();
    let open_dir = opened(dir.path());
    let at = At::Fd(open_dir.raw());
    let file = Linux.open(at, Path::new("file"), READ, 0).unwrap();
    assert_eq!(Linux.read(file.raw(), 9), Ok(b"hello".to_vec()));
    assert_eq!(
        Linux.link(at, Path::new("file"), Path::new("second")),
        Ok(())
    );
    assert_eq!(Linux.fstat(file.raw()).unwrap().links, 2);
    assert_eq!(
        Linux.rename(at, Path::new("second"), Path::new("third"), Replace::No),
        Ok(())
    );
    assert_eq!(Linux.unlink(at, Path::new("third")), Ok(()));
    assert_eq!(Linux.mkdir(at, Path::new("new"), 0o700), Ok(()));
    assert!(dir.path().join("new").is_dir());
    let none = Linux.open(At::Fd(-1), Path::new("file"), READ, 0);
    assert_eq!(none.unwrap_err(), Errno::EBADF);
    let no_dir = At::Fd(file.raw());
    let stat = Linux.stat(no_dir, Path::new("file"), Follow::Yes);
    assert_eq!(stat, Err(Errno::ENOTDIR));
}

#[test]
fn a_file_is_known_by_what_the_standard_library_says() {
    let dir = folder();
    let path = |name| dir.path().join(name);
    for (name, follow) in [
        ("file", Follow::Yes),
        ("link", Follow::Yes),
        ("link", Follow::No),
        ("dangling", Follow::No),
        ("dir", Follow::Yes),
    ] {
        let stat = Linux.stat(At::Cwd, &path(name), follow).unwrap();
        let std = match follow {
            Follow::Yes => fs::metadata(path(name)),
            Follow::No => fs::symlink_metadata(path(name)),
        }
        .unwrap();
        let seen = (
            stat.device,
            stat.inode,
            stat.mode,
            stat.links,
            stat.uid,
            stat.gid,
            stat.size,
        );
        let mode = std.mode() & 0o7777;
        let known = (
            std.dev(),
            std.ino(),
            mode,
            std.nlink(),
            std.uid(),
            std.gid(),
            std.size(),
        );
        assert_eq!(seen, known, "{name}");
    }
    let file = open(&dir, "file", READ).unwrap();
    let by_name = Linux.stat(At::Cwd, &path("link"), Follow::Yes).unwrap();
    assert!(Linux.fstat(file.raw()).unwrap().same_file(&by_name));
    assert!(!by_name.same_file(&Linux.stat(At::Cwd, &path("link"), Follow::No).unwrap()));
}

#[test]
fn every_kind_of_file_has_its_name() {
    let dir = folder();
    let path = |name: &str| dir.path().join(name);
    nix::unistd::mkfifo(&path("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let socket = Linux.socket(SocketKind::Datagram).unwrap();
    Linux
        .bind(socket.raw(), UnixAddr::Path(path("socket")))
        .unwrap();
    for (path, kind) in [
        (path("file"), FileKind::Regular),
        (path("dir"), FileKind::Directory),
        (path("link"), FileKind::Symlink),
        (path("fifo"), FileKind::Fifo),
        (path("socket"), FileKind::Socket),
        (PathBuf::from("/dev/null"), FileKind::CharDevice),
    ] {
        let stat = Linux.stat(At::Cwd, &path, Follow::No).unwrap();
        assert_eq!(stat.kind, kind, "{path:?}");
    }
    let (pipe, _write) = Linux.pipe().unwrap();
    assert_eq!(Linux.fstat(pipe.raw()).unwrap().kind, FileKind::Fifo);
    let epoll = nix::sys::eventfd::EventFd::new().unwrap();
    let epoll = std::os::fd::AsRawFd::as_raw_fd(&epoll);
    assert_eq!(Linux.fstat(epoll).unwrap().kind, FileKind::Anonymous);
}

#[rstest]
#[case("nothing", Errno::ENOENT)]
#[case("dangling", Errno::ENOENT)]
#[case("file/x", Errno::ENOTDIR)]
#[case("loop", Errno::ELOOP)]
fn what_cannot_be_looked_at(#[case] name: &str, #[case] errno: Errno) {
    let dir = folder();
    let stat = Linux.stat(At::Cwd, &dir.path().join(name), Follow::Yes);
    assert_eq!(stat, Err(errno));
    assert_eq!(Linux.chdir(&dir.path().join(name)), Err(errno));
}

#[rstest]
#[case("file", "new", Replace::Yes, Ok(()))]
#[case("file", "new", Replace::No, Ok(()))]
#[case("file", "dangling", Replace::Yes, Ok(()))]
#[case("file", "dangling", Replace::No, Err(Errno::EEXIST))]
#[case("link", "file", Replace::No, Err(Errno::EEXIST))]
#[case("dir", "new", Replace::No, Ok(()))]
#[case("dir", "dir/below", Replace::No, Err(Errno::EINVAL))]
#[case("dir", "dir/below", Replace::Yes, Err(Errno::EINVAL))]
#[case("file", "dir", Replace::Yes, Err(Errno::EISDIR))]
#[case("nothing", "new", Replace::Yes, Err(Errno::ENOENT))]
#[case("nothing", "new", Replace::No, Err(Errno::ENOENT))]
#[case("file", "no/dir", Replace::Yes, Err(Errno::ENOENT))]
fn renaming(
    #[case] from: &str,
    #[case] to: &str,
    #[case] replace: Replace,
    #[case] expected: Result<()>,
) {
    let dir = folder();
    let (from, to) = (dir.path().join(from), dir.path().join(to));
    let before = fs::symlink_metadata(&from).map(|found| found.ino());
    assert_eq!(Linux.rename(At::Cwd, &from, &to, replace), expected);
    if expected.is_ok() {
        assert_eq!(fs::symlink_metadata(&to).unwrap().ino(), before.unwrap());
        assert!(fs::symlink_metadata(&from).is_err());
    } else {
        assert_eq!(
            fs::symlink_metadata(&from).ok().map(|found| found.ino()),
            before.ok()
        );
    }
}

#[rstest]
#[case("file", "new", Ok(()))]
// The link itself, not what it points to.
#[case("dangling", "new", Ok(()))]
#[case("file", "link", Err(Errno::EEXIST))]
#[case("dir", "new", Err(Errno::EPERM))]
#[case("nothing", "new", Err(Errno::ENOENT))]
fn linking(#[case] from: &str, #[case] to: &str, #[case] expected: Result<()>) {
    let dir = folder();
    let (from, to) = (dir.path().join(from), dir.path().join(to));
    assert_eq!(Linux.link(At::Cwd, &from, &to), expected);
    if expected.is_ok() {
        let inode = |path| fs::symlink_metadata(path).unwrap().ino();
        assert_eq!(inode(from), inode(to));
    }
}

#[rstest]
#[case("file", Ok(()))]
#[case("link", Ok(()))]
#[case("dangling", Ok(()))]
#[case("nothing", Err(Errno::ENOENT))]
#[case("dir", Err(Errno::EISDIR))]
#[case("file/x", Err(Errno::ENOTDIR))]
fn unlinking(#[case] name: &str, #[case] expected: Result<()>) {
    let dir = folder();
    let path = dir.path().join(name);
    assert_eq!(Linux.unlink(At::Cwd, &path), expected);
    assert!(expected.is_err() || fs::symlink_metadata(&path).is_err());
}

#[test]
fn a_directory_is_made_with_its_mode_less_the_umask() {
    alone(|| {
        forked(|| {
            let dir = folder();
            Linux.umask(0o022).unwrap();
            assert_eq!(Linux.umask(0o077), Ok(0o022));
            let path = |name: &str| dir.path().join(name);
            Linux.mkdir(At::Cwd, &path("new"), 0o777).unwrap();
            assert_eq!(fs::metadata(path("new")).unwrap().mode() & 0o7777, 0o700);
            // More than permission bits is not kept.
            Linux.umask(0o7027).unwrap();
            assert_eq!(Linux.umask(0), Ok(0o027));
            assert_eq!(
                Linux.mkdir(At::Cwd, &path("file"), 0o777),
                Err(Errno::EEXIST)
            );
            assert_eq!(
                Linux.mkdir(At::Cwd, &path("dangling"), 0o777),
                Err(Errno::EEXIST)
            );
            assert_eq!(
                Linux.mkdir(At::Cwd, &path("no/dir"), 0o777),
                Err(Errno::ENOENT)
            );
        });
    });
}

#[test]
fn a_mode_is_set_whatever_the_umask() {
    alone(|| {
        forked(|| {
            Linux.umask(0o077).unwrap();
            let dir = folder();
            let file = open(&dir, "file", WRITE).unwrap();
            for mode in [0o644, 0o000, 0o7777, 0o640] {
                Linux.fchmod(file.raw(), mode).unwrap();
                assert_eq!(Linux.fstat(file.raw()).unwrap().mode, mode);
            }
        });
    });
}

#[test]
fn an_owner_is_set_or_kept() {
    alone_as_root(|| {
        let dir = folder();
        let file = open(&dir, "file", WRITE).unwrap();
        let owner = || {
            Linux
                .fstat(file.raw())
                .map(|stat| (stat.uid, stat.gid))
                .unwrap()
        };
        Linux
            .fchown(file.raw(), Some(Uid::from_raw(4321)), None)
            .unwrap();
        assert_eq!(owner(), (4321, 0));
        Linux
            .fchown(file.raw(), None, Some(Gid::from_raw(4323)))
            .unwrap();
        assert_eq!(owner(), (4321, 4323));
        Linux.fchown(file.raw(), None, None).unwrap();
        assert_eq!(owner(), (4321, 4323));
        let keep = u32::MAX;
        let refused = Linux.fchown(file.raw(), Some(Uid::from_raw(keep)), None);
        assert_eq!(refused, Err(Errno::EINVAL));
        let refused = Linux.fchown(file.raw(), None, Some(Gid::from_raw(keep)));
        assert_eq!(refused, Err(Errno::EINVAL));
    });
}

#[test]
fn an_owner_without_a_mapping_is_einval() {
    alone(|| {
        let dir = folder();
        forked(|| {
            let uid = Linux.getresuid().unwrap().real;
            unshare(CloneFlags::CLONE_NEWUSER).unwrap();
            fs::write("/proc/self/uid_map", format!("0 {uid} 1")).unwrap();
            let file = open(&dir, "file", WRITE).unwrap();
            let owned = Linux.fchown(file.raw(), Some(Uid::from_raw(4321)), None);
            assert_eq!(owned, Err(Errno::EINVAL));
        });
    });
}

#[test]
fn a_file_is_cut_extended_and_flushed() {
    let dir = folder();
    let file = open(&dir, "file", WRITE).unwrap();
    Linux.ftruncate(file.raw(), 2).unwrap();
    assert_eq!(fs::read(dir.path().join("file")).unwrap(), b"he");
    Linux.ftruncate(file.raw(), 4).unwrap();
    assert_eq!(fs::read(dir.path().join("file")).unwrap(), b"he\0\0");
    assert_eq!(Linux.fsync(file.raw()), Ok(()));
    assert_eq!(Linux.ftruncate(file.raw(), u64::MAX), Err(Errno::EINVAL));
    let reader = open(&dir, "file", READ).unwrap();
    assert_eq!(Linux.ftruncate(reader.raw(), 0), Err(Errno::EINVAL));
    let (_read, pipe) = Linux.pipe().unwrap();
    assert_eq!(Linux.fsync(pipe.raw()), Err(Errno::EINVAL));
    assert_eq!(Linux.ftruncate(pipe.raw(), 0), Err(Errno::EINVAL));
}

#[test]
fn the_working_directory_is_where_one_went_until_it_is_gone() {
    alone(|| {
        forked(|| {
            let dir = folder();
            let real = fs::canonicalize(dir.path()).unwrap();
            Linux.chdir(dir.path()).unwrap();
            assert_eq!(Linux.getcwd(), Ok(real.clone()));
            Linux.chdir(Path::new("dir")).unwrap();
            assert_eq!(Linux.getcwd(), Ok(real.join("dir")));
            assert_eq!(
                Linux
                    .stat(At::Cwd, Path::new("../file"), Follow::Yes)
                    .unwrap()
                    .size,
                5
            );
            fs::remove_dir(real.join("dir")).unwrap();
            assert_eq!(Linux.getcwd(), Err(Errno::ENOENT));
        });
    });
}

/// A file system of one page that, once full, is made read-only.
#[test]
fn a_file_system_that_is_full_or_read_only_or_another() {
    alone_as_root(|| {
        let dir = folder();
        let path = |name: &str| dir.path().join(name);
        forked(|| {
            unshare(CloneFlags::CLONE_NEWNS).unwrap();
            let none = None::<&str>;
            mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
            let small = path("dir");
            let tmpfs = Some("tmpfs");
            mount(
                tmpfs,
                &small,
                tmpfs,
                MsFlags::empty(),
                Some("size=4k,nr_inodes=3"),
            )
            .unwrap();
            let file = open(&dir, "dir/file", CREATE).unwrap();
            assert_eq!(Linux.write(file.raw(), &[b'x'; 8192]), Ok(4096));
            assert_eq!(Linux.write(file.raw(), b"x"), Err(Errno::ENOSPC));
            drop(open(&dir, "dir/second", CREATE).unwrap());
            assert_eq!(open(&dir, "dir/third", CREATE).unwrap_err(), Errno::ENOSPC);
            assert_eq!(
                Linux.mkdir(At::Cwd, &path("dir/new"), 0o700),
                Err(Errno::ENOSPC)
            );
            for replace in [Replace::Yes, Replace::No] {
                let renamed = Linux.rename(At::Cwd, &path("file"), &path("dir/new"), replace);
                assert_eq!(renamed, Err(Errno::EXDEV));
            }
            assert_eq!(
                Linux.link(At::Cwd, &path("file"), &path("dir/new")),
                Err(Errno::EXDEV)
            );
            let read = open(&dir, "dir/file", READ).unwrap();
            drop(file);
            let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            mount(none, &small, none, flags, none).unwrap();
            assert_eq!(open(&dir, "dir/file", WRITE).unwrap_err(), Errno::EROFS);
            assert_eq!(open(&dir, "dir/new", NEW).unwrap_err(), Errno::EROFS);
            assert_eq!(Linux.unlink(At::Cwd, &path("dir/file")), Err(Errno::EROFS));
            assert_eq!(
                Linux.mkdir(At::Cwd, &path("dir/new"), 0o700),
                Err(Errno::EROFS)
            );
            let (from, to) = (path("dir/file"), path("dir/new"));
            assert_eq!(
                Linux.rename(At::Cwd, &from, &to, Replace::Yes),
                Err(Errno::EROFS)
            );
            assert_eq!(Linux.link(At::Cwd, &from, &to), Err(Errno::EROFS));
            assert_eq!(Linux.fchmod(read.raw(), 0o600), Err(Errno::EROFS));
            assert_eq!(
                Linux.fchown(read.raw(), Some(0.into()), None),
                Err(Errno::EROFS)
            );
            // A mount point is busy.
            assert_eq!(
                Linux.rename(At::Cwd, &small, &path("x"), Replace::Yes),
                Err(Errno::EBUSY)
            );
        });
    });
}
