//! A call as one of the library's table. What that has no word for, such as a
//! flag that no daemonizer of ours sets, is no call of it.

use daemonlab::sys::call::Call;
use daemonlab::sys::records::*;
use daemonlab::sys::{Gid, Pid, Signal, SignalSet, Uid};

use super::super::memory;
use super::argument::{
    at, open_how, open_mode, poll_fds, rename, signal, timeout, unix_address, wait_mode,
};

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

#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests;
