//! A call that is about to be made.

use std::time::Duration;

use super::Tracer;
use super::anew::shorten;
use super::task::Halt;
use crate::world::event::What;
use crate::world::real::tracer::call::TracedCall;
use crate::world::real::tracer::decider::{Act, Decider, Who};
use crate::world::real::tracer::recorder::InCall;
use crate::world::real::tracer::time::Entry;
use crate::world::real::tracer::tracee::{RawCall, Stopped};
use crate::world::real::tracer::visible;

impl Tracer {
    pub(super) fn call(&mut self, now: Duration, tid: i32, mut stopped: Stopped) {
        let raw = match stopped.call() {
            Ok(Some(raw)) => raw,
            Ok(None) => return self.unseen(now, tid, stopped),
            Err(_) => return self.go_on(tid, stopped),
        };
        let Some(task) = self.tasks.get_mut(&tid) else {
            let _ = stopped.go_on(None);
            return;
        };
        task.call = None;
        if let Some(mut call) = task.again.take_if(|again| is_again(&again.call.raw, &raw)) {
            match &mut self.clock {
                Some(clock) => {
                    if let Entry::Waits(restore) = clock.enter(&task.who, &mut stopped, &raw, true)
                    {
                        call.restore = restore;
                    }
                }
                None => {
                    let waited = now.saturating_sub(call.began);
                    call.restore = shorten(&mut stopped, &raw, waited).or(call.restore);
                }
            }
            task.call = Some(call);
            return self.go_on(tid, stopped);
        }
        let begun = self
            .family
            .get(task.who.pid)
            .is_some_and(|process| process.begun);
        let call = TracedCall::new(tid, raw);
        if !begun || call.makes_thread() {
            return self.go_on(tid, stopped);
        }
        if raw.number == libc::SYS_ptrace {
            let who = self.who(tid);
            if let Some(what) = visible::wants_ptrace(&who, &raw) {
                self.told.push((now, what));
            }
        }
        self.halt(now, tid, Some(stopped), Halt::Call(call));
    }

    /// Nobody knows here what its number means: it is told once, and made.
    fn unseen(&mut self, now: Duration, tid: i32, stopped: Stopped) {
        if let Some(task) = self.tasks.get_mut(&tid) {
            task.call = None;
            let pid = task.who.pid;
            let process = self.family.get_mut(pid);
            let is_news = process.is_some_and(|process| {
                process.begun && !std::mem::replace(&mut process.unseen, true)
            });
            if is_news {
                let by = self.who(tid).actor();
                self.told.push((now, What::UnseenCalls { by }));
            }
        }
        self.go_on(tid, stopped);
    }

    pub(super) fn carry_out(
        &mut self,
        now: Duration,
        who: &Who,
        mut stopped: Stopped,
        call: TracedCall,
        act: Act,
    ) {
        let number = call.raw.number;
        if act == Act::TakeBack {
            let _ = stopped.take_back_call(number);
            return self.runs(who.tid, stopped.go_on(None));
        }
        if act == Act::Kill {
            // It is not made any more.
            return self.runs(who.tid, stopped.go_on(None));
        }
        let mut in_call = self.recorder.begin(now, who, call);
        match act {
            Act::Pass | Act::Kill | Act::TakeBack => {}
            Act::Fail(_) | Act::Return(_) => {
                let result = match act {
                    Act::Fail(errno) => Err(errno),
                    Act::Return(value) => Ok(value),
                    _ => return,
                };
                in_call.injected = true;
                return self.answer(now, who, stopped, &in_call, result);
            }
            Act::Short(most) => {
                if let Some(index) = visible::count_argument(number) {
                    let asked = in_call.call.raw.args[index];
                    if stopped.set_argument(index, asked.min(most)).is_ok() {
                        in_call.restore = Some((index, asked));
                        in_call.injected = true;
                    }
                }
            }
            Act::Signal(signal) => {
                // SAFETY: numbers only. nix has no number for real-time signals.
                let _ = unsafe { libc::syscall(libc::SYS_tgkill, who.pid, who.tid, signal) };
            }
        }
        if act == Act::Pass
            && self.steer.steers(&who.launch)
            && let Some(given) = self.chance.answer(who, &in_call.call)
        {
            return self.answer(now, who, stopped, &in_call, Ok(given));
        }
        let mut timed = false;
        if act == Act::Pass
            && let Some(clock) = &mut self.clock
        {
            match clock.enter(who, &mut stopped, &in_call.call.raw, false) {
                Entry::Pass => {}
                Entry::Answer(result) => {
                    return self.answer(now, who, stopped, &in_call, result);
                }
                Entry::Waits(restore) => {
                    in_call.restore = restore;
                    timed = true;
                }
            }
        }
        if visible::never_returns(number) {
            if let Some(what) = self.recorder.never_over(who, &in_call) {
                self.told.push((now, what));
            }
            return self.runs(who.tid, stopped.go_on(None));
        }
        let wanted = timed
            || in_call.index.is_some()
            || in_call.restore.is_some()
            || number == libc::SYS_setsid
            || (visible::may_wait(number) && self.is_asked_about(who, number))
            || self.faults.waits_for_over(who, &in_call.call)
            || self
                .others
                .iter()
                .any(|other| other.waits_for_over(who, &in_call.call));
        if let Some(task) = self.tasks.get_mut(&who.tid) {
            task.call = wanted.then_some(in_call);
        }
        self.go_on(who.tid, stopped);
    }

    /// The call is not made, and gives this.
    fn answer(
        &mut self,
        now: Duration,
        who: &Who,
        mut stopped: Stopped,
        call: &InCall,
        result: Result<i64, i32>,
    ) {
        let raw = result.unwrap_or_else(|errno| -i64::from(errno));
        if stopped.skip_call(raw).is_ok() {
            self.over(now, who, call, result);
        }
        self.runs(who.tid, stopped.go_on(None));
    }

    /// Whether a decider that counts would count this call again if the kernel
    /// makes it again.
    fn is_asked_about(&self, who: &Who, number: i64) -> bool {
        !self.others.is_empty() || self.faults.concern(who, number)
    }
}

/// Whether `now` is the interrupted call made again.
fn is_again(interrupted: &RawCall, now: &RawCall) -> bool {
    interrupted == now || now.number == libc::SYS_restart_syscall
}
