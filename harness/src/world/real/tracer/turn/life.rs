//! How a task begins, executes a program, and ends.

use std::time::Duration;

use super::Tracer;
use super::task::{Halt, State, Task};
use crate::world::event::End;
use crate::world::real::proc::status::Status;
use crate::world::real::tracer::auxv::Auxv;
use crate::world::real::tracer::decider::{Decider, Who};
use crate::world::real::tracer::steer::Looks;
use crate::world::real::tracer::stop::take_end;
use crate::world::real::tracer::tracee::{Running, Stopped};

impl Tracer {
    pub(super) fn insert(&mut self, who: Who, state: State) {
        self.told_ends.remove(&who.tid);
        let tid = who.tid;
        let task = Task {
            who,
            state,
            call: None,
            again: None,
            ends_by_handler: false,
            job_stopped: false,
            looks: Looks::default(),
        };
        self.tasks.insert(tid, task);
    }

    pub(super) fn forked(&mut self, now: Duration, tid: i32, stopped: Stopped) {
        let made = stopped.event_message().map(|tid| tid as i32);
        let parent = self.tasks[&tid].who.clone();
        if let Ok(new) = made {
            let process = Status::read(new).map_or(new, |status| status.process);
            let who = match process == new {
                true => self.family.child(parent.pid, new),
                false => self.family.thread(process, new),
            };
            if let Some(who) = who {
                if let Some(what) = self.recorder.forked(&parent, &who) {
                    self.told.push((now, what));
                }
                self.insert(who, State::Running(Running::attached(new)));
                if let Some(child) = self.unnamed.remove(&new) {
                    self.halt(now, new, Some(child), Halt::Born);
                }
            }
        }
        self.go_on(tid, stopped);
    }

    /// From an exec on, the thread that made it has its process's id, and
    /// there are no others (`ptrace(2)`, "execve(2) under ptrace").
    pub(super) fn executed(&mut self, now: Duration, tid: i32, stopped: Stopped) {
        let former = stopped.event_message().map_or(tid, |former| former as i32);
        let moved = match former == tid {
            true => None,
            false => self.tasks.remove(&former).and_then(|task| task.call),
        };
        let Some(task) = self.tasks.get_mut(&tid) else {
            let _ = stopped.go_on(None);
            return;
        };
        task.call = moved.or(task.call.take());
        task.again = None;
        let who = task.who.clone();
        if let Some(process) = self.family.get_mut(who.pid) {
            process.begun = true;
        }
        if let Some(what) = self.recorder.executed(&who) {
            self.told.push((now, what));
        }
        let steered = self.steer.steers(&who.launch);
        if (steered || self.clock.is_some())
            && let Ok(stack) = stopped.stack_pointer()
            && let Some(auxv) = Auxv::read(tid, stack)
        {
            auxv.hide_vdso();
            if steered {
                self.chance.executed(&who, &auxv);
            }
        }
        self.go_on(tid, stopped);
    }

    /// A thread is gone; so is its process, if it was the last.
    pub(super) fn finish(&mut self, now: Duration, who: &Who, end: End) {
        take_end(who.tid);
        self.faults.gone(who.tid);
        if let Some(clock) = &mut self.clock {
            clock.gone(who.tid);
        }
        self.tasks.remove(&who.tid);
        if who.tid != who.pid {
            return;
        }
        if let Some(what) = self.recorder.exited(who, end) {
            self.told.push((now, what));
        }
        self.family.forget(who.pid);
        self.told_ends.insert(who.pid);
        self.ended.push((who.pid, end));
    }

    /// Forgets a process that never came to run its program.
    pub fn forget(&mut self, pid: i32) {
        self.tasks.remove(&pid);
        self.family.forget(pid);
    }
}
