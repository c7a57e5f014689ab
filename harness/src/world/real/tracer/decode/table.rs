//! A call as one of the library's table. What that has no word for, such as a
//! flag that no daemonizer of ours sets, is no call of it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use daemonlab::sys::call::Call;
use daemonlab::sys::records::*;
use daemonlab::sys::{Gid, Pid, Signal, SignalSet, Uid};

use super::super::memory;

/// How much of what is written is shown.
const DATA: usize = 256;

/// The call of this name with these arguments, of a stopped thread.
pub fn call(tid: i32, name: &str, args: &[u64; 6]) -> Option<Call> {
    let path = |n: usize| memory::path(tid, args[n]);
    let fd = |n: usize| args[n] as i32;
    let uid = |n: usize| (args[n] as u32 != u32::MAX).then(|| Uid::from_raw(args[n] as u32));
    let gid = |n: usize| (args[n] as u32 != u32::MAX).then(|| Gid::from_raw(args[n] as u32));
    Some(match name {
        "fork" => Call::Fork,
        "clone" => {
            let flags = args[0] as i32;
            let child = libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID;
            (flags & !child == libc::SIGCHLD).then_some(Call::Fork)?
        }
        "exit_group" => Call::Exit { status: fd(0) },
        "wait4" => Call::Wait {
            target: match fd(0) {
                -1 => WaitFor::Any,
                pid if pid > 0 => WaitFor::Pid(Pid::from_raw(pid)),
                _ => return None,
            },
            mode: wait_mode(fd(2))?,
        },
        "waitid" => Call::Wait {
            target: match args[0] as u32 {
                libc::P_ALL => WaitFor::Any,
                libc::P_PID => WaitFor::Pid(Pid::from_raw(fd(1))),
                _ => return None,
            },
            mode: wait_mode((fd(3) & libc::WEXITED != 0).then_some(fd(3) & !libc::WEXITED)?)?,
        },
        "setsid" => Call::SetSid,
        "getppid" => Call::GetPpid,
        "prctl" if fd(0) == libc::PR_SET_CHILD_SUBREAPER => {
            Call::SetChildSubreaper { on: args[1] != 0 }
        }
        "pidfd_open" if args[1] == 0 => Call::PidfdOpen {
            pid: Pid::from_raw(fd(0)),
        },
        "kill" => Call::Kill {
            target: match fd(0) {
                pid if pid > 0 => KillTarget::Process(Pid::from_raw(pid)),
                pid if pid < -1 => KillTarget::Group(Pid::from_raw(-pid)),
                _ => return None,
            },
            signal: signal(fd(1))?,
        },
        "pidfd_send_signal" => Call::PidfdSendSignal {
            pidfd: fd(0),
            signal: signal(fd(1))?,
        },
        "rt_sigaction" if args[1] != 0 => Call::SigAction {
            signal: Signal::new(fd(0))?,
            // The first word of the kernel's `struct sigaction`. Which handler
            // it is cannot be told.
            disposition: match memory::word(tid, args[1])? as libc::sighandler_t {
                libc::SIG_DFL => Disposition::Default,
                libc::SIG_IGN => Disposition::Ignore,
                _ => Disposition::Interrupt,
            },
        },
        "rt_sigprocmask" if args[1] != 0 => Call::SigMask {
            how: match fd(0) {
                libc::SIG_BLOCK => MaskHow::Block,
                libc::SIG_UNBLOCK => MaskHow::Unblock,
                libc::SIG_SETMASK => MaskHow::Set,
                _ => return None,
            },
            set: SignalSet::from_bits(memory::word(tid, args[1])?),
        },
        "signalfd4" if fd(0) == -1 => Call::SignalFd {
            set: SignalSet::from_bits(memory::word(tid, args[1])?),
        },
        "rt_sigtimedwait" => Call::SigTimedWait {
            set: SignalSet::from_bits(memory::word(tid, args[0])?),
            timeout: timeout(tid, args[2])?,
        },
        "setgroups" => Call::SetGroups {
            groups: {
                let count = usize::try_from(args[0]).ok().filter(|n| *n <= 65536)?;
                let bytes = memory::bytes(tid, args[1], 4 * count)?;
                let number = |four: &[u8]| u32::from_ne_bytes([four[0], four[1], four[2], four[3]]);
                let groups = bytes.chunks_exact(4).map(number);
                groups.map(Gid::from_raw).collect()
            },
        },
        "setresuid" => Call::SetResUid {
            real: uid(0),
            effective: uid(1),
            saved: uid(2),
        },
        "setresgid" => Call::SetResGid {
            real: gid(0),
            effective: gid(1),
            saved: gid(2),
        },
        "setuid" => Call::SetUid { uid: uid(0)? },
        "setgid" => Call::SetGid { gid: gid(0)? },
        "openat" => Call::Open {
            dir: at(fd(0)),
            path: path(1)?,
            how: open_how(fd(2))?,
            mode: open_mode(fd(2), args[3]),
        },
        "open" => Call::Open {
            dir: At::Cwd,
            path: path(0)?,
            how: open_how(fd(1))?,
            mode: open_mode(fd(1), args[2]),
        },
        "close" => Call::Close { fd: fd(0) },
        "read" => Call::Read {
            fd: fd(0),
            max: args[2] as usize,
        },
        "write" => Call::Write {
            fd: fd(0),
            data: memory::prefix(tid, args[1], (args[2] as usize).min(DATA)),
        },
        "dup2" => Call::Dup2 {
            from: fd(0),
            to: fd(1),
        },
        "dup3" if args[2] == 0 => Call::Dup2 {
            from: fd(0),
            to: fd(1),
        },
        "fcntl" if fd(1) == libc::F_SETFD => Call::SetCloseOnExec {
            fd: fd(0),
            on: fd(2) & libc::FD_CLOEXEC != 0,
        },
        "flock" => Call::Flock {
            fd: fd(0),
            lock: match fd(1) & !libc::LOCK_NB {
                libc::LOCK_EX => Lock::Exclusive,
                libc::LOCK_SH => Lock::Shared,
                libc::LOCK_UN => Lock::Unlock,
                _ => return None,
            },
        },
        "fstat" => Call::Fstat { fd: fd(0) },
        "newfstatat" => {
            let path = path(1)?;
            if path.as_os_str().is_empty() {
                Call::Fstat { fd: fd(0) }
            } else {
                Call::Stat {
                    dir: at(fd(0)),
                    path,
                    follow: match fd(3) & libc::AT_SYMLINK_NOFOLLOW {
                        0 => Follow::Yes,
                        _ => Follow::No,
                    },
                }
            }
        }
        "rename" => rename(At::Cwd, path(0)?, path(1)?, 0)?,
        "renameat" if args[0] == args[2] => rename(at(fd(0)), path(1)?, path(3)?, 0)?,
        "renameat2" if args[0] == args[2] => rename(at(fd(0)), path(1)?, path(3)?, args[4])?,
        "link" => Call::Link {
            dir: At::Cwd,
            from: path(0)?,
            to: path(1)?,
        },
        "linkat" if args[0] == args[2] && args[4] == 0 => Call::Link {
            dir: at(fd(0)),
            from: path(1)?,
            to: path(3)?,
        },
        "unlink" => Call::Unlink {
            dir: At::Cwd,
            path: path(0)?,
        },
        "unlinkat" if args[2] == 0 => Call::Unlink {
            dir: at(fd(0)),
            path: path(1)?,
        },
        "mkdir" => Call::Mkdir {
            dir: At::Cwd,
            path: path(0)?,
            mode: args[1] as u32,
        },
        "mkdirat" => Call::Mkdir {
            dir: at(fd(0)),
            path: path(1)?,
            mode: args[2] as u32,
        },
        "ftruncate" => Call::Ftruncate {
            fd: fd(0),
            length: args[1],
        },
        "fchown" => Call::Fchown {
            fd: fd(0),
            uid: uid(1),
            gid: gid(2),
        },
        "fchmod" => Call::Fchmod {
            fd: fd(0),
            mode: args[1] as u32,
        },
        "fsync" => Call::Fsync { fd: fd(0) },
        "chdir" => Call::Chdir { path: path(0)? },
        "umask" => Call::Umask {
            mask: args[0] as u32,
        },
        "pipe2" | "pipe" => Call::Pipe,
        "socket" if fd(0) == libc::AF_UNIX => Call::Socket {
            kind: match fd(1) & 0xf {
                libc::SOCK_STREAM => SocketKind::Stream,
                libc::SOCK_DGRAM => SocketKind::Datagram,
                _ => return None,
            },
        },
        "bind" => Call::Bind {
            fd: fd(0),
            address: unix_address(tid, args[1], args[2])?,
        },
        "connect" => Call::Connect {
            fd: fd(0),
            address: unix_address(tid, args[1], args[2])?,
        },
        "listen" => Call::Listen {
            fd: fd(0),
            backlog: args[1] as u32,
        },
        "shutdown" if fd(1) == libc::SHUT_WR => Call::EndSending { fd: fd(0) },
        "accept4" => Call::Accept { fd: fd(0) },
        "ppoll" => Call::Poll {
            fds: poll_fds(tid, args[0], args[1])?,
            timeout: timeout(tid, args[2])?,
            mask: match args[3] {
                0 => None,
                address => Some(SignalSet::from_bits(memory::word(tid, address)?)),
            },
        },
        _ => return None,
    })
}

