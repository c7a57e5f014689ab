//! The decider that holds everything visible until it is chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::footprint::Names;
use crate::world::event::What;
use crate::world::real::tracer::decider::{Act, Decider, Decision, Point, Stop, Who};
use crate::world::real::tracer::pending::is_signalled;
use crate::world::real::tracer::time;
use crate::world::real::tracer::visible;
use crate::world::steered::{LetGo, StandingTask, Where};

/// Holds the tasks of the launches that are steered.
#[derive(Debug, Default)]
pub struct Steer {
    launches: BTreeSet<String>,
    names: Names,
    /// What each task has ahead, or was let do last.
    tasks: BTreeMap<i32, StandingTask>,
    chosen: Option<(i32, LetGo)>,
    /// Whether everything goes on as it likes for now.
    open: bool,
}

impl Steer {
    /// Steers this launch from now on.
    pub fn add(&mut self, launch: &str) {
        self.launches.insert(launch.to_owned());
    }

    /// Whether this launch is steered.
    pub fn steers(&self, launch: &str) -> bool {
        self.launches.contains(launch)
    }

    /// Whether anything is steered and does not go on as it likes.
    pub fn is_shut(&self) -> bool {
        !self.launches.is_empty() && !self.open
    }

    /// What a task has ahead or waits in; nothing for one that has not come to
    /// a visible call yet. Who stands before a sleep does not sleep once a signal
    /// is pending: that comes first, and takes no time.
    pub fn of(&self, tid: i32) -> Option<StandingTask> {
        let mut task = self.tasks.get(&tid)?.clone();
        if task.next.sleeps && task.place == Where::Stands && is_signalled(tid) {
            Arc::make_mut(&mut task.next).sleeps = false;
        }
        Some(task)
    }

    /// The thread of this name, if it waits.
    pub fn waiting(&self, task: &str) -> Option<i32> {
        let waits =
            |standing: &StandingTask| standing.by.task == task && standing.place == Where::Waits;
        let found = self.tasks.iter().find(|(_, standing)| waits(standing));
        found.map(|(tid, _)| *tid)
    }

    /// Lets a task go, by its name. Gives whether it stands.
    pub fn let_go(&mut self, task: &str, how: LetGo) -> bool {
        let stands =
            |standing: &&StandingTask| standing.by.task == task && standing.place == Where::Stands;
        let found = self.tasks.iter().find(|(_, standing)| stands(standing));
        self.chosen = found.map(|(tid, _)| (*tid, how));
        self.chosen.is_some()
    }

    /// Lets everything go on as it likes until [`Steer::shut`].
    pub fn open(&mut self) {
        self.open = true;
    }

    /// Holds again what comes from now on.
    pub fn shut(&mut self) {
        self.open = false;
    }

    fn holds(&self, who: &Who) -> bool {
        !self.open && self.steers(&who.launch)
    }
}

impl Decider for Steer {
    fn arrive(&mut self, _: Duration, stop: &Stop<'_>, _: &mut Vec<What>) -> Decision {
        let who = stop.who;
        if !self.steers(&who.launch) {
            return Decision::PASS;
        }
        self.names.meet(who);
        let next = match &stop.at {
            Point::Call(call) if is_nobodys(call.raw.number) => return Decision::PASS,
            Point::Call(call) if visible::counts(call) => self.names.call(who, call),
            Point::Ended(_) if who.tid == who.pid => self.names.end(who),
            Point::Ended(_) => {
                self.tasks.remove(&who.tid);
                return Decision::PASS;
            }
            _ => return Decision::PASS,
        };
        let held = self.holds(who);
        let standing = StandingTask {
            by: Arc::new(who.actor()),
            next: Arc::new(next),
            place: if held { Where::Stands } else { Where::Waits },
            until: None,
        };
        self.tasks.insert(who.tid, standing);
        match held {
            true => Decision::Hold,
            false => Decision::PASS,
        }
    }

    fn again(&mut self, _: Duration, stop: &Stop<'_>, _: &mut Vec<What>) -> Decision {
        let who = stop.who;
        let how = match self.chosen.take_if(|(tid, _)| *tid == who.tid) {
            Some((_, how)) => how,
            None if !self.holds(who) => LetGo::Pass,
            None => return Decision::Hold,
        };
        match stop.at {
            Point::Ended(_) => {
                self.tasks.remove(&who.tid);
            }
            _ => {
                if let Some(standing) = self.tasks.get_mut(&who.tid) {
                    standing.place = Where::Waits;
                }
            }
        }
        Decision::Go(match how {
            // A signal that was sent while it stood comes before its call.
            LetGo::Pass if matches!(stop.at, Point::Call(_)) && is_signalled(who.tid) => {
                Act::TakeBack
            }
            // Who stands waits for nothing.
            LetGo::Pass | LetGo::TimeOut => Act::Pass,
            LetGo::Fail(errno) => Act::Fail(errno),
            LetGo::Kill => Act::Kill,
        })
    }

    fn gone(&mut self, tid: i32) {
        self.tasks.remove(&tid);
    }
}

/// Whether what a call gives is no other task's doing, so that its order is no
/// matter. The time is what it was at the call before: it passes only where that
/// is chosen.
fn is_nobodys(number: i64) -> bool {
    number == libc::SYS_getrandom || time::tells(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_and_what_is_drawn_are_nobodys_doing() {
        for number in [libc::SYS_clock_gettime, libc::SYS_getrandom] {
            assert!(is_nobodys(number), "{number}");
        }
        for number in [libc::SYS_futex, libc::SYS_clock_nanosleep, libc::SYS_umask] {
            assert!(!is_nobodys(number), "{number}");
        }
    }
}
