//! What a child and what comes before it tell init.

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};

/// What a child tells init on its way; the socket closes at exec.
#[derive(Debug, PartialEq, Eq)]
pub enum Report {
    /// It is about to exec. If calls must stop, it waits to be traced first.
    Started {
        /// Its PID.
        pid: i32,
        /// The moment, in nanoseconds of `CLOCK_MONOTONIC`.
        at: u64,
    },
    /// It cannot go on with its plan.
    Broken {
        /// The errno.
        errno: i32,
        /// The step that has failed.
        step: u32,
        /// The path that was chosen for its program.
        chosen: u32,
    },
    /// What comes before its plan has failed.
    Failed {
        /// The errno.
        errno: i32,
        /// What it cannot do, as it fits after "cannot".
        what: String,
    },
}

/// How long a report is that a child makes without a heap.
pub const SHORT: usize = 13;

/// The bytes of [`Report::Started`].
pub fn started(pid: i32, at: u64) -> [u8; SHORT] {
    let mut bytes = [1; SHORT];
    bytes[1..5].copy_from_slice(&pid.to_le_bytes());
    bytes[5..].copy_from_slice(&at.to_le_bytes());
    bytes
}

/// Those of [`Report::Broken`].
pub fn broken(errno: i32, step: u32, chosen: u32) -> [u8; SHORT] {
    let mut bytes = [2; SHORT];
    bytes[1..5].copy_from_slice(&errno.to_le_bytes());
    bytes[5..9].copy_from_slice(&step.to_le_bytes());
    bytes[9..].copy_from_slice(&chosen.to_le_bytes());
    bytes
}

impl Report {
    /// Reads one; `None` if it is none.
    pub fn parse(bytes: &[u8]) -> Option<Report> {
        let (kind, rest) = bytes.split_first()?;
        let number = rest.first_chunk().map(|bytes| i32::from_le_bytes(*bytes));
        let word = |at| Some(u32::from_le_bytes(*rest.get(at..)?.first_chunk()?));
        Some(match kind {
            1 => Report::Started {
                pid: number?,
                at: u64::from_le_bytes(*rest.get(4..)?.first_chunk()?),
            },
            2 => Report::Broken {
                errno: number?,
                step: word(4)?,
                chosen: word(8)?,
            },
            3 => Report::Failed {
                errno: number?,
                what: String::from_utf8_lossy(rest.get(4..)?).into_owned(),
            },
            _ => return None,
        })
    }
}

/// What failed, and how.
#[derive(Debug)]
pub struct Failed {
    /// The errno.
    pub errno: Errno,
    /// What it was for, as it fits after "cannot".
    pub what: String,
}

impl Failed {
    /// This call, for this.
    pub fn new(errno: Errno, what: &str) -> Failed {
        Failed {
            errno,
            what: what.to_owned(),
        }
    }

    /// Tells init.
    pub fn report(&self, to: BorrowedFd<'_>) {
        let errno = (self.errno as i32).to_le_bytes();
        let bytes = [&[3][..], &errno, self.what.as_bytes()].concat();
        let _ = send(to.as_raw_fd(), &bytes, MsgFlags::MSG_NOSIGNAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_survive_the_way() {
        let at = 1 << 40;
        assert_eq!(
            Report::parse(&started(7, at)),
            Some(Report::Started { pid: 7, at })
        );
        let (errno, step, chosen) = (13, 5, 2);
        let expected = Report::Broken {
            errno,
            step,
            chosen,
        };
        assert_eq!(Report::parse(&broken(errno, step, chosen)), Some(expected));
        assert_eq!(
            Report::parse("\u{3}\r\0\0\0enter \"/ä\"".as_bytes()),
            Some(Report::Failed {
                errno,
                what: "enter \"/ä\"".to_owned(),
            })
        );
        assert_eq!(Report::parse(&[]), None);
        assert_eq!(Report::parse(&[1, 2]), None);
        assert_eq!(Report::parse(&[9]), None);
    }
}
