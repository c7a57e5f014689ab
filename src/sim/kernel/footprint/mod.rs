//! What a step reads and writes.
//!
//! Two rules make a footprint honest. It must name whatever the step's effect
//! and answer depend on, and whatever decides *what the footprint is*: a
//! condition that is looked at is read. And whoever can end, block or release
//! the step must write something that it reads.
//!
//! Two tricks keep it small. Whether a pipe has a writer left is asked of
//! holders, one key for each: closing one's own copy conflicts with nobody
//! else's closing, only with the reader. And where one open copy suffices to
//! know that there is a writer, only that witness is read.
//!
//! - `key`: what steps share;
//! - `calls`: which part of the rest a call is about;
//! - `waits`: calls that wait, and what ends their wait;
//! - `ends`: the end of a process, its orphans, and who reaps it;
//! - `sends`: signals, and the ids that permit them;
//! - `paths`, `open`, `sockets`: names, what is open and locked, sockets.

mod calls;
mod ends;
mod key;
mod open;
mod paths;
mod sends;
mod sockets;
mod waits;

use super::Machine;
use super::waiting::Move;
use crate::explore::{Footprint, TaskName};
use crate::sys::Signal;
use crate::sys::call::Call;

pub use key::Key;

/// A footprint that is being collected.
pub(super) struct Trace<'a> {
    machine: &'a Machine,
    task: TaskName,
    out: &'a mut Footprint<Key>,
}

impl Machine {
    /// What the next step of `task` reads and writes, or, while it is blocked,
    /// what it waits for.
    pub fn footprint(
        &self,
        task: TaskName,
        call: &Call,
        step: Option<Move>,
        out: &mut Footprint<Key>,
    ) {
        out.clear();
        out.read(Key::Life(task));
        let mut trace = Trace {
            machine: self,
            task,
            out,
        };
        match step {
            Some(Move::Dies(_)) => trace.begins_end(),
            Some(Move::Ends) => trace.finishes_end(),
            Some(Move::Stops(_)) => trace.unknown(),
            Some(Move::Enters) => {
                trace.out.write(Key::Rules(task));
                trace.waits(call);
            }
            Some(Move::Goes) | None => trace.goes(call),
        }
    }

    /// What the death of `task` at its next step reads and writes.
    pub fn footprint_of_death(&self, task: TaskName, out: &mut Footprint<Key>) {
        self.footprint(task, &Call::GetPid, Some(Move::Dies(Signal::KILL)), out);
    }
}

impl Trace<'_> {
    fn unknown(&mut self) {
        self.out.set_unknown();
    }
}
