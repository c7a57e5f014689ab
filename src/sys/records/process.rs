//! Of processes: whom to wait for, and how it ended.

use std::fmt;

use crate::sys::{Pid, Signal};

/// Which child to wait for (`waitid(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitFor {
    /// Any child.
    Any,
    /// This child.
    Pid(Pid),
}

/// Whether to wait for a child that has not ended yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitMode {
    /// Wait until one has ended.
    Block,
    /// Answer at once (`WNOHANG`).
    NoHang,
}

/// A child that has ended, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Waited {
    /// Which one.
    pub pid: Pid,
    /// How it ended.
    pub end: Ended,
}

/// How a process ended (`wait(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// It exited with this status, 0 to 255.
    Exited(i32),
    /// This signal killed it.
    Killed(Signal),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Exited(status) => write!(f, "exited with status {status}"),
            Ended::Killed(signal) => write!(f, "was killed by {signal}"),
        }
    }
}
