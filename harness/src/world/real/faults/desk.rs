//! Calls that have stopped, one after the other: counted, held back, answered.

use std::time::Duration;

use nix::errno::Errno;

use super::calls;
use super::listener::Notice;
use super::rules::{Rules, Ruling, Verdict, Wait};
use crate::world::event::What;
use crate::world::spec::Role;

/// The kernel, as far as a stopped call is concerned.
pub trait Kernel {
    /// Whether the thread still waits in that call.
    fn waits(&self, notice: &Notice) -> bool;
    /// Whether the thread still exists.
    fn lives(&self, notice: &Notice) -> bool;
    /// The thread's process and its role, if it still exists.
    fn who(&self, notice: &Notice) -> Option<(i32, Role)>;
    /// Whether it makes a thread rather than a process, which is nobody's fork.
    fn makes_thread(&self, notice: &Notice) -> bool;
    /// Lets the call be carried out.
    fn pass(&self, notice: &Notice) -> Result<(), Errno>;
    /// Makes it fail with this errno.
    fn fail(&self, notice: &Notice, errno: i32) -> Result<(), Errno>;
    /// Kills the thread's process instead.
    fn kill(&self, notice: &Notice, process: i32) -> Result<(), Errno>;
}

/// Rules, and the calls that are held back by them.
#[derive(Debug)]
pub struct Desk {
    rules: Rules,
    held: Vec<Held>,
}

/// A call that is held back, or about to be answered.
#[derive(Debug)]
struct Held {
    notice: Notice,
    process: i32,
    role: Role,
    ruling: Ruling,
}

impl Desk {
    /// A desk where nothing is held back yet.
    pub fn new(rules: Rules) -> Desk {
        Desk {
            rules,
            held: Vec::new(),
        }
    }

    /// The rules, with what they have counted.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// When a delay is over that holds a call back now.
    pub fn deadline(&self) -> Option<Duration> {
        let waits = self.held.iter().flat_map(|held| &held.ruling.holds);
        let moment = |(_, wait): &(String, Wait)| match wait {
            Wait::Until(moment) => Some(*moment),
            Wait::Matched(..) => None,
        };
        waits.filter_map(moment).min()
    }

    /// Answers a call or holds it back, and gives what there is to tell.
    pub fn arrive(&mut self, kernel: &impl Kernel, now: Duration, notice: Notice) -> Vec<What> {
        // A signal has interrupted the call and the kernel makes it again: it
        // is the one that is held back already (5.18 and older).
        let same = |held: &&mut Held| {
            let Notice {
                tid, number, args, ..
            } = held.notice;
            (tid, number, args) == (notice.tid, notice.number, notice.args)
                && !kernel.waits(&held.notice)
        };
        if let Some(again) = self.held.iter_mut().find(same) {
            again.notice.id = notice.id;
            return Vec::new();
        }
        // What was read about the thread was about this one if it still waits.
        let known = kernel.who(&notice).filter(|_| kernel.waits(&notice));
        let (process, role) = match known {
            Some(known) if !kernel.makes_thread(&notice) => known,
            _ => {
                // Whoever is gone needs no answer; a thread is nobody's fork.
                let _ = kernel.pass(&notice);
                return Vec::new();
            }
        };
        let mut held = Held {
            notice,
            process,
            role,
            ruling: self.rules.arrive(now, notice.number, role),
        };
        let watched = std::mem::take(&mut held.ruling.watched_by);
        let mut told: Vec<What> = watched
            .iter()
            .map(|label| held.event(label, "passed"))
            .collect();
        let holds = std::mem::take(&mut held.ruling.holds);
        for (label, wait) in holds {
            let over = self.rules.is_over(&wait, now);
            told.push(held.event(&label, if over { "passed" } else { "held" }));
            if !over {
                held.ruling.holds.push((label, wait));
            }
        }
        if held.ruling.holds.is_empty() {
            told.extend(held.carry_out(kernel));
        } else {
            self.held.push(held);
        }
        told
    }

    /// Answers what nothing holds back any more.
    pub fn release(&mut self, kernel: &impl Kernel, now: Duration) -> Vec<What> {
        let mut told = Vec::new();
        for mut held in std::mem::take(&mut self.held) {
            if !kernel.waits(&held.notice) && !kernel.lives(&held.notice) {
                continue;
            }
            for (label, wait) in std::mem::take(&mut held.ruling.holds) {
                if self.rules.is_over(&wait, now) {
                    told.push(held.event(&label, "released"));
                } else {
                    held.ruling.holds.push((label, wait));
                }
            }
            if held.ruling.holds.is_empty() {
                told.extend(held.carry_out(kernel));
            } else {
                self.held.push(held);
            }
        }
        told
    }
}

impl Held {
    fn carry_out(&self, kernel: &impl Kernel) -> Option<What> {
        let done = match self.ruling.verdict {
            Verdict::Pass => kernel.pass(&self.notice),
            Verdict::Fail(errno) => kernel.fail(&self.notice, errno),
            Verdict::Kill => kernel.kill(&self.notice, self.process),
        };
        let label = self.ruling.decided_by.as_ref().filter(|_| done.is_ok())?;
        Some(self.event(label, &self.ruling.verdict.done()))
    }

