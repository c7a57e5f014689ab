use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{At, Follow, Replace};
use daemonlab::sys::{Errno, Files, Result};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use rstest::rstest;

use crate::folder::{CREATE, NEW, READ, WRITE, folder, open, opened};
use crate::support::{alone, alone_as_root, forked};

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
