//! Of signals: to whom they go, what they do, and what came.

use crate::sys::{Pid, Signal};

/// To whom `kill(2)` sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KillTarget {
    /// One process.
    Process(Pid),
    /// Every process of the group with this id.
    Group(Pid),
}

/// How `sigprocmask(2)` changes the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MaskHow {
    /// Add the set (`SIG_BLOCK`).
    Block,
    /// Take the set away (`SIG_UNBLOCK`).
    Unblock,
    /// Make it the set (`SIG_SETMASK`).
    Set,
}

/// What a signal does when it is delivered (`sigaction(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// The default action of `signal(7)`.
    Default,
    /// Nothing.
    Ignore,
    /// A handler that does nothing, without `SA_RESTART`: all it does is to
    /// interrupt a wait.
    Interrupt,
    /// A handler of the program's own. Only ever an answer.
    Foreign,
}

/// A signal that `sigtimedwait(2)` has taken, and who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalInfo {
    /// The signal.
    pub signal: Signal,
    /// The sender's PID (`si_pid`); 0 for the kernel, or for a sender outside
    /// the PID namespace.
    pub pid: Pid,
    /// The sender's real user id (`si_uid`).
    pub uid: u32,
}

impl SignalInfo {
    /// The size of `struct signalfd_siginfo` (`signalfd(2)`), in bytes.
    pub const SIGNALFD_SIZE: usize = 128;

    /// What a descriptor of `signalfd(2)` gave: its first, fourth and fifth
    /// number, of four bytes each.
    pub fn from_signalfd(bytes: &[u8]) -> Option<SignalInfo> {
        let number = |place: usize| {
            let bytes = bytes.get(4 * place..4 * place + 4)?;
            Some(u32::from_ne_bytes(bytes.try_into().ok()?))
        };
        if bytes.len() != SignalInfo::SIGNALFD_SIZE {
            return None;
        }
        Some(SignalInfo {
            signal: Signal::new(number(0)?.try_into().ok()?)?,
            pid: Pid::from_raw(number(3)?.try_into().ok()?),
            uid: number(4)?,
        })
    }

    /// The same as `signalfd(2)` gives it; what is no field is zero.
    pub fn to_signalfd(self) -> Vec<u8> {
        let mut bytes = vec![0; SignalInfo::SIGNALFD_SIZE];
        let numbers = [
            (0, self.signal.number().to_ne_bytes()),
            (3, self.pid.as_raw().to_ne_bytes()),
            (4, self.uid.to_ne_bytes()),
        ];
        for (place, number) in numbers {
            bytes[4 * place..4 * place + 4].copy_from_slice(&number);
        }
        bytes
    }
}
