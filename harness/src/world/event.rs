//! What happens in a world, in order.

use std::time::Duration;

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
        /// What was done: `passed`, `failed with EPERM`, `held`, `released`, `killed`.
        done: String,
    },
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
