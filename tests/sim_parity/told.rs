//! Answers as text, in which both worlds have to agree.
//!
//! PIDs become the order of their forks, and inodes the order in which the
//! process has seen them. What Linux does not promise, or what the machine
//! decides, is left out: the size of a directory, the owner of a device, the
//! time itself.

use std::time::Duration;

use daemonlab::sys::call::Ret;
use daemonlab::sys::records::{FileKind, Stat};
use daemonlab::sys::{Pid, Result};

/// The names that a process has given to numbers.
pub struct Told {
    first: i32,
    inodes: Vec<(u64, u64)>,
    clock: Duration,
}

/// Up to which length data are told in full.
const SHORT: usize = 40;

impl Told {
    pub fn new(first: i32) -> Told {
        Told {
            first,
            inodes: Vec::new(),
            clock: Duration::ZERO,
        }
    }

    pub fn text(&mut self, answer: &Result<Ret>) -> String {
        match answer {
            Err(errno) => format!("{errno:?}"),
            Ok(answer) => self.answer(answer),
        }
    }

    fn answer(&mut self, answer: &Ret) -> String {
        match answer {
            Ret::Unit => "done".to_owned(),
            Ret::Pid(pid) => self.pid(*pid),
            Ret::Waited(None) => "none has ended".to_owned(),
            Ret::Waited(Some(waited)) => format!("{} {}", self.pid(waited.pid), waited.end),
            Ret::SignalInfo(info) => {
                let sender = self.pid(info.pid);
                format!("{} from {sender}, user {}", info.signal, info.uid)
            }
            Ret::Peer(peer) => format!("{} {} {}", self.pid(peer.pid), peer.uid, peer.gid),
            Ret::Stat(stat) => self.stat(stat),
            Ret::Bytes(data) => bytes(data),
            Ret::Message(message) => format!("{} with {:?}", bytes(&message.data), message.fds),
            Ret::Time(time) => {
                let ascends = *time >= self.clock;
                self.clock = *time;
                format!("ascends: {ascends}")
            }
            other => format!("{other:?}"),
        }
    }

    fn pid(&self, pid: Pid) -> String {
        match pid.as_raw() {
            0 => "nobody".to_owned(),
            1 => "init".to_owned(),
            2 => "the starter".to_owned(),
            pid => format!("p{}", pid - self.first),
        }
    }

    fn stat(&mut self, stat: &Stat) -> String {
        let identity = (stat.device, stat.inode);
        let known = self.inodes.iter().position(|known| *known == identity);
        let name = known.unwrap_or_else(|| {
            self.inodes.push(identity);
            self.inodes.len() - 1
        });
        let size = match stat.kind {
            FileKind::Directory => 0,
            _ => stat.size,
        };
        let owner = match stat.kind {
            FileKind::CharDevice => "somebody's".to_owned(),
            _ => format!("{}:{}", stat.uid, stat.gid),
        };
        format!(
            "{:?} i{name} mode {:o} {owner}, {} links, {size} bytes",
            stat.kind, stat.mode, stat.links
        )
    }
}

fn bytes(data: &[u8]) -> String {
    if data.len() <= SHORT {
        return format!("{:?}", String::from_utf8_lossy(data));
    }
    let sum: u64 = data.iter().map(|byte| u64::from(*byte)).sum();
    format!("{} bytes that add up to {sum}", data.len())
}
