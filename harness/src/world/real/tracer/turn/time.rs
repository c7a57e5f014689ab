//! Virtual time: whether it is quiet, and who is woken.

use std::collections::BTreeSet;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Tracer;
use super::task::{State, Task};
use crate::world::real::tracer::steer::Rest;
use crate::world::real::tracer::time::{Clock, Due, numbers, stands, switches, used};
use crate::world::spec::Order;

impl Tracer {
    /// Makes time virtual, for what is traced from now on.
    pub fn keep_time(&mut self, clock: Clock) {
        self.clock = Some(clock);
    }

    /// The time, where it is virtual.
    pub fn time(&self) -> Option<Duration> {
        self.clock.as_ref().map(Clock::now)
    }

    /// The calls that must stop beside what a launch of this order asks for.
    pub fn besides(&self, order: Order) -> BTreeSet<i64> {
        let mut besides = match self.clock {
            Some(_) => numbers(),
            None => BTreeSet::new(),
        };
        if order == Order::Steered {
            besides.insert(libc::SYS_getrandom);
        }
        besides
    }

    /// How often everybody who waits has been on a processor; nothing, while
    /// somebody runs, or waits for real time, or where it is chosen when time
    /// passes.
    pub fn quiet(&self) -> Option<u64> {
        let clock = self.clock.as_ref()?;
        let chosen = self.steer.is_shut();
        if chosen || self.more || self.turns || !self.unnamed.is_empty() || clock.ends_any() {
            return None;
        }
        let mut sum = 0;
        for (tid, task) in &self.tasks {
            match &task.state {
                State::Held(held) if held.stopped.is_some() && !held.was_killed() => continue,
                State::JobControl(_) if stands(*tid) => continue,
                State::Held(_) | State::JobControl(_) => return None,
                State::Between => return None,
                State::Running(_) => {}
            }
            match task.looks.rest_of(*tid) {
                Rest::Runs => return None,
                Rest::WaitsForTime if !clock.knows(*tid) => return None,
                Rest::WaitsForTime | Rest::Waits => sum += switches(*tid)?,
            }
        }
        Some(sum)
    }

    /// Lets time jump to what comes next, or to what `other` says if that is
    /// earlier, and wakes whose time has come. For when it is quiet.
    pub fn jump(&mut self, other: Option<Duration>) {
        let tasks = &self.tasks;
        let runs = |tid: i32| tasks.get(&tid).is_some_and(Task::runs);
        if let Some(due) = self
            .clock
            .as_mut()
            .and_then(|clock| clock.jump(other, runs))
        {
            self.wake(due);
        }
    }

    /// Ends the wait of a task, by its name, though others could go on: time
    /// moves to its end. Gives whether it waits for time.
    pub fn time_out(&mut self, task: &str) -> bool {
        let Some(tid) = self.steer.waiting(task) else {
            return false;
        };
        let due = self.clock.as_mut().and_then(|clock| clock.end(tid));
        due.map(|due| self.wake(due)).is_some()
    }

    /// Somebody has run for so long that this much of time is over.
    pub fn pass_time(&mut self, real: Duration) {
        if let Some(clock) = self.clock.as_mut().filter(|_| !real.is_zero()) {
            clock.pass(real);
        }
    }

    /// How long its processes have been on a processor, all together.
    pub fn used(&self) -> Duration {
        let processes: BTreeSet<i32> = self.tasks.values().map(|task| task.who.pid).collect();
        processes.into_iter().filter_map(used).sum()
    }

    /// Wakes whose time has come though somebody runs.
    pub(super) fn wake_overdue(&mut self) {
        loop {
            let tasks = &self.tasks;
            let runs = |tid: i32| tasks.get(&tid).is_some_and(Task::runs);
            let Some(due) = self.clock.as_mut().and_then(|clock| clock.overdue(runs)) else {
                return;
            };
            self.wake(due);
        }
    }

    /// Wakes the first whose time has come, though nobody runs; gives whether
    /// there was one.
    pub(super) fn wake_late(&mut self) -> bool {
        let tasks = &self.tasks;
        let runs = |tid: i32| tasks.get(&tid).is_some_and(Task::runs);
        let due = self.clock.as_mut().and_then(|clock| clock.late(runs));
        due.map(|due| self.wake(due)).is_some()
    }

    /// Whether a wait is being ended, since its time has come.
    pub(super) fn ends_any(&self) -> bool {
        self.clock.as_ref().is_some_and(Clock::ends_any)
    }

    fn wake(&self, due: Due) {
        match due {
            Due::Wait(tid) => {
                if let Some(State::Running(running)) = self.tasks.get(&tid).map(|task| &task.state)
                {
                    let _ = running.interrupt();
                }
            }
            Due::Alarm(pid) => {
                let _ = kill(Pid::from_raw(pid), Signal::SIGALRM);
            }
            // The clock has told the kernel of them.
            Due::Descriptor(_) | Due::Timer(_) | Due::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};

    use super::*;
    use crate::world::real::tracer::decider::Act;
    use crate::world::real::tracer::stop::{Next, next_of};
    use crate::world::real::tracer::turn::task::{Halt, Held};
    use crate::world::real::tracer::{Recording, Rules, Running};

    /// Waits for its end, and leaves that to be taken.
    fn see_end(pid: i32) {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        while let Ok(WaitStatus::PtraceEvent(..)) = waitid(Id::Pid(Pid::from_raw(pid)), flags) {
            next_of(pid);
            let _ = Running::attached(pid).stopped().go_on(None);
        }
    }

    /// The end of one that was killed while it was held was not taken yet, and
    /// somebody may wait for it.
    #[test]
    fn nobody_rests_before_the_end_of_one_that_was_killed_while_it_was_held() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let pid = child.id() as i32;
        let mut tracer = Tracer::default();
        tracer.keep_time(Clock::new(Duration::ZERO));
        let rules = Rules::default();
        tracer
            .seize(pid, pid, "a", rules, Recording::default())
            .unwrap();
        Running::attached(pid).interrupt().unwrap();
        assert!(matches!(next_of(pid), Some(Next::Stopped(_))));
        let held = Held {
            stopped: Some(Running::attached(pid).stopped()),
            at: Halt::Born,
            by: vec![true],
            act: Act::Pass,
        };
        tracer.tasks.get_mut(&pid).unwrap().state = State::Held(held);
        assert_eq!(tracer.quiet(), Some(0));
        assert!(tracer.standing().is_some());
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        see_end(pid);
        assert_eq!(tracer.quiet(), None);
        assert_eq!(tracer.standing(), None);
        child.wait().unwrap();
    }
}
