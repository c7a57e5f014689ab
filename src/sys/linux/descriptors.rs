//! What is done to a descriptor, whatever it refers to.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use nix::dir::Dir;
use nix::fcntl::{AT_FDCWD, FcntlArg, FdFlag, OFlag};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::stat::Mode;

use crate::sys::records::{At, Lock};
use crate::sys::{Errno, Result};

/// The number as nix wants it.
///
/// # Errors
/// EBADF for a negative number.
pub(super) fn borrow(fd: RawFd) -> Result<BorrowedFd<'static>> {
    if fd < 0 {
        return Err(Errno::EBADF);
    }
    // SAFETY: the number goes to one system call and nowhere else, and for one
    // that is not open the kernel answers EBADF.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// The directory as nix wants it.
pub(super) fn at(dir: At) -> Result<BorrowedFd<'static>> {
    match dir {
        At::Cwd => Ok(AT_FDCWD),
        At::Fd(fd) => borrow(fd),
    }
}

/// The errno of an error of the standard library.
pub(super) fn io_errno(error: io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

pub(super) fn close(fd: RawFd) -> Result<()> {
    // SAFETY: the caller owns the number. libc and not nix, which takes
    // ownership of a type that may not hold a negative one.
    Errno::result(unsafe { libc::close(fd) }).map(drop)
}

pub(super) fn close_range(first: RawFd, last: RawFd) -> Result<()> {
    if first < 0 || first > last {
        return Err(Errno::EINVAL);
    }
    // SAFETY: the caller owns what is in the range; three integers.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    match Errno::result(closed) {
        // Before Linux 5.9, or below a filter that does not know the call
        // (some of which say EPERM).
        Err(Errno::ENOSYS | Errno::EPERM) => close_one_by_one(first, last),
        closed => closed.map(drop),
    }
}

fn close_one_by_one(first: RawFd, last: RawFd) -> Result<()> {
    let open = match list() {
        Ok(open) => open,
        // Without /proc, every number that could be open.
        Err(Errno::ENOENT) => {
            let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE)?;
            (0..RawFd::try_from(limit).unwrap_or(RawFd::MAX)).collect()
        }
        Err(errno) => return Err(errno),
    };
    for fd in open.into_iter().filter(|fd| (first..=last).contains(fd)) {
        // It is released even if close fails, and one that is not open is none
        // to complain of.
        let _ = close(fd);
    }
    Ok(())
}

pub(super) fn list() -> Result<Vec<RawFd>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut dir = Dir::open("/proc/self/fd", flags, Mode::empty())?;
    let own = dir.as_raw_fd();
    let mut open = Vec::new();
    for entry in dir.iter() {
        let entry = entry?;
        let name = entry.file_name().to_str().ok();
        // "." and ".." are no numbers.
        open.extend(name.and_then(|name| name.parse::<RawFd>().ok()));
    }
    open.retain(|&fd| fd != own);
    open.sort_unstable();
    Ok(open)
}

pub(super) fn read(fd: RawFd, max: usize) -> Result<Vec<u8>> {
    let mut data = vec![0; max];
    let length = nix::unistd::read(borrow(fd)?, &mut data)?;
    data.truncate(length);
    Ok(data)
}

pub(super) fn write(fd: RawFd, data: &[u8]) -> Result<usize> {
    nix::unistd::write(borrow(fd)?, data)
}

pub(super) fn dup2(from: RawFd, to: RawFd) -> Result<()> {
    // SAFETY: two integers; whatever `to` referred to is the caller's to close.
    Errno::result(unsafe { libc::dup2(from, to) }).map(drop)
}

pub(super) fn set_close_on_exec(fd: RawFd, on: bool) -> Result<()> {
    let flags = match on {
        true => FdFlag::FD_CLOEXEC,
        false => FdFlag::empty(),
    };
    nix::fcntl::fcntl(borrow(fd)?, FcntlArg::F_SETFD(flags)).map(drop)
}

pub(super) fn flock(fd: RawFd, lock: Lock) -> Result<()> {
    let operation = match lock {
        Lock::Exclusive => libc::LOCK_EX,
        Lock::Shared => libc::LOCK_SH,
        Lock::Unlock => libc::LOCK_UN,
    };
    // SAFETY: two integers. libc and not nix, whose `Flock` unlocks when it is
    // dropped: here the lock belongs to the open file, over forks.
    Errno::result(unsafe { libc::flock(fd, operation | libc::LOCK_NB) }).map(drop)
}