    fn event(&self, label: &str, done: &str) -> What {
        What::Fault {
            label: label.to_owned(),
            pid: self.process,
            role: self.role,
            call: calls::name(self.notice.number),
            done: done.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use super::*;
    use crate::world::spec::{FaultAction, FaultSpec};

    /// Threads are processes here, and all of them are launchers.
    #[derive(Default)]
    struct Played {
        waiting: RefCell<BTreeSet<u64>>,
        dead: RefCell<BTreeSet<i32>>,
        answers: RefCell<Vec<String>>,
    }

    impl Played {
        fn stop(&self, id: u64, tid: i32) -> Notice {
            self.waiting.borrow_mut().insert(id);
            Notice {
                id,
                tid,
                number: libc::SYS_setsid,
                args: [0; 6],
            }
        }

        fn interrupt(&self, id: u64) {
            self.waiting.borrow_mut().remove(&id);
        }

        fn answer(&self, notice: &Notice, text: &str) -> Result<(), Errno> {
            if !self.waiting.borrow_mut().remove(&notice.id) {
                return Err(Errno::ENOENT);
            }
            self.answers
                .borrow_mut()
                .push(format!("{} {text}", notice.id));
            Ok(())
        }

        fn answered(&self) -> Vec<String> {
            self.answers.take()
        }
    }

    impl Kernel for Played {
        fn waits(&self, notice: &Notice) -> bool {
            self.waiting.borrow().contains(&notice.id)
        }

        fn lives(&self, notice: &Notice) -> bool {
            !self.dead.borrow().contains(&notice.tid)
        }

        fn who(&self, notice: &Notice) -> Option<(i32, Role)> {
            self.lives(notice).then_some((notice.tid, Role::Launcher))
        }

        fn makes_thread(&self, _: &Notice) -> bool {
            false
        }

        fn pass(&self, notice: &Notice) -> Result<(), Errno> {
            self.answer(notice, "pass")
        }

        fn fail(&self, notice: &Notice, errno: i32) -> Result<(), Errno> {
            self.answer(notice, &format!("fail {errno}"))
        }

        fn kill(&self, notice: &Notice, _: i32) -> Result<(), Errno> {
            self.answer(notice, "kill")
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn desk(actions: impl IntoIterator<Item = FaultAction>) -> Desk {
        let fault = |(n, action)| FaultSpec {
            label: format!("f{n}"),
            role: Role::Any,
            calls: vec!["setsid".to_owned()],
            first: 1,
            last: None,
            action,
        };
        let faults: Vec<_> = actions.into_iter().enumerate().map(fault).collect();
        Desk::new(Rules::new(&faults).unwrap())
    }

    fn done(told: &[What]) -> Vec<String> {
        let done = |what: &What| match what {
            What::Fault { label, done, .. } => format!("{label} {done}"),
            other => format!("{other:?}"),
        };
        told.iter().map(done).collect()
    }

    #[test]
    fn a_delayed_call_is_answered_when_its_time_has_come() {
        let (kernel, mut desk) = (
            Played::default(),
            desk([FaultAction::Delay(SECOND), FaultAction::Fail(1)]),
        );
        let told = desk.arrive(&kernel, SECOND, kernel.stop(1, 7));
        assert_eq!(done(&told), ["f0 held"]);
        assert_eq!(desk.deadline(), Some(2 * SECOND));
        assert!(desk.release(&kernel, SECOND).is_empty() && kernel.answered().is_empty());
        let told = desk.release(&kernel, 2 * SECOND);
        assert_eq!(done(&told), ["f0 released", "f1 failed with EPERM"]);
        assert_eq!(kernel.answered(), ["1 fail 1"]);
        assert_eq!(desk.deadline(), None);
    }

    /// A filter without `SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV`.
    #[test]
    fn a_held_call_that_a_signal_interrupts_is_the_same_when_it_comes_again() {
        let (kernel, mut desk) = (Played::default(), desk([FaultAction::Delay(SECOND)]));
        desk.arrive(&kernel, SECOND, kernel.stop(1, 7));
        kernel.interrupt(1);
        // The thread lives, so that its call may come again.
        assert!(desk.release(&kernel, SECOND).is_empty());
        assert!(desk.arrive(&kernel, SECOND, kernel.stop(2, 7)).is_empty());
        assert_eq!(desk.rules().matched()["f0"], 1);
        assert_eq!(done(&desk.release(&kernel, 2 * SECOND)), ["f0 released"]);
        assert_eq!(kernel.answered(), ["2 pass"]);
        // The next one is another.
        desk.arrive(&kernel, 3 * SECOND, kernel.stop(3, 7));
        assert_eq!(desk.rules().matched()["f0"], 2);
    }

    #[test]
    fn who_dies_while_held_is_forgotten() {
        let (kernel, mut desk) = (Played::default(), desk([FaultAction::Delay(SECOND)]));
        desk.arrive(&kernel, SECOND, kernel.stop(1, 7));
        kernel.interrupt(1);
        kernel.dead.borrow_mut().insert(7);
        assert!(desk.release(&kernel, SECOND).is_empty());
        assert_eq!(desk.deadline(), None);
        // And who is gone on arrival is not even counted.
        assert!(desk.arrive(&kernel, SECOND, kernel.stop(2, 7)).is_empty());
        assert_eq!(desk.rules().matched()["f0"], 1);
    }

    #[test]
    fn a_kill_that_comes_too_late_is_not_told() {
        let (kernel, mut desk) = (
            Played::default(),
            desk([FaultAction::Delay(SECOND), FaultAction::Kill]),
        );
        desk.arrive(&kernel, SECOND, kernel.stop(1, 7));
        kernel.interrupt(1);
        assert_eq!(done(&desk.release(&kernel, 2 * SECOND)), ["f0 released"]);
    }
}
