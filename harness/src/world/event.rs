//! What happens in a world, in order.
//!
//! - [`shown`]: an event as a line of text;
//! - [`value`]: an event as what expectations look at.

pub mod shown;
pub mod value;

use std::path::PathBuf;
use std::time::Duration;

use daemonlab::sys::records::Ended;
use serde::{Deserialize, Serialize};

use super::spec::Role;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, since the world was made.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A launch was started.
    Launched {
        /// Its name.
        id: String,
        /// The launcher's PID.
        pid: i32,
    },
    /// A process ended that was the world's to reap.
    Ended {
        /// Which one.
        pid: i32,
        /// How.
        end: End,
    },
    /// A launch wrote something.
    Output {
        /// The launch.
        id: String,
        /// Whether it was stderr.
        stderr: bool,
        /// How many bytes.
        bytes: usize,
    },
    /// A fault matched a call.
    Fault {
        /// The fault's label.
        label: String,
        /// The caller's PID.
        pid: i32,
        /// The caller's role.
        role: Role,
        /// The call, by name.
        call: String,
        /// What was done: `passed`, `failed with EPERM`, `held`, `released`,
        /// `killed`, `cut to 3 bytes`, `signalled with SIGTERM`.
        done: String,
    },
    /// A traced task has made a visible call, which is over, was cut short, or
    /// never returns.
    Call {
        /// Who.
        by: Actor,
        /// What.
        call: Box<CallEvent>,
    },
    /// A signal is delivered to a traced task.
    Signal {
        /// To whom.
        to: Actor,
        /// Its number.
        signal: i32,
        /// `si_code` of `sigaction(2)`: `SI_USER` is 0, `SI_TKILL` -6, `SI_KERNEL` 128.
        code: i32,
        /// The PID of who has sent it, or of the child that it is about; 0 for
        /// the kernel.
        from_pid: i32,
        /// The real user id of that one, as the kernel shows it inside.
        from_uid: u32,
    },
    /// A traced task has made a process or a thread.
    Forked {
        /// Who.
        by: Actor,
        /// The new one.
        new: Actor,
        /// Whether it is a further thread of the same process.
        thread: bool,
    },
    /// A traced task has executed a program.
    Executed {
        /// Who.
        by: Actor,
        /// The program's path.
        path: Option<String>,
    },
    /// A traced process has ended. Its parent is told after this.
    Exited {
        /// Which one.
        by: Actor,
        /// How.
        end: End,
    },
    /// A traced task wants to trace, or to be traced, which a process under
    /// the tracer cannot.
    WantsPtrace {
        /// Who.
        by: Actor,
        /// The request, by its name in `ptrace(2)`.
        request: String,
    },
    /// A traced process makes calls by the numbering of another machine, as a
    /// 32-bit program does. None of them is seen. Told once a process.
    UnseenCalls {
        /// Who.
        by: Actor,
    },
    /// More happened than could be kept.
    Lost {
        /// How many events were dropped.
        events: u64,
    },
}

impl What {
    /// Whether it is about a traced task.
    pub fn is_traced(&self) -> bool {
        self.actor().is_some()
    }

    /// The traced task that it is about, or that has done it.
    pub fn actor(&self) -> Option<&Actor> {
        match self {
            What::Call { by, .. }
            | What::Forked { by, .. }
            | What::Executed { by, .. }
            | What::Exited { by, .. }
            | What::WantsPtrace { by, .. }
            | What::UnseenCalls { by }
            | What::Signal { to: by, .. } => Some(by),
            What::Launched { .. }
            | What::Ended { .. }
            | What::Output { .. }
            | What::Fault { .. }
            | What::Lost { .. } => None,
        }
    }
}

/// A traced task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Its name by pedigree: `0`, `0.1`, `0.1/t2`. The launches of a world are
    /// `0`, `1`, … in their order.
    pub task: String,
    /// Its process.
    pub pid: i32,
    /// Its thread; that of its process for the first one.
    pub tid: i32,
    /// What its process is in its launch.
    pub role: Role,
    /// Its launch.
    pub launch: String,
}

/// A visible call: who notices it besides its caller, see
/// [`What::Call`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEvent {
    /// Which of its task's visible calls it is, counted from 1.
    pub index: u64,
    /// Its name in section 2 of the manual.
    pub name: String,
    /// It with its arguments, in the form of
    /// [`daemonlab::sys::call::Call`] where that table has it.
    pub shown: String,
    /// Whether that table has it.
    pub in_table: bool,
    /// The paths that it names, made absolute; links in them are not followed.
    pub paths: Vec<PathBuf>,
    /// What its descriptor refers to, or the one that it has opened: a path,
    /// `pipe:[7]`, `socket:[9]`.
    pub object: Option<String>,
    /// Whether the last part of the path that it names was a symbolic link as it
    /// began, and it follows one: an open without `O_NOFOLLOW`, a `chmod(2)`.
    pub through_link: bool,
    /// The process that it is about, as `kill(2)` has it: below 0 a group, 0 the
    /// caller's own, -1 everybody. Of a pidfd, the process that it refers to.
    pub target: Option<i32>,
    /// The number of the signal that it sends; `None` if it sends none.
    pub signal: Option<i32>,
    /// When it began, since the world was made.
    pub began: Duration,
    /// What came of it.
    pub result: CallResult,
    /// The result as the table shows it: `ok`, `7`, `EPERM`.
    pub answer: String,
    /// Whether a fault has decided it, or has cut it short.
    pub injected: bool,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallResult {
    /// It gave this.
    Returned(i64),
    /// It failed with this errno.
    Failed(i32),
    /// It does not return, its task was killed in it, or the world ended
    /// before it did.
    Never,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It exited with this status.
    Exit(i32),
    /// This signal killed it.
    Signal(i32),
}

impl From<Ended> for End {
    fn from(end: Ended) -> End {
        match end {
            Ended::Exited(status) => End::Exit(status),
            Ended::Killed(signal) => End::Signal(signal.number()),
        }
    }
}
