//! What can be seen in a world. Each record turns into a
//! [`Value`](crate::value::Value) with the
//! field names that scenario files use; [`schema`] lists them.

pub mod schema;
pub mod values;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::End;
use super::limits::{Limit, Resource};

/// A process, as `/proc` shows it (`proc(5)`). Ids are the sandbox's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessFacts {
    /// Its PID.
    pub pid: i32,
    /// Its parent's PID; 1 is the world's init.
    pub parent: i32,
    /// Its session's id.
    pub session: i32,
    /// Its process group's id.
    pub group: i32,
    /// Its name (`comm`), up to 15 bytes.
    pub name: String,
    /// Its arguments.
    pub command: Vec<String>,
    /// The program's path.
    pub executable: Option<String>,
    /// The letter of its state: R, S, D, T, t, Z, X.
    pub state: char,
    /// Its controlling terminal, such as `/dev/pts/0`.
    pub terminal: Option<String>,
    /// Its working directory.
    pub cwd: Option<String>,
    /// Its root directory.
    pub root: Option<String>,
    /// Its umask.
    pub umask: u32,
    /// Its descriptors and what they refer to: a path, `pipe:[7]`, `socket:[9]`.
    pub descriptors: BTreeMap<i32, String>,
    /// Real, effective, saved and file-system user id; `None` has no mapping.
    pub uid: [Option<u32>; 4],
    /// Real, effective, saved and file-system group id; `None` has no mapping.
    pub gid: [Option<u32>; 4],
    /// Supplementary groups, ascending; `None` has no mapping.
    pub groups: Vec<Option<u32>>,
    /// Inheritable, permitted, effective, bounding and ambient capabilities,
    /// bit `n` for capability `n`, in the order of `/proc/PID/status`.
    pub capabilities: [u64; 5],
    /// Whether exec can no longer raise its privileges.
    pub no_new_privs: bool,
    /// Pending signals of the process and its main thread, bit `n - 1` for signal `n`.
    pub pending: u64,
    /// Blocked signals.
    pub blocked: u64,
    /// Ignored signals.
    pub ignored: u64,
    /// Signals with a handler.
    pub caught: u64,
    /// The environment it was given at exec.
    pub environment: BTreeMap<String, String>,
    /// How many threads it has.
    pub threads: u32,
    /// Its resource limits (`proc_pid_limits(5)`); none where the world has none.
    pub limits: BTreeMap<Resource, Limit>,
}

/// A launch: the launcher's end and what came out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchFacts {
    /// The launcher's PID.
    pub pid: i32,
    /// The session that it was started in: its own, or on a terminal that of
    /// whoever holds the terminal.
    pub session: i32,
    /// How the launcher ended; `None` while it runs.
    pub end: Option<End>,
    /// From its start to its end, or until now.
    pub duration: Duration,
    /// What was written to stdout so far, by whomever.
    pub stdout: Captured,
    /// What was written to stderr so far, by whomever.
    pub stderr: Captured,
    /// How often each fault has matched a call, by label.
    pub matched: BTreeMap<String, u32>,
    /// When each fault matched, by label, since the world was made: the first
    /// hundred times.
    pub matched_at: BTreeMap<String, Vec<Duration>>,
}

/// Output, bounded: its head and its tail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The first bytes, as text; what is no UTF-8 is replaced.
    pub head: String,
    /// The last bytes, if some were left out between the two.
    pub tail: String,
    /// How many bytes were left out between them.
    pub omitted: u64,
}

impl Captured {
    /// The whole of it, with a line that says what was left out.
    pub fn text(&self) -> String {
        match self.omitted {
            0 => format!("{}{}", self.head, self.tail),
            n => format!("{}\n[... {n} bytes left out ...]\n{}", self.head, self.tail),
        }
    }
}

/// A file, not followed if it is a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// What it is: `regular`, `directory`, `symlink`, `fifo`, `socket`,
    /// `char-device`, `block-device`; `None` where there is nothing.
    pub kind: Option<String>,
    /// The content of a regular file, up to 64 KiB.
    pub content: Option<String>,
    /// What a link points to.
    pub target: Option<String>,
    /// Permission and set-id bits.
    pub mode: u32,
    /// Its owner; `None` has no mapping.
    pub uid: Option<u32>,
    /// Its group; `None` has no mapping.
    pub gid: Option<u32>,
    /// Its size in bytes.
    pub size: u64,
    /// The number of its names.
    pub links: u64,
    /// Its inode number.
    pub inode: u64,
    /// The PIDs of the processes that hold a lock on it (`flock`, `fcntl`),
    /// from `/proc/PID/fdinfo`, ascending.
    pub locked_by: Vec<i32>,
}

/// A socket that listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketFacts {
    /// `tcp` or `unix`.
    pub protocol: String,
    /// `127.0.0.1:80`, `[::1]:80`, a path, or `@name`.
    pub address: String,
    /// The PIDs of the processes that have it open, ascending.
    pub processes: Vec<i32>,
}
