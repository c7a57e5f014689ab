//! How calls are shown: `openat(4, ".server.pid.7", write create, 0644)`.

use std::fmt;
use std::time::Duration;

use super::SignalSet;
use super::call::Call;
use super::records::*;

/// As `name(arguments)`.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name())?;
        arguments(self, f)?;
        f.write_str(")")
    }
}

fn arguments(call: &Call, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match call {
        Call::Fork
        | Call::GetPid
        | Call::GetPpid
        | Call::SetSid
        | Call::CountThreads
        | Call::SigPending
        | Call::GetResUid
        | Call::GetResGid
        | Call::GetGroups
        | Call::GetCapabilities
        | Call::ListFds
        | Call::GetCwd
        | Call::Pipe
        | Call::Now => Ok(()),
        Call::Exit { status } => write!(f, "{status}"),
        Call::Wait { target, mode } => {
            match target {
                WaitFor::Any => f.write_str("any")?,
                WaitFor::Pid(pid) => write!(f, "{pid}")?,
            }
            match mode {
                WaitMode::Block => Ok(()),
                WaitMode::NoHang => f.write_str(", no hang"),
            }
        }
        Call::GetSid { pid } | Call::GetPgid { pid } => match pid {
            None => f.write_str("self"),
            Some(pid) => write!(f, "{pid}"),
        },
        Call::SetChildSubreaper { on } => write!(f, "child subreaper {}", on_off(*on)),
        Call::PidfdOpen { pid } => write!(f, "{pid}"),
        Call::Kill { target, signal } => {
            match target {
                KillTarget::Process(pid) => write!(f, "{pid}, ")?,
                KillTarget::Group(pid) => write!(f, "-{pid}, ")?,
            }
            option(f, signal.as_ref(), "0")
        }
        Call::PidfdSendSignal { pidfd, signal } => {
            write!(f, "{pidfd}, ")?;
            option(f, signal.as_ref(), "0")
        }
        Call::SigMask { how, set } => {
            let how = match how {
                MaskHow::Block => "block",
                MaskHow::Unblock => "unblock",
                MaskHow::Set => "set",
            };
            write!(f, "{how}, {set}")
        }
        Call::SigAction {
            signal,
            disposition,
        } => {
            let disposition = match disposition {
                Disposition::Default => "default",
                Disposition::Ignore => "ignore",
                Disposition::Interrupt => "interrupt",
                Disposition::Foreign => "foreign",
            };
            write!(f, "{signal}, {disposition}")
        }
        Call::SigTimedWait { set, timeout } => write!(f, "{set}, {}", Shown(*timeout)),
        Call::SignalFd { set } => write!(f, "{set}"),
        Call::SetGroups { groups } => list(f, groups),
        Call::SetResUid {
            real,
            effective,
            saved,
        } => three(f, [real.as_ref(), effective.as_ref(), saved.as_ref()]),
        Call::SetResGid {
            real,
            effective,
            saved,
        } => three(f, [real.as_ref(), effective.as_ref(), saved.as_ref()]),
        Call::SetUid { uid } => write!(f, "{uid}"),
        Call::SetGid { gid } => write!(f, "{gid}"),
        Call::SetCapabilities { sets } => write!(
            f,
            "effective {:#x}, permitted {:#x}, inheritable {:#x}, ambient {:#x}",
            sets.effective, sets.permitted, sets.inheritable, sets.ambient
        ),
        Call::Open {
            dir,
            path,
            how,
            mode,
        } => {
            at(f, *dir)?;
            write!(f, "{path:?}, ")?;
            open_how(f, *how)?;
            if how.create {
                write!(f, ", {mode:04o}")?;
            }
            Ok(())
        }
        Call::Close { fd } | Call::Fstat { fd } | Call::Fsync { fd } | Call::Accept { fd } => {
            write!(f, "{fd}")
        }
        Call::GetPeer { fd } => write!(f, "{fd}, SO_PEERCRED"),
        Call::CloseRange { first, last } => write!(f, "{first}, {last}"),
        Call::Read { fd, max } => write!(f, "{fd}, {max}"),
        Call::Write { fd, data } => write!(f, "{fd}, \"{}\"", data.escape_ascii()),
        Call::Dup2 { from, to } => write!(f, "{from}, {to}"),
        Call::SetCloseOnExec { fd, on } => write!(f, "{fd}, close-on-exec {}", on_off(*on)),
        Call::Flock { fd, lock } => {
            let lock = match lock {
                Lock::Exclusive => "exclusive",
                Lock::Shared => "shared",
                Lock::Unlock => "unlock",
            };
            write!(f, "{fd}, {lock}")
        }
        Call::Stat { dir, path, follow } => {
            at(f, *dir)?;
            let follow = match follow {
                Follow::Yes => "",
                Follow::No => ", no follow",
            };
            write!(f, "{path:?}{follow}")
        }
        Call::Rename {
            dir,
            from,
            to,
            replace,
        } => {
            at(f, *dir)?;
            let replace = match replace {
                Replace::Yes => "",
                Replace::No => ", no replace",
            };
            write!(f, "{from:?}, {to:?}{replace}")
        }
        Call::Link { dir, from, to } => {
            at(f, *dir)?;
            write!(f, "{from:?}, {to:?}")
        }
        Call::Unlink { dir, path } => {
            at(f, *dir)?;
            write!(f, "{path:?}")
        }
        Call::Mkdir { dir, path, mode } => {
            at(f, *dir)?;
            write!(f, "{path:?}, {mode:04o}")
        }
        Call::Ftruncate { fd, length } => write!(f, "{fd}, {length}"),
        Call::Fchown { fd, uid, gid } => {
            write!(f, "{fd}, ")?;
            option(f, uid.as_ref(), "-1")?;
            f.write_str(", ")?;
            option(f, gid.as_ref(), "-1")
        }
        Call::Fchmod { fd, mode } => write!(f, "{fd}, {mode:04o}"),
        Call::Chdir { path } => write!(f, "{path:?}"),
        Call::Umask { mask } => write!(f, "{mask:03o}"),
        Call::Socket { kind } => f.write_str(match kind {
            SocketKind::Stream => "unix, stream",
            SocketKind::Datagram => "unix, datagram",
        }),
        Call::Bind { fd, address } | Call::Connect { fd, address } => {
            write!(f, "{fd}, ")?;
            unix_addr(f, address)
        }
        Call::EndSending { fd } => write!(f, "{fd}, write"),
        Call::Listen { fd, backlog } => write!(f, "{fd}, {backlog}"),
        Call::Send { fd, data, fds, to } => {
            write!(f, "{fd}, \"{}\"", data.escape_ascii())?;
            if !fds.is_empty() {
                write!(f, ", descriptors {fds:?}")?;
            }
            if let Some(to) = to {
                f.write_str(", ")?;
                unix_addr(f, to)?;
            }
            Ok(())
        }
        Call::Receive {
            fd,
            max_bytes,
            max_fds,
        } => write!(f, "{fd}, {max_bytes}, {max_fds} descriptors"),
        Call::Poll { fds, timeout, mask } => {
            f.write_str("[")?;
            for (i, poll) in fds.iter().enumerate() {
                let gap = if i == 0 { "" } else { ", " };
                let read = if poll.read { " read" } else { "" };
                let write = if poll.write { " write" } else { "" };
                write!(f, "{gap}{}{read}{write}", poll.fd)?;
            }
            write!(f, "], {}, {}", Shown(*timeout), ShownMask(*mask))
        }
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn at(f: &mut fmt::Formatter<'_>, dir: At) -> fmt::Result {
    match dir {
        At::Cwd => Ok(()),
        At::Fd(fd) => write!(f, "{fd}, "),
    }
}

fn option<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    value: Option<&T>,
    none: &str,
) -> fmt::Result {
    match value {
        Some(value) => write!(f, "{value}"),
        None => f.write_str(none),
    }
}

fn three<T: fmt::Display>(f: &mut fmt::Formatter<'_>, ids: [Option<&T>; 3]) -> fmt::Result {
    for (i, id) in ids.into_iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        option(f, id, "-1")?;
    }
    Ok(())
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, values: &[T]) -> fmt::Result {
    f.write_str("[")?;
    for (i, value) in values.iter().enumerate() {
        let gap = if i == 0 { "" } else { " " };
        write!(f, "{gap}{value}")?;
    }
    f.write_str("]")
}

