//! Programs of system calls, as data.
//!
//! Every process of a program has a list of calls of its own; the turns say in
//! which order the processes go. A process that can take no turn, since it
//! waits in a call, is stopped or has ended, leaves its turn out, and makes the
//! same call when the next comes.
//!
//! # What is symbolic in a call
//!
//! - **PIDs**: `n` is the `n`-th process of the program, in the order in which
//!   they are forked; [`NOBODY`] is never any, [`PARENT`] is whoever forked
//!   the caller and [`CHILD`] whom it forked last.
//! - **Descriptors**: below [`ANY`], the `n`-th of the caller's descriptors
//!   that suit the call; below [`LITERAL`], the `n - ANY`-th of all that it
//!   has; below [`EXACT`], the number `n - LITERAL` itself, unless what is open
//!   there is everybody's; from there on the number `n - EXACT`.

use std::fmt;

use daemonlab::sys::call::Call;

/// From here on a descriptor is any of the caller's.
pub const ANY: i32 = 100;
/// From here on a descriptor is a number.
pub const LITERAL: i32 = 200;
/// From here on a descriptor is a number, whatever it is open on.
pub const EXACT: i32 = 300;
/// A PID that nobody has.
pub const NOBODY: i32 = 100;
/// The process that forked the caller.
pub const PARENT: i32 = -2;
/// The process that the caller forked last.
pub const CHILD: i32 = -3;
/// How many processes a program has at most.
pub const MOST_PROCESSES: usize = 8;

/// A process goes on with its next call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Which process, in the order in which they are forked.
    pub process: usize,
    /// The call that is added to the end of its list.
    pub call: Call,
}

/// Stands for the terminal among the processes.
pub const TERMINAL: usize = usize::MAX;

impl Turn {
    /// No process goes on: the window of the terminal is closed.
    pub fn hang_up() -> Turn {
        Turn {
            process: TERMINAL,
            call: Call::Now,
        }
    }
}

/// How the first process starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// As root, with everything.
    #[default]
    Usual,
    /// The same, in the foreground of a terminal. Only there a program may
    /// look at the terminal: in the simulation there always is one.
    AtTerminal,
    /// Without `CAP_KILL` in the bounding set.
    WithoutKillInBounds,
}

/// A program of several processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its turns, in order.
    pub turns: Vec<Turn>,
    /// How it starts.
    pub start: Start,
}

impl Program {
    /// These turns, after the usual start.
    pub fn of(turns: Vec<Turn>) -> Program {
        Program {
            turns,
            start: Start::Usual,
        }
    }

    /// The calls of one process, in order.
    pub fn calls(&self, process: usize) -> impl Iterator<Item = &Call> {
        let turns = self.turns.iter();
        turns
            .filter(move |turn| turn.process == process)
            .map(|turn| &turn.call)
    }

    /// Whether the terminal is hung up in one of its turns.
    pub fn hangs_up(&self) -> bool {
        self.turns.iter().any(|turn| turn.process == TERMINAL)
    }

    /// The same, less what comes from the `length`-th turn on.
    pub fn cut(&self, length: usize) -> Program {
        let turns = self.turns[..length.min(self.turns.len())].to_vec();
        Program { turns, ..*self }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, turn) in self.turns.iter().enumerate() {
            match turn.process {
                TERMINAL => writeln!(f, "{number:>3}  the terminal is hung up")?,
                process => writeln!(f, "{number:>3}  p{process}  {}", turn.call)?,
            }
        }
        Ok(())
    }
}
