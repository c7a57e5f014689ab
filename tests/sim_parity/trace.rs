//! What a program did, turn by turn: what both worlds are compared by.

use std::fmt;

/// How a process stands after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has forked it.
    Unborn,
    /// It waits for its next turn.
    Idle,
    /// It waits in a call.
    Waits,
    /// A signal has stopped it.
    Stopped,
    /// It has ended, and nobody has waited for it.
    Zombie,
    /// It has ended, and is gone.
    Gone,
}

/// A call that has returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub process: usize,
    /// Which of the process's calls.
    pub index: usize,
    pub text: String,
}

/// A turn, and everything that followed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Whether the process could take its turn.
    pub taken: bool,
    /// The calls that have returned, in the order of the processes.
    pub answers: Vec<Answer>,
    /// How every process stands now.
    pub standing: Vec<Standing>,
}

/// All turns of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub moments: Vec<Moment>,
}

impl Trace {
    /// The first turn in which two traces differ, if any.
    pub fn differs_at(&self, other: &Trace) -> Option<usize> {
        let turns = self.moments.len().max(other.moments.len());
        (0..turns).find(|turn| self.moments.get(*turn) != other.moments.get(*turn))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.taken {
            f.write_str("no turn taken; ")?;
        }
        for answer in &self.answers {
            write!(
                f,
                "p{}'s call {}: {}; ",
                answer.process, answer.index, answer.text
            )?;
        }
        for (process, standing) in self.standing.iter().enumerate() {
            if *standing != Standing::Unborn {
                write!(f, "p{process} {standing:?} ")?;
            }
        }
        Ok(())
    }
}
