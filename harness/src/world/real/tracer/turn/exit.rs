//! A call that is over, or that a signal has interrupted.

use std::time::Duration;

use super::Tracer;
use super::anew::instead;
use crate::world::real::proc::status::Status;
use crate::world::real::tracer::decider::{Decider, Who};
use crate::world::real::tracer::recorder::InCall;
use crate::world::real::tracer::tracee::Stopped;

impl Tracer {
    pub(super) fn call_over(&mut self, now: Duration, tid: i32, mut stopped: Stopped) {
        let task = self.tasks.get_mut(&tid);
        let over = task.and_then(|task| task.call.take());
        if let (Some(call), Ok(result)) = (over, stopped.result()) {
            if let Some((index, value)) = call.restore {
                let _ = stopped.set_argument(index, value);
            }
            let result = instead(&mut stopped, call.call.raw.number, result);
            let result = match &mut self.clock {
                Some(clock) => clock.leave(tid, &mut stopped, result),
                None => result,
            };
            if restarts(result) {
                if let Some(task) = self.tasks.get_mut(&tid) {
                    task.again = Some(call);
                    task.ends_by_handler = ends_by_handler(result);
                }
            } else {
                let pid = self.tasks[&tid].who.pid;
                if call.call.raw.number == libc::SYS_setsid
                    && let (Ok(session), Some(process)) = (result, self.family.get_mut(pid))
                {
                    process.session = session as i32;
                }
                let who = self.who(tid);
                self.over(now, &who, &call, result);
            }
        }
        self.go_on(tid, stopped);
    }

    /// A signal whose handler runs ends a timed wait that it has interrupted.
    pub(super) fn interrupted(&mut self, now: Duration, tid: i32, signal: i32) {
        let clock = self.clock.as_mut();
        if !clock.is_some_and(|clock| clock.interrupts(tid, signal)) {
            return;
        }
        let task = self.tasks.get_mut(&tid);
        if let Some(call) = task.and_then(|task| task.again.take()) {
            let who = self.who(tid);
            self.over(now, &who, &call, Err(libc::EINTR));
        }
    }

    /// A signal is delivered. If a handler runs, the call that it has
    /// interrupted fails, unless the kernel makes it again all the same: whoever
    /// makes it once more makes another.
    pub(super) fn interrupt(&mut self, now: Duration, who: &Who, signal: i32) {
        let is_caught = || {
            let status = Status::read(who.tid);
            status.is_some_and(|status| status.caught & 1 << (signal - 1) != 0)
        };
        let task = self.tasks.get_mut(&who.tid);
        let call = task
            .filter(|task| task.again.is_some() && task.ends_by_handler && is_caught())
            .and_then(|task| task.again.take());
        if let Some(call) = call {
            self.over(now, who, &call, Err(libc::EINTR));
        }
    }

    /// A call is over.
    pub(super) fn over(
        &mut self,
        now: Duration,
        who: &Who,
        call: &InCall,
        result: Result<i64, i32>,
    ) {
        self.faults.over(who, &call.call, result);
        for other in &mut self.others {
            other.over(who, &call.call, result);
        }
        if let Some(what) = self.recorder.over(who, call, result) {
            self.told.push((now, what));
        }
    }
}

/// Whether the kernel makes the call again by itself: the errnos of
/// `linux/errno.h` that no program sees, ERESTARTSYS, ERESTARTNOINTR,
/// ERESTARTNOHAND and ERESTART_RESTARTBLOCK.
fn restarts(result: Result<i64, i32>) -> bool {
    matches!(result, Err(512..=514 | 516))
}

/// Whether a handler ends it whatever its flags say: ERESTARTNOHAND and
/// ERESTART_RESTARTBLOCK (`signal(7)`, "Interruption of system calls").
fn ends_by_handler(result: Result<i64, i32>) -> bool {
    matches!(result, Err(514 | 516))
}