fn at(fd: i32) -> At {
    match fd {
        libc::AT_FDCWD => At::Cwd,
        fd => At::Fd(fd),
    }
}

fn wait_mode(options: i32) -> Option<WaitMode> {
    match options {
        0 => Some(WaitMode::Block),
        libc::WNOHANG => Some(WaitMode::NoHang),
        _ => None,
    }
}

/// A signal, or the 0 that only asks.
fn signal(number: i32) -> Option<Option<Signal>> {
    match number {
        0 => Some(None),
        number => Signal::new(number).map(Some),
    }
}

/// A time span of the kernel's at `address`; none at all at 0.
fn timeout(tid: i32, address: u64) -> Option<Option<Duration>> {
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
fn open_how(flags: i32) -> Option<OpenHow> {
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
fn open_mode(flags: i32, mode: u64) -> u32 {
    match flags & libc::O_CREAT {
        0 => 0,
        _ => mode as u32,
    }
}

fn rename(dir: At, from: PathBuf, to: PathBuf, flags: u64) -> Option<Call> {
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

fn poll_fds(tid: i32, address: u64, count: u64) -> Option<Vec<PollFd>> {
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

#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests {
    use super::*;
    use rstest::rstest;

    fn shown(name: &str, args: &[u64]) -> Option<String> {
        let mut all = [0; 6];
        all[..args.len()].copy_from_slice(args);
        call(std::process::id() as i32, name, &all).map(|call| call.to_string())
    }

    const CWD: u64 = libc::AT_FDCWD as u64;

    #[rstest]
    #[case("clone", &[(libc::SIGCHLD | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID) as u64], Some("fork()"))]
    #[case("clone", &[libc::CLONE_VM as u64], None)]
    #[case("kill", &[7, 10], Some("kill(7, SIGUSR1)"))]
    #[case("kill", &[-7i64 as u64, 0], Some("kill(-7, 0)"))]
    #[case("kill", &[-1i64 as u64, 9], None)]
    #[case("wait4", &[u64::MAX, 0, libc::WNOHANG as u64], Some("wait4(any, no hang)"))]
    #[case("waitid", &[libc::P_PID as u64, 7, 0, libc::WEXITED as u64], Some("wait4(7)"))]
    #[case("waitid", &[libc::P_PID as u64, 7, 0, libc::WSTOPPED as u64], None)]
    #[case("setresuid", &[1, u32::MAX as u64, 3], Some("setresuid(1, -1, 3)"))]
    #[case("umask", &[0o27], Some("umask(027)"))]
    #[case("dup3", &[3, 1, libc::O_CLOEXEC as u64], None)]
    fn numbers_become_calls(
        #[case] name: &str,
        #[case] args: &[u64],
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(shown(name, args).as_deref(), expected);
    }

    #[test]
    fn memory_becomes_calls() {
        let (path, to) = (c"a.pid".as_ptr() as u64, c"b".as_ptr() as u64);
        let flags = (libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL | libc::O_CLOEXEC) as u64;
        assert_eq!(
            shown("openat", &[4, path, flags, 0o644]).unwrap(),
            "openat(4, \"a.pid\", write create exclusive ctty, 0644)"
        );
        assert_eq!(shown("openat", &[CWD, path, libc::O_TMPFILE as u64]), None);
        assert_eq!(
            shown("renameat2", &[CWD, path, CWD, to, 1]).unwrap(),
            "renameat2(\"a.pid\", \"b\", no replace)"
        );
        let set = [1u64 << 9];
        let time = [600u64, 0];
        assert_eq!(
            shown(
                "rt_sigtimedwait",
                &[set.as_ptr() as u64, 0, time.as_ptr() as u64, 8]
            )
            .unwrap(),
            "rt_sigtimedwait({SIGUSR1}, 600s)"
        );
        let groups = [5u32, 6];
        assert_eq!(
            shown("setgroups", &[2, groups.as_ptr() as u64]).unwrap(),
            "setgroups([5 6])"
        );
    }
}
