//! Files, directories, locks, descriptors.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use super::call::{Call, Ret};
use super::records::{At, Follow, Lock, OpenHow, Replace, Stat};
use super::{Fd, Gid, Kernel, Result, Uid};

/// Files and descriptors (`inode(7)`, `path_resolution(7)`).
pub trait Files: Kernel {
    /// Opens `path`; a file that is created gets `mode` less the umask
    /// (`openat(2)`).
    ///
    /// # Errors
    /// EACCES, EEXIST, ELOOP, EMFILE, ENOENT, ENOSPC, ENOTDIR, EROFS, EISDIR,
    /// ENXIO.
    fn open(&self, dir: At, path: &Path, how: OpenHow, mode: u32) -> Result<Fd<Self>> {
        let path = path.to_path_buf();
        let raw = self
            .call(Call::Open {
                dir,
                path,
                how,
                mode,
            })
            .map(Ret::fd)?;
        Ok(Fd::from_raw(self, raw))
    }

    /// Closes a descriptor that no [`Fd`] owns (`close(2)`).
    ///
    /// # Errors
    /// EBADF.
    fn close(&self, fd: RawFd) -> Result<()> {
        self.call(Call::Close { fd }).map(Ret::unit)
    }

    /// Closes every descriptor from `first` to `last`, both included
    /// (`close_range(2)`, or one by one where the kernel has none).
    ///
    /// # Errors
    /// EINVAL.
    fn close_range(&self, first: RawFd, last: RawFd) -> Result<()> {
        self.call(Call::CloseRange { first, last }).map(Ret::unit)
    }

    /// The descriptors that are open, in ascending order (`/proc/self/fd`).
    ///
    /// # Errors
    /// ENOENT where `/proc` is not mounted, EMFILE.
    fn list_fds(&self) -> Result<Vec<RawFd>> {
        self.call(Call::ListFds).map(Ret::numbers)
    }

    /// Reads up to `max` bytes; none at the end of the file (`read(2)`).
    ///
    /// # Errors
    /// EAGAIN, EBADF, EINTR, EIO, EISDIR.
    fn read(&self, fd: RawFd, max: usize) -> Result<Vec<u8>> {
        self.call(Call::Read { fd, max }).map(Ret::bytes)
    }

    /// Writes `data` and says how much of it was written (`write(2)`).
    ///
    /// # Errors
    /// EAGAIN, EBADF, EINTR, EIO, ENOSPC, EPIPE.
    fn write(&self, fd: RawFd, data: &[u8]) -> Result<usize> {
        let data = data.to_vec();
        self.call(Call::Write { fd, data }).map(Ret::size)
    }

    /// Makes `to` a copy of `from`, not close-on-exec (`dup2(2)`). Where both
    /// are one number nothing happens, to close-on-exec neither.
    ///
    /// # Errors
    /// EBADF, EBUSY, EINTR.
    fn dup2(&self, from: RawFd, to: RawFd) -> Result<()> {
        self.call(Call::Dup2 { from, to }).map(Ret::unit)
    }

    /// Sets or clears close-on-exec (`fcntl(2)`, `F_SETFD`).
    ///
    /// # Errors
    /// EBADF.
    fn set_close_on_exec(&self, fd: RawFd, on: bool) -> Result<()> {
        self.call(Call::SetCloseOnExec { fd, on }).map(Ret::unit)
    }

    /// Locks or unlocks the open file; never waits (`flock(2)`).
    ///
    /// # Errors
    /// EWOULDBLOCK where another holds the lock; EINTR, ENOLCK.
    fn flock(&self, fd: RawFd, lock: Lock) -> Result<()> {
        self.call(Call::Flock { fd, lock }).map(Ret::unit)
    }

    /// What the descriptor refers to (`fstat(2)`).
    ///
    /// # Errors
    /// EBADF.
    fn fstat(&self, fd: RawFd) -> Result<Stat> {
        self.call(Call::Fstat { fd }).map(Ret::stat)
    }

    /// What has this name (`fstatat(2)`).
    ///
    /// # Errors
    /// EACCES, ELOOP, ENOENT, ENOTDIR.
    fn stat(&self, dir: At, path: &Path, follow: Follow) -> Result<Stat> {
        let path = path.to_path_buf();
        self.call(Call::Stat { dir, path, follow }).map(Ret::stat)
    }