fn open_how(f: &mut fmt::Formatter<'_>, how: OpenHow) -> fmt::Result {
    f.write_str(match how.access {
        Access::Read => "read",
        Access::Write => "write",
        Access::ReadWrite => "read write",
        Access::Path => "path",
    })?;
    for (on, name) in [
        (how.create, " create"),
        (how.exclusive, " exclusive"),
        (how.truncate, " truncate"),
        (how.append, " append"),
        (how.no_follow, " no-follow"),
        (how.directory, " directory"),
        (how.non_blocking, " non-blocking"),
        (!how.no_ctty, " ctty"),
        (!how.close_on_exec, " keep-on-exec"),
    ] {
        if on {
            f.write_str(name)?;
        }
    }
    Ok(())
}

fn unix_addr(f: &mut fmt::Formatter<'_>, address: &UnixAddr) -> fmt::Result {
    match address {
        UnixAddr::Path(path) => write!(f, "{path:?}"),
        UnixAddr::Abstract(name) => write!(f, "\"@{}\"", name.escape_ascii()),
    }
}

/// A duration as calls print it: milliseconds where that is exact.
struct Shown(Option<Duration>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("for ever"),
            Some(time) => write!(f, "{time:?}"),
        }
    }
}

/// A mask as calls print it.
struct ShownMask(Option<SignalSet>);

impl fmt::Display for ShownMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("mask unchanged"),
            Some(set) => write!(f, "mask {set}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::sys::{Pid, Signal, SignalSet};

    #[test]
    fn calls_read_as_in_strace() {
        let create = OpenHow {
            create: true,
            exclusive: true,
            ..OpenHow::new(Access::Write)
        };
        for (call, shown) in [
            (Call::Fork, "fork()"),
            (
                Call::Kill {
                    target: KillTarget::Process(Pid::from_raw(7)),
                    signal: Some(Signal::USR1),
                },
                "kill(7, SIGUSR1)",
            ),
            (
                Call::Open {
                    dir: At::Fd(4),
                    path: PathBuf::from("a.pid"),
                    how: create,
                    mode: 0o644,
                },
                "openat(4, \"a.pid\", write create exclusive, 0644)",
            ),
            (
                Call::Write {
                    fd: 5,
                    data: b"7\n".to_vec(),
                },
                "write(5, \"7\\n\")",
            ),
            (
                Call::Poll {
                    fds: vec![PollFd {
                        fd: 3,
                        read: true,
                        write: false,
                    }],
                    timeout: Some(Duration::from_secs(600)),
                    mask: Some(SignalSet::EMPTY),
                },
                "ppoll([3 read], 600s, mask {})",
            ),
        ] {
            assert_eq!(call.to_string(), shown);
        }
    }
}
