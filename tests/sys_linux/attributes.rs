use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{At, FileKind, Follow, SocketKind, UnixAddr};
use daemonlab::sys::{Credentials, Errno, Files, Gid, Pipes, Sockets, Uid};
use nix::sched::{CloneFlags, unshare};
use rstest::rstest;

use crate::folder::{READ, WRITE, folder, open};
use crate::support::{alone, alone_as_root, forked};

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
