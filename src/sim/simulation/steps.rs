//! Carrying a step out: on the machine, and in the program whose call it was.

use super::look::code;
use super::{Event, NO_PANIC, REPEATS_ITSELF, Simulation, Task};
use crate::explore::{Failure, TaskName};
use crate::sim::kernel::{Move, Refusal, Step};
use crate::sim::thread::Halt;
use crate::sys::call::{Call, Ret};
use crate::sys::records::Ended;
use crate::sys::{Errno, Pid, Result, Signal};

impl Simulation {
    /// Lets a program run to its next call.
    pub(super) fn resume(&mut self, name: TaskName, answer: Result<Ret>) {
        let Some(task) = self.tasks.get_mut(&name) else {
            return;
        };
        match task.thread.run(answer, &mut self.stacks) {
            Halt::Call(call) => {
                task.begins = waits_for_a_time(&call);
                if !task.begins {
                    self.machine.issue(name, &call);
                }
                task.code = code(&call);
                task.call = call;
            }
            Halt::Panicked(message) => {
                self.fail(NO_PANIC, format!("process {name}: {message}"));
                self.abort(name);
            }
            Halt::Astray(astray) => {
                self.fail(REPEATS_ITSELF, format!("process {name}: {astray}"));
                self.abort(name);
            }
        }
    }

    pub(super) fn fail(&mut self, rule: &str, evidence: String) {
        let failure = Failure {
            rule: rule.to_owned(),
            evidence,
        };
        self.broken.get_or_insert(failure);
    }

    pub(super) fn abort(&mut self, name: TaskName) {
        self.machine.end_now(name, Ended::Killed(Signal::ABRT));
        self.bury(name);
    }

    /// Drops the program of a process that runs no further.
    pub(super) fn bury(&mut self, name: TaskName) {
        if let Some(task) = self.tasks.get_mut(&name) {
            task.thread.end(&mut self.stacks);
        }
        if !self.machine.is_listed(name) {
            self.tasks.remove(&name);
        }
    }

    /// Lets the time of a wait count from now on.
    pub(super) fn begin(&mut self, name: TaskName) {
        let task = self.tasks.get_mut(&name).expect("a task that goes on");
        task.begins = false;
        self.machine.issue(name, &task.call);
        self.event = Event::Begins(task.call.clone());
    }

    pub(super) fn carry_out(&mut self, name: TaskName, step: Move) {
        let task = &self.tasks[&name];
        let call = task.call.clone();
        if name == TaskName::ROOT && step == Move::Goes && matches!(call, Call::Exit { .. }) {
            self.watched.exiting = true;
        }
        self.go(name, call.clone(), call, step, "");
    }

    /// Takes a step; `call` is what the program made, `done` what is carried
    /// out, which a fault may have cut short.
    pub(super) fn go(
        &mut self,
        name: TaskName,
        call: Call,
        done: Call,
        step: Move,
        fault: &'static str,
    ) {
        match self.machine.step(name, &done, step) {
            Step::Returned(answer) => {
                self.refused = answer.as_ref().err().copied();
                self.give(name, call, answer.map_err(Refusal::errno), fault);
            }
            Step::Forked(child) => self.forked(name, call, child),
            Step::Waits => {
                self.event = match step {
                    Move::Stops(signal) => Event::Stopped(signal),
                    _ => Event::Waits(call),
                };
            }
            Step::Over => {
                self.event = match (step, self.machine.ends().get(&name)) {
                    (Move::Ends, _) => Event::Over,
                    (Move::Dies(signal), _) => Event::Ended(Ended::Killed(signal)),
                    (_, _) => match call {
                        Call::Exit { status } => Event::Ended(Ended::Exited(status & 0xff)),
                        _ => Event::Over,
                    },
                };
                self.bury(name);
            }
        }
    }

    pub(super) fn give(
        &mut self,
        name: TaskName,
        call: Call,
        answer: Result<Ret>,
        fault: &'static str,
    ) {
        let task = self.tasks.get_mut(&name).expect("a task that goes on");
        task.thread.note(call.clone(), answer.clone());
        self.event = Event::Call(call, answer.clone(), fault);
        self.resume(name, answer);
    }

    pub(super) fn forked(&mut self, name: TaskName, call: Call, child: TaskName) {
        let parent = &self.tasks[&name];
        let thread = parent.thread.fork(child, &mut self.stacks);
        let faults = parent.faults;
        let task = Task {
            thread,
            call: Call::GetPid,
            begins: false,
            code: 0,
            faults,
        };
        self.tasks.insert(child, task);
        let pid = self.machine.process(child).pid;
        self.resume(child, Err(Errno::ENOSYS));
        self.give(name, call, Ok(Ret::Pid(Pid::from_raw(pid))), "");
    }

    pub(super) fn strike(&mut self, name: TaskName, errno: Errno) {
        let call = self.tasks[&name].call.clone();
        if matches!(call, Call::Close { .. }) {
            self.machine.step(name, &call, Move::Goes);
        }
        self.machine.leave_call(name);
        self.give(name, call, Err(errno), " (fault)");
    }
}

/// Whether a call has a time to wait for. That begins by a step of its own,
/// which reads the clock: when it does is said by nothing that the step before
/// it, after which the program comes to the call, reads or writes.
fn waits_for_a_time(call: &Call) -> bool {
    match call {
        Call::Poll { timeout, .. } | Call::SigTimedWait { timeout, .. } => {
            timeout.is_some_and(|timeout| !timeout.is_zero())
        }
        _ => false,
    }
}
