//! What becomes of a stop: the tracer asks, deciders say.
//!
//! A decider sees every stop and says what happens. Faults are one; others can
//! be added ([`Tracer::add`](super::Tracer::add)): one that chooses which of
//! the stopped tasks goes on, one that answers for the clock. A task goes on
//! once no decider holds it any more; what happens then is what the first of
//! them says that does not let it pass.

use std::fmt::Debug;
use std::time::Duration;

use daemonlab::explore::TaskName;

use super::call::TracedCall;
use super::tracee::RawSignal;
use crate::world::event::{Actor, End, What};
use crate::world::spec::Role;

/// A task, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Its name, by pedigree. The launches of a world are the first tasks `0`,
    /// `1`, … in their order.
    pub task: TaskName,
    /// Its thread id.
    pub tid: i32,
    /// Its process.
    pub pid: i32,
    /// What its process is in its launch.
    pub role: Role,
    /// Its launch.
    pub launch: String,
}

impl Who {
    /// It as events name it.
    pub fn actor(&self) -> Actor {
        Actor {
            task: self.task.to_string(),
            pid: self.pid,
            tid: self.tid,
            role: self.role,
            launch: self.launch.clone(),
        }
    }
}

/// A task that has stopped.
#[derive(Debug)]
pub struct Stop<'a> {
    /// Who.
    pub who: &'a Who,
    /// Where.
    pub at: Point<'a>,
}

/// Where a task has stopped.
#[derive(Debug)]
pub enum Point<'a> {
    /// Before its first instruction.
    Born,
    /// Before a call that the filter names.
    Call(&'a TracedCall),
    /// Before a signal is delivered.
    Signal(&'a RawSignal),
    /// Before it ends: its files are still open, and nobody was told.
    Exiting,
    /// It has ended, and whose child it is will be told once it goes on. Of a
    /// process, that is told once its last thread has.
    Ended(End),
}

/// What a decider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// As far as this decider is concerned, it goes on.
    Go(Act),
    /// It stays stopped; the decider is asked again.
    Hold,
}

impl Decision {
    /// It goes on as if nobody looked.
    pub const PASS: Decision = Decision::Go(Act::Pass);
}

/// What happens as it goes on. All but `Pass` and `Kill` are for calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing special.
    Pass,
    /// The call fails with this errno and is not carried out.
    Fail(i32),
    /// The call gives this and is not carried out.
    Return(i64),
    /// The call reads or writes at most so many bytes.
    Short(u64),
    /// The caller gets this signal as its call begins.
    Signal(i32),
    /// The call has not begun: signals that are pending are delivered first,
    /// and then it is made again.
    TakeBack,
    /// The process is killed by SIGKILL.
    Kill,
}

/// Says what becomes of stops. It must not wait.
pub trait Decider: Debug {
    /// A task has stopped; asked once for each stop. What there is to tell is
    /// added to `told`.
    fn arrive(&mut self, now: Duration, stop: &Stop<'_>, told: &mut Vec<What>) -> Decision;

    /// Asked for each stop that it holds, in the order of their arrival,
    /// whenever something has happened.
    fn again(&mut self, now: Duration, stop: &Stop<'_>, told: &mut Vec<What>) -> Decision;

    /// Whether it wants to know when this call, which it has just let go, is
    /// over. That costs a stop more.
    fn waits_for_over(&self, who: &Who, call: &TracedCall) -> bool {
        let _ = (who, call);
        false
    }

    /// A call is over: it gave a value or an errno, carried out or not.
    fn over(&mut self, who: &Who, call: &TracedCall, result: Result<i64, i32>) {
        let _ = (who, call, result);
    }

    /// When it wants to be asked again, if nothing happens before.
    fn deadline(&self) -> Option<Duration> {
        None
    }

    /// A task that it may hold was killed.
    fn gone(&mut self, tid: i32) {
        let _ = tid;
    }
}
