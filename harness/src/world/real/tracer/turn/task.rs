//! A traced thread, and what it is held at.

use crate::world::event::End;
use crate::world::real::tracer::call::TracedCall;
use crate::world::real::tracer::decider::{Act, Point, Who};
use crate::world::real::tracer::recorder::InCall;
use crate::world::real::tracer::steer::Looks;
use crate::world::real::tracer::tracee::{RawSignal, Running, Stopped};

/// A traced thread.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) who: Who,
    pub(super) state: State,
    /// The call that it is in, if its end is waited for.
    pub(super) call: Option<InCall>,
    /// The call that a signal has interrupted and the kernel makes again.
    pub(super) again: Option<InCall>,
    /// Whether it is not made again once a handler has run.
    pub(super) ends_by_handler: bool,
    /// Whether job control has stopped it.
    pub(super) job_stopped: bool,
    /// By which it is looked at whether it sleeps.
    pub(super) looks: Looks,
}

impl Task {
    pub(super) fn runs(&self) -> bool {
        matches!(self.state, State::Running(_))
    }
}

#[derive(Debug)]
pub(super) enum State {
    Running(Running),
    /// Stopped by a signal, until SIGCONT.
    JobControl(Running),
    Held(Held),
    /// While its stop is looked at.
    Between,
}

/// A stop that some decider holds.
#[derive(Debug)]
pub(super) struct Held {
    /// The thread, unless it has ended.
    pub(super) stopped: Option<Stopped>,
    pub(super) at: Halt,
    /// Which deciders hold it, in their order.
    pub(super) by: Vec<bool>,
    pub(super) act: Act,
}

impl Held {
    /// Whether it is a thread that was killed where it stood.
    pub(super) fn was_killed(&self) -> bool {
        self.stopped
            .as_ref()
            .is_some_and(|stopped| !stopped.stands())
    }
}

/// A [`Point`] that lasts.
#[derive(Debug)]
pub(super) enum Halt {
    Born,
    Call(TracedCall),
    Signal(RawSignal),
    Exiting,
    Ended(End),
    /// After a call: no decider is asked.
    Over,
}

impl Halt {
    /// What deciders are asked about, if they are.
    pub(super) fn point(&self) -> Option<Point<'_>> {
        Some(match self {
            Halt::Born => Point::Born,
            Halt::Call(call) => Point::Call(call),
            Halt::Signal(signal) => Point::Signal(signal),
            Halt::Exiting => Point::Exiting,
            Halt::Ended(end) => Point::Ended(*end),
            Halt::Over => return None,
        })
    }
}

/// What comes of two acts: the first that is one.
pub(super) fn first_act(first: Act, second: Act) -> Act {
    match first {
        Act::Pass => second,
        _ => first,
    }
}
