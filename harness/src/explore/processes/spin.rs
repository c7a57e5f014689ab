//! Busy waits: a task that makes the same calls with the same results over and
//! over waits for somebody, though the kernel does not know. It is not let go
//! while others can, until one of them has touched what it looks at. So nothing
//! is lost but rounds that change nothing, and an execution ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::world::steered::{Ahead, StandingTask, Where};

/// So many equal rounds are a busy wait.
const ROUNDS: usize = 3;

/// So many calls a round has at most.
const LONGEST: usize = 4;

/// What every task has done lately.
#[derive(Debug, Default)]
pub struct Habits {
    tasks: BTreeMap<String, Habit>,
    steps: u64,
}

#[derive(Debug, Default)]
struct Habit {
    done: Vec<Done>,
    /// When it went last.
    went: u64,
}

/// A call, and what came of it.
#[derive(Debug)]
struct Done {
    /// As the timeline shows it: with its result.
    event: String,
    ahead: Arc<Ahead>,
}

impl Habits {
    /// Takes note of what a task has done.
    pub fn note(&mut self, task: &str, ahead: &Arc<Ahead>, event: &str) {
        self.steps += 1;
        let habit = self.tasks.entry(task.to_owned()).or_default();
        habit.went = self.steps;
        let repeats = (1..=LONGEST).any(|period| {
            let before = habit.done.len().checked_sub(period);
            before.is_some_and(|place| habit.done[place].event == event)
        });
        habit.done.push(Done {
            event: event.to_owned(),
            ahead: Arc::clone(ahead),
        });
        let most = ROUNDS * LONGEST;
        let old = habit.done.len().saturating_sub(most);
        habit.done.drain(..old);
        if repeats {
            return;
        }
        // Something new: who looks at it may find it changed.
        for (name, other) in &mut self.tasks {
            let mut looks = other.done.iter();
            if name != task && looks.any(|look| conflict(ahead, &look.ahead)) {
                other.done.clear();
            }
        }
    }

    /// Whether a task with this ahead is in a busy wait.
    fn spins(&self, task: &str, next: &Ahead) -> bool {
        let Some(Habit { done, .. }) = self.tasks.get(task) else {
            return false;
        };
        (1..=LONGEST).any(|period| {
            let Some(from) = done.len().checked_sub(period * ROUNDS) else {
                return false;
            };
            let rounds = &done[from..];
            let mut pairs = rounds.iter().zip(&rounds[period..]);
            pairs.all(|(one, next)| one.event == next.event) && rounds[0].ahead.shown == next.shown
        })
    }

    /// Has those wait that are in a busy wait, as long as another can go on. If
    /// none can, the one goes on that has not for the longest time; then this
    /// gives true: nothing but time can help.
    pub fn hold_back(&self, tasks: &mut [StandingTask]) -> bool {
        let stands = |task: &StandingTask| task.place == Where::Stands;
        let spins = |task: &StandingTask| self.spins(&task.by.task, &task.next);
        let all = tasks.iter().filter(|task| stands(task)).all(spins);
        let went = |name: &str| self.tasks.get(name).map_or(0, |habit| habit.went);
        let next = match all {
            true => {
                let standing = tasks.iter().filter(|task| stands(task));
                let longest = standing.min_by_key(|task| went(&task.by.task));
                longest.map(|task| task.by.task.clone())
            }
            false => None,
        };
        for task in tasks.iter_mut() {
            if stands(task) && spins(task) && next.as_ref() != Some(&task.by.task) {
                task.place = Where::Waits;
            }
        }
        all
    }
}

fn conflict(one: &Ahead, other: &Ahead) -> bool {
    let touches =
        |ahead: &Ahead, name: &String| ahead.reads.contains(name) || ahead.writes.contains(name);
    !one.known
        || !other.known
        || one.writes.iter().any(|name| touches(other, name))
        || other.writes.iter().any(|name| touches(one, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::event::Actor;
    use crate::world::spec::Role;

    fn ahead(shown: &str, reads: &[&str], writes: &[&str]) -> Arc<Ahead> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Arc::new(Ahead {
            shown: shown.to_owned(),
            reads: names(reads),
            writes: names(writes),
            known: true,
            ..Ahead::default()
        })
    }

    fn standing(task: &str, next: Arc<Ahead>) -> StandingTask {
        StandingTask {
            until: None,
            by: Arc::new(Actor {
                task: task.to_owned(),
                pid: 2,
                tid: 2,
                role: Role::Launcher,
                launch: "start".to_owned(),
            }),
            next,
            place: Where::Stands,
        }
    }

    fn look() -> Arc<Ahead> {
        ahead("stat(a)", &["file a"], &[])
    }

    /// Whether `0`, which looks at a file, and `0.1` may go; and whether only
    /// time can help.
    fn may_go(habits: &Habits, other: Arc<Ahead>) -> (bool, bool, bool) {
        let mut tasks = [standing("0", look()), standing("0.1", other)];
        let all = habits.hold_back(&mut tasks);
        let stands = |place: usize| tasks[place].place == Where::Stands;
        (stands(0), stands(1), all)
    }

    #[test]
    fn who_looks_three_times_in_vain_waits_for_a_change() {
        let mut habits = Habits::default();
        let write = || ahead("open(a)", &[], &["file a"]);
        for rounds in 0..3 {
            assert_eq!(may_go(&habits, write()), (true, true, false), "{rounds}");
            habits.note("0", &look(), "stat(a) = ENOENT");
        }
        assert_eq!(may_go(&habits, write()), (false, true, false));
        habits.note("0.1", &ahead("umask", &[], &[]), "umask = ok");
        assert_eq!(may_go(&habits, write()), (false, true, false));
        habits.note("0.1", &write(), "open(a) = 3");
        assert_eq!(may_go(&habits, write()), (true, true, false));
    }

    #[test]
    fn another_result_is_no_busy_wait() {
        let mut habits = Habits::default();
        for byte in 0..6 {
            habits.note("0", &look(), &format!("stat(a) = {byte}"));
        }
        assert_eq!(may_go(&habits, look()), (true, true, false));
    }

    #[test]
    fn a_round_may_have_several_calls() {
        let mut habits = Habits::default();
        for _ in 0..3 {
            habits.note("0", &look(), "stat(a) = ENOENT");
            habits.note("0", &ahead("stat(b)", &["file b"], &[]), "stat(b) = ENOENT");
        }
        assert_eq!(
            may_go(&habits, ahead("setsid", &[], &[])),
            (false, true, false)
        );
    }

    #[test]
    fn of_two_that_wait_each_has_its_turn() {
        let mut habits = Habits::default();
        for _ in 0..3 {
            habits.note("0", &look(), "stat(a) = ENOENT");
            habits.note("0.1", &look(), "stat(a) = ENOENT");
        }
        assert_eq!(may_go(&habits, look()), (true, false, true));
        habits.note("0", &look(), "stat(a) = ENOENT");
        assert_eq!(may_go(&habits, look()), (false, true, true));
    }
}