    /// Gives the file `from` the name `to`, both looked up from `dir`
    /// (`renameat2(2)`).
    ///
    /// # Errors
    /// EACCES, EEXIST with [`Replace::No`], ENOENT, ENOSPC, EROFS, EXDEV.
    fn rename(&self, dir: At, from: &Path, to: &Path, replace: Replace) -> Result<()> {
        self.call(Call::Rename {
            dir,
            from: from.to_path_buf(),
            to: to.to_path_buf(),
            replace,
        })
        .map(Ret::unit)
    }

    /// Gives the file `from` the further name `to`, both looked up from `dir`;
    /// follows no link (`linkat(2)`).
    ///
    /// # Errors
    /// EACCES, EEXIST, EMLINK, ENOENT, ENOSPC, EPERM, EROFS.
    fn link(&self, dir: At, from: &Path, to: &Path) -> Result<()> {
        self.call(Call::Link {
            dir,
            from: from.to_path_buf(),
            to: to.to_path_buf(),
        })
        .map(Ret::unit)
    }

    /// Takes a name away (`unlinkat(2)`).
    ///
    /// # Errors
    /// EACCES, EBUSY, EISDIR, ENOENT, EROFS.
    fn unlink(&self, dir: At, path: &Path) -> Result<()> {
        let path = path.to_path_buf();
        self.call(Call::Unlink { dir, path }).map(Ret::unit)
    }

    /// Makes a directory with `mode` less the umask (`mkdirat(2)`).
    ///
    /// # Errors
    /// EACCES, EEXIST, ENOENT, ENOSPC, EROFS.
    fn mkdir(&self, dir: At, path: &Path, mode: u32) -> Result<()> {
        let path = path.to_path_buf();
        self.call(Call::Mkdir { dir, path, mode }).map(Ret::unit)
    }

    /// Cuts or extends the file to `length` bytes (`ftruncate(2)`).
    ///
    /// # Errors
    /// EBADF, EINVAL, EIO.
    fn ftruncate(&self, fd: RawFd, length: u64) -> Result<()> {
        self.call(Call::Ftruncate { fd, length }).map(Ret::unit)
    }

    /// Gives the file to an owner and a group; `None` keeps one (`fchown(2)`).
    ///
    /// # Errors
    /// EPERM, EINVAL for an id without a mapping, EROFS.
    fn fchown(&self, fd: RawFd, uid: Option<Uid>, gid: Option<Gid>) -> Result<()> {
        self.call(Call::Fchown { fd, uid, gid }).map(Ret::unit)
    }

    /// Sets the permission bits, whatever the umask (`fchmod(2)`).
    ///
    /// # Errors
    /// EPERM, EROFS.
    fn fchmod(&self, fd: RawFd, mode: u32) -> Result<()> {
        self.call(Call::Fchmod { fd, mode }).map(Ret::unit)
    }

    /// Flushes the file to its device (`fsync(2)`).
    ///
    /// # Errors
    /// EIO, ENOSPC, EINVAL.
    fn fsync(&self, fd: RawFd) -> Result<()> {
        self.call(Call::Fsync { fd }).map(Ret::unit)
    }

    /// Makes `path` the working directory (`chdir(2)`).
    ///
    /// # Errors
    /// EACCES, ELOOP, ENOENT, ENOTDIR.
    fn chdir(&self, path: &Path) -> Result<()> {
        let path = path.to_path_buf();
        self.call(Call::Chdir { path }).map(Ret::unit)
    }

    /// The working directory (`getcwd(2)`).
    ///
    /// # Errors
    /// ENOENT where it has been removed, EACCES.
    fn getcwd(&self) -> Result<PathBuf> {
        self.call(Call::GetCwd).map(Ret::path)
    }

    /// Sets the umask and gives the one before (`umask(2)`).
    ///
    /// # Errors
    /// None.
    fn umask(&self, mask: u32) -> Result<u32> {
        self.call(Call::Umask { mask }).map(Ret::mode)
    }
}

impl<K: Kernel> Files for K {}
