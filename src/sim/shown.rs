//! How answers are shown in events and timelines: `= 1001`, `= EPERM`.

use std::fmt;

use crate::sys::Result;
use crate::sys::call::Ret;
use crate::sys::records::{Ended, Ids};

/// An answer, after the call that it belongs to.
pub(super) struct Shown<'a>(pub &'a Result<Ret>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Err(errno) => write!(f, " = {errno:?}"),
            Ok(answer) => show(answer, f),
        }
    }
}

fn show(answer: &Ret, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match answer {
        Ret::Unit => f.write_str(" = 0"),
        Ret::Pid(pid) => write!(f, " = {pid}"),
        Ret::Fd(fd) => write!(f, " = {fd}"),
        Ret::Fds((read, write)) => write!(f, " = [{read}, {write}]"),
        Ret::Bytes(bytes) => write!(f, " = \"{}\"", bytes.escape_ascii()),
        Ret::Size(size) => write!(f, " = {size}"),
        Ret::Numbers(numbers) => write!(f, " = {numbers:?}"),
        Ret::Waited(None) => f.write_str(" = none"),
        Ret::Waited(Some(waited)) => {
            write!(f, " = {} ", waited.pid)?;
            ended(waited.end, f)
        }
        Ret::Signals(set) => write!(f, " = {set}"),
        Ret::Disposition(disposition) => write!(f, " = {disposition:?}"),
        Ret::SignalInfo(info) => {
            write!(f, " = {} from {} (uid {})", info.signal, info.pid, info.uid)
        }
        Ret::Ids(Ids {
            real,
            effective,
            saved,
        }) => write!(f, " = {real}, {effective}, {saved}"),
        Ret::Groups(groups) => {
            f.write_str(" = [")?;
            for (i, group) in groups.iter().enumerate() {
                let gap = if i == 0 { "" } else { " " };
                write!(f, "{gap}{group}")?;
            }
            f.write_str("]")
        }
        Ret::Capabilities(sets) => write!(
            f,
            " = effective {:#x}, permitted {:#x}",
            sets.effective, sets.permitted
        ),
        Ret::Stat(stat) => write!(
            f,
            " = {:?} {:04o} {}:{}, {} bytes",
            stat.kind, stat.mode, stat.uid, stat.gid, stat.size
        ),
        Ret::Path(path) => write!(f, " = {path:?}"),
        Ret::Mode(mode) => write!(f, " = {mode:03o}"),
        Ret::Message(message) => {
            write!(f, " = \"{}\"", message.data.escape_ascii())?;
            match message.fds.is_empty() {
                true => Ok(()),
                false => write!(f, ", descriptors {:?}", message.fds),
            }
        }
        Ret::Peer(peer) => write!(f, " = {} (uid {})", peer.pid, peer.uid),
        Ret::Polled(events) => {
            f.write_str(" = [")?;
            for (i, events) in events.iter().enumerate() {
                let gap = if i == 0 { "" } else { ", " };
                f.write_str(gap)?;
                polled(events, f)?;
            }
            f.write_str("]")
        }
        Ret::Time(time) => write!(f, " = {time:?}"),
    }
}

fn polled(events: &crate::sys::records::PollEvents, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut gap = "";
    for (on, name) in [
        (events.readable, "readable"),
        (events.writable, "writable"),
        (events.hung_up, "hung up"),
        (events.error, "error"),
        (events.invalid, "invalid"),
    ] {
        if on {
            write!(f, "{gap}{name}")?;
            gap = " ";
        }
    }
    match gap {
        "" => f.write_str("-"),
        _ => Ok(()),
    }
}

/// `exited 1`, `killed by SIGKILL`.
pub(super) fn ended(end: Ended, f: &mut dyn fmt::Write) -> fmt::Result {
    match end {
        Ended::Exited(status) => write!(f, "exited {status}"),
        Ended::Killed(signal) => write!(f, "killed by {signal}"),
    }
}
