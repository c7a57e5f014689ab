//! How long init sleeps, and when virtual time jumps.

use std::time::Duration;

use super::{Init, Pending};
use crate::world::real::init::launch::now;

/// How much of the processors can be used in a row while virtual time stands
/// still; after that it passes as they are used, so that who never rests holds
/// up nobody. A machine that is busy with something else changes nothing.
const GRACE: Duration = Duration::from_secs(1);

/// The same for real time, for who neither rests nor uses a processor.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked without a pause whether somebody still runs.
const PATIENT: u32 = 200;

/// How long a moment at which nothing runs is waited for until it is looked
/// again. A processor that is yielded instead may be gone for much longer: what
/// else runs on a busy machine takes its turn.
const LOOK_AGAIN: Duration = Duration::from_micros(20);

impl Init {
    /// When what has happened is told to who waits for it. Where time is virtual
    /// it would pass meanwhile, so there it is at once.
    pub(super) fn events_due(&self) -> Option<Duration> {
        match self.tracer.time() {
            Some(_) => (!self.events.is_empty()).then_some(Duration::ZERO),
            None => self.events.due(),
        }
    }

    /// Until the next moment at which something is to be done.
    pub(super) fn timeout(&self) -> Option<Duration> {
        if self.tracer.time().is_some() {
            return match &self.pending {
                _ if self.tracer.has_more() => Some(Duration::ZERO),
                None => None,
                Some(Pending::Stand(_)) => Some(LOOK_AGAIN),
                // Who computes for long is not disturbed all the time.
                Some(_) if self.busy > PATIENT => Some(Duration::from_millis(1)),
                Some(_) => Some(Duration::ZERO),
            };
        }
        let pending = self.pending.as_ref().map(|pending| match pending {
            Pending::Wait(until) => self.events.due().map_or(*until, |due| due.min(*until)),
            // No event tells that a task has fallen asleep.
            Pending::Stand(_) => self.time() + LOOK_AGAIN,
            Pending::Connect(connection) => connection.until(),
        });
        let moment = pending.into_iter().chain(self.tracer.deadline()).min()?;
        Some(moment.saturating_sub(self.time()))
    }

    /// Lets virtual time jump, if the harness waits and nothing runs: twice in
    /// a row with nobody on a processor in between, since no event tells that
    /// somebody has fallen asleep.
    pub(super) fn pass_time(&mut self, idle: bool) {
        let until = match &self.pending {
            Some(Pending::Wait(until)) => *until,
            Some(Pending::Connect(connection)) => connection.until(),
            Some(Pending::Stand(_)) | None => return,
        };
        let Some(switches) = self.tracer.quiet().filter(|_| idle) else {
            self.seen = None;
            self.busy = self.busy.saturating_add(1);
            self.pass_busy_time();
            std::thread::yield_now();
            return;
        };
        self.busy = 0;
        self.busy_since = None;
        if self.seen.replace(switches) == Some(switches) {
            self.seen = None;
            let other = self.tracer.deadline().map_or(until, |at| at.min(until));
            self.tracer.jump(Some(other));
        }
    }

    /// Lets as much of virtual time pass as somebody has run beyond what is
    /// granted.
    fn pass_busy_time(&mut self) {
        let used = self.tracer.used();
        let Some((since, used_then)) = &mut self.busy_since else {
            self.busy_since = Some((now(), used));
            return;
        };
        let beyond = used.saturating_sub(*used_then + GRACE);
        let real = Duration::from_nanos(now().saturating_sub(*since));
        let real = real.saturating_sub(PATIENCE);
        *used_then += beyond;
        *since += real.as_nanos() as u64;
        self.tracer.pass_time(beyond.max(real));
    }
}
