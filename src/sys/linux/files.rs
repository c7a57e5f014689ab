//! Files by name, and what is asked of them.

use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};
use std::path::Path;

use nix::fcntl::{AtFlags, OFlag, RenameFlags};
use nix::sys::stat::{self, Mode, SFlag};
use nix::unistd::{self, UnlinkatFlags};

use super::credentials::id;
use super::descriptors::{at, borrow};
use crate::sys::records::{Access, At, FileKind, Follow, OpenHow, Replace, Stat};
use crate::sys::{Errno, Gid, Result, Uid};

pub(super) fn open(dir: At, path: &Path, how: OpenHow, mode: u32) -> Result<RawFd> {
    let mut flags = match how.access {
        Access::Read => OFlag::O_RDONLY,
        Access::Write => OFlag::O_WRONLY,
        Access::ReadWrite => OFlag::O_RDWR,
        Access::Path => OFlag::O_PATH,
    };
    flags.set(OFlag::O_CREAT, how.create);
    flags.set(OFlag::O_EXCL, how.exclusive);
    flags.set(OFlag::O_TRUNC, how.truncate);
    flags.set(OFlag::O_APPEND, how.append);
    flags.set(OFlag::O_NOFOLLOW, how.no_follow);
    flags.set(OFlag::O_DIRECTORY, how.directory);
    flags.set(OFlag::O_NONBLOCK, how.non_blocking);
    flags.set(OFlag::O_NOCTTY, how.no_ctty);
    flags.set(OFlag::O_CLOEXEC, how.close_on_exec);
    nix::fcntl::openat(at(dir)?, path, flags, permissions(mode)).map(IntoRawFd::into_raw_fd)
}

pub(super) fn fstat(fd: RawFd) -> Result<Stat> {
    stat::fstat(borrow(fd)?).map(|found| record(&found))
}

pub(super) fn stat(dir: At, path: &Path, follow: Follow) -> Result<Stat> {
    let flags = match follow {
        Follow::Yes => AtFlags::empty(),
        Follow::No => AtFlags::AT_SYMLINK_NOFOLLOW,
    };
    stat::fstatat(at(dir)?, path, flags).map(|found| record(&found))
}

pub(super) fn rename(dir: At, from: &Path, to: &Path, replace: Replace) -> Result<()> {
    let dir = at(dir)?;
    match replace {
        Replace::Yes => nix::fcntl::renameat(dir, from, dir, to),
        Replace::No => {
            let flags = RenameFlags::RENAME_NOREPLACE;
            match nix::fcntl::renameat2(dir, from, dir, to, flags) {
                // A file system that cannot do it (EINVAL), or a filter that
                // does not know the call.
                Err(unable @ (Errno::EINVAL | Errno::ENOSYS)) => {
                    match link_then_unlink(dir, from, to) {
                        // No directory has a second name: EINVAL had another
                        // reason.
                        Err(Errno::EPERM) => Err(unable),
                        done => done,
                    }
                }
                done => done,
            }
        }
    }
}

/// As atomic where it matters: it fails with EEXIST if the new name is taken.
/// For a moment the file has both names.
fn link_then_unlink(dir: BorrowedFd<'_>, from: &Path, to: &Path) -> Result<()> {
    unistd::linkat(dir, from, dir, to, AtFlags::empty())?;
    unistd::unlinkat(dir, from, UnlinkatFlags::NoRemoveDir).inspect_err(|_| {
        // Nothing has been renamed, so nothing may look as if it had.
        let _ = unistd::unlinkat(dir, to, UnlinkatFlags::NoRemoveDir);
    })
}

pub(super) fn link(dir: At, from: &Path, to: &Path) -> Result<()> {
    let dir = at(dir)?;
    unistd::linkat(dir, from, dir, to, AtFlags::empty())
}

pub(super) fn unlink(dir: At, path: &Path) -> Result<()> {
    unistd::unlinkat(at(dir)?, path, UnlinkatFlags::NoRemoveDir)
}

pub(super) fn mkdir(dir: At, path: &Path, mode: u32) -> Result<()> {
    stat::mkdirat(at(dir)?, path, permissions(mode))
}

pub(super) fn ftruncate(fd: RawFd, length: u64) -> Result<()> {
    let length = libc::off_t::try_from(length).map_err(|_| Errno::EINVAL)?;
    unistd::ftruncate(borrow(fd)?, length)
}

pub(super) fn fchown(fd: RawFd, uid: Option<Uid>, gid: Option<Gid>) -> Result<()> {
    id(uid.map(Uid::as_raw))?;
    id(gid.map(Gid::as_raw))?;
    unistd::fchown(borrow(fd)?, uid, gid)
}

pub(super) fn fchmod(fd: RawFd, mode: u32) -> Result<()> {
    stat::fchmod(borrow(fd)?, permissions(mode))
}

pub(super) fn fsync(fd: RawFd) -> Result<()> {
    unistd::fsync(borrow(fd)?)
}

pub(super) fn umask(mask: u32) -> u32 {
    stat::umask(permissions(mask)).bits()
}

/// The kernel, too, drops what is no permission bit.
fn permissions(mode: u32) -> Mode {
    Mode::from_bits_truncate(mode)
}

#[allow(
    clippy::useless_conversion,
    reason = "st_nlink is narrower on other machines"
)]
fn record(found: &stat::FileStat) -> Stat {
    let kind = match SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT {
        SFlag::S_IFREG => FileKind::Regular,
        SFlag::S_IFDIR => FileKind::Directory,
        SFlag::S_IFLNK => FileKind::Symlink,
        SFlag::S_IFIFO => FileKind::Fifo,
        SFlag::S_IFSOCK => FileKind::Socket,
        SFlag::S_IFCHR => FileKind::CharDevice,
        SFlag::S_IFBLK => FileKind::BlockDevice,
        _ => FileKind::Anonymous,
    };
    Stat {
        device: found.st_dev,
        inode: found.st_ino,
        kind,
        mode: found.st_mode & 0o7777,
        links: found.st_nlink.into(),
        uid: found.st_uid,
        gid: found.st_gid,
        size: found.st_size.unsigned_abs(),
    }
}
