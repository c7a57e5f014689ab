//! Single arguments as the library's records: numbers and flags as they are, and what lies behind
//! an address.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use daemonlab::sys::Signal;
use daemonlab::sys::call::Call;
use daemonlab::sys::records::*;

use super::super::memory;

pub fn at(fd: i32) -> At {
    match fd {
        libc::AT_FDCWD => At::Cwd,
        fd => At::Fd(fd),
    }
}

pub fn wait_mode(options: i32) -> Option<WaitMode> {
    match options {
        0 => Some(WaitMode::Block),
        libc::WNOHANG => Some(WaitMode::NoHang),
        _ => None,
    }
}

/// A signal, or the 0 that only asks.
pub fn signal(number: i32) -> Option<Option<Signal>> {
    match number {
        0 => Some(None),
        number => Signal::new(number).map(Some),
    }
}

/// A time span of the kernel's at `address`; none at all at 0.
pub fn timeout(tid: i32, address: u64) -> Option<Option<Duration>> {
    if address == 0 {
        return Some(None);
    }
    let (seconds, nanos) = (
        memory::word(tid, address)?,
        memory::word(tid, address.wrapping_add(8))?,
    );
    let nanos = u32::try_from(nanos).ok().filter(|n| *n < 1_000_000_000)?;
    Some(Some(Duration::new(seconds, nanos)))
}

/// `None` for flags that the table has no word for.
pub fn open_how(flags: i32) -> Option<OpenHow> {
    let known = libc::O_ACCMODE
        | libc::O_CREAT
        | libc::O_EXCL
        | libc::O_TRUNC
        | libc::O_APPEND
        | libc::O_NOFOLLOW
        | libc::O_DIRECTORY
        | libc::O_NONBLOCK
        | libc::O_NOCTTY
        | libc::O_CLOEXEC
        | libc::O_PATH
        | O_LARGEFILE;
    if flags & !known != 0 {
        return None;
    }
    let has = |flag: i32| flags & flag != 0;
    let access = match flags & libc::O_ACCMODE {
        _ if has(libc::O_PATH) => Access::Path,
        libc::O_RDONLY => Access::Read,
        libc::O_WRONLY => Access::Write,
        libc::O_RDWR => Access::ReadWrite,
        _ => return None,
    };
    Some(OpenHow {
        access,
        create: has(libc::O_CREAT),
        exclusive: has(libc::O_EXCL),
        truncate: has(libc::O_TRUNC),
        append: has(libc::O_APPEND),
        no_follow: has(libc::O_NOFOLLOW),
        directory: has(libc::O_DIRECTORY),
        non_blocking: has(libc::O_NONBLOCK),
        no_ctty: has(libc::O_NOCTTY),
        close_on_exec: has(libc::O_CLOEXEC),
    })
}

/// The C library sets it where it has no meaning.
const O_LARGEFILE: i32 = 0o100_000;

/// Without `O_CREAT` the kernel does not look at it.
pub fn open_mode(flags: i32, mode: u64) -> u32 {
    match flags & libc::O_CREAT {
        0 => 0,
        _ => mode as u32,
    }
}

pub fn rename(dir: At, from: PathBuf, to: PathBuf, flags: u64) -> Option<Call> {
    let replace = match flags as u32 {
        0 => Replace::Yes,
        libc::RENAME_NOREPLACE => Replace::No,
        _ => return None,
    };
    Some(Call::Rename {
        dir,
        from,
        to,
        replace,
    })
}

/// The address of a Unix socket (`unix(7)`).
pub fn unix_address(tid: i32, address: u64, length: u64) -> Option<UnixAddr> {
    let length = usize::try_from(length).ok().filter(|n| *n <= 110)?;
    let bytes = memory::bytes(tid, address, length)?;
    let (family, name) = bytes.split_first_chunk::<2>()?;
    if i32::from(u16::from_ne_bytes(*family)) != libc::AF_UNIX {
        return None;
    }
    match name {
        [] => None,
        [0, name @ ..] => Some(UnixAddr::Abstract(name.to_owned())),
        name => {
            let end = name.iter().position(|byte| *byte == 0);
            let name = name[..end.unwrap_or(name.len())].to_owned();
            Some(UnixAddr::Path(OsString::from_vec(name).into()))
        }
    }
}

pub fn poll_fds(tid: i32, address: u64, count: u64) -> Option<Vec<PollFd>> {
    let count = usize::try_from(count).ok().filter(|n| *n <= 1024)?;
    let bytes = memory::bytes(tid, address, 8 * count)?;
    let one = |record: &[u8]| {
        let (fd, events) = record.split_first_chunk::<4>()?;
        let events = i16::from_ne_bytes(*events.first_chunk()?);
        Some(PollFd {
            fd: i32::from_ne_bytes(*fd),
            read: events & libc::POLLIN != 0,
            write: events & libc::POLLOUT != 0,
        })
    };
    bytes.chunks_exact(8).map(one).collect()
}
