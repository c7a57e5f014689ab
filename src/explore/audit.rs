//! Are a model's footprints honest?
//!
//! A reduction leaves out orders because footprints say that they make no
//! difference. If they lie, it leaves out failures, and nobody notices. So ask
//! the model, at random points of random executions:
//!
//! - does a step change what another task is about to do, or can do, without a
//!   conflict between the two?
//! - do two steps without a conflict lead to the same state, whichever comes
//!   first, with the same results?
//!
//! Nothing found is no proof, but a lie in a common operation does not last
//! long.

use std::fmt;

use oorandom::Rand64;

use super::{Footprint, Model, Pending, TaskName};

/// How much an audit has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Executions.
    pub executions: u64,
    /// Steps, each checked against what every other task was about to do.
    pub steps: u64,
    /// Pairs of steps that were taken in both orders.
    pub pairs: u64,
}

/// Two operations without a conflict whose order matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dishonest {
    /// One operation, and what it says it touches.
    pub one: String,
    /// The other.
    pub other: String,
    /// How they get in each other's way.
    pub how: String,
    /// What happened before.
    pub before: Vec<String>,
}

/// Runs `executions` random executions of `model`, of at most `steps` steps
/// each, and tries pairs of steps in both orders. Faults are tried too, without
/// a bound.
///
/// # Errors
/// The first dishonest pair.
pub fn audit<M: Model>(
    model: M,
    seed: u64,
    executions: u64,
    steps: usize,
) -> Result<Audit, Dishonest> {
    let mut auditor = Auditor {
        model,
        random: Rand64::new(seed.into()),
        seen: Audit::default(),
        taken: Vec::new(),
        events: Vec::new(),
    };
    for _ in 0..executions {
        auditor.execute(steps)?;
        auditor.swap()?;
    }
    Ok(auditor.seen)
}

/// What is said instead of an event.
const GONE: &str = "not possible any more";
/// How seldom an execution meets a fault: most start-ups end with the first.
const RARELY: u64 = 32;
/// How seldom a pair has one.
const OFTEN: u64 = 4;

/// A step: whose, and which alternative.
type Taken = (TaskName, usize);

struct Auditor<M: Model> {
    model: M,
    random: Rand64,
    seen: Audit,
    taken: Vec<Taken>,
    events: Vec<String>,
}

impl<M: Model> Auditor<M> {
    /// Runs an execution and looks, after every step, at all tasks but its own.
    fn execute(&mut self, most: usize) -> Result<(), Dishonest> {
        self.model.start();
        self.taken.clear();
        self.events.clear();
        self.seen.executions += 1;
        while self.taken.len() < most {
            let before = self.model.pending().to_vec();
            let Some((place, alternative)) = self.draw(&before, RARELY) else {
                break;
            };
            let step = self.show(place, &before[place], alternative);
            let others: Vec<String> = (0..before.len())
                .map(|other| self.show_waiting(other, &before[other]))
                .collect();
            self.model.step(place, alternative);
            self.seen.steps += 1;
            let touched = footprint(&before[place], alternative);
            for (other, was) in before.iter().enumerate() {
                if other == place {
                    continue;
                }
                let is = self.model.pending().iter().find(|is| is.task == was.task);
                if !is_as_it_was(was, is, touched) {
                    return Err(self.dishonest(
                        step,
                        others[other].clone(),
                        format!(
                            "after the one, the other's task is about to do {is:?}, before {was:?}"
                        ),
                    ));
                }
            }
            self.taken.push((before[place].task, alternative));
            let mut event = String::new();
            let _ = self.model.write_event(&mut event);
            self.events.push(event);
        }
        Ok(())
    }

    /// A task and a way, a fault in one of so many cases.
    fn draw(&mut self, pending: &[Pending<M::Key>], every: u64) -> Option<(usize, usize)> {
        let faults = self.random.rand_range(0..every) == 0;
        let ways = || {
            pending.iter().enumerate().flat_map(|(place, pending)| {
                let ways = pending.alternatives.iter().enumerate();
                ways.map(move |(index, way)| (place, index, way.kind.is_fault()))
            })
        };
        let wanted = |faults: bool| ways().filter(move |(_, _, fault)| *fault == faults);
        let faults = faults && wanted(true).count() > 0;
        let count = wanted(faults).count() as u64;
        if count == 0 {
            return None;
        }
        let drawn = self.random.rand_range(0..count) as usize;
        wanted(faults)
            .nth(drawn)
            .map(|(place, way, _)| (place, way))
    }

    /// Goes back to a random point of the execution and tries pairs of steps
    /// there in both orders.
    fn swap(&mut self) -> Result<(), Dishonest> {
        const PAIRS: usize = 4;
        if self.taken.is_empty() {
            return Ok(());
        }
        let at = self.random.rand_range(0..self.taken.len() as u64) as usize;
        self.go_to(at);
        let pending = self.model.pending().to_vec();
        for _ in 0..PAIRS {
            let (Some(one), Some(other)) = (self.draw(&pending, OFTEN), self.draw(&pending, OFTEN))
            else {
                break;
            };
            let touched = footprint(&pending[one.0], one.1);
            if one.0 == other.0 || touched.conflicts(footprint(&pending[other.0], other.1)) {
                continue;
            }
            self.seen.pairs += 1;
            self.go_to(at);
            let shown = [one, other].map(|(place, way)| self.show(place, &pending[place], way));
            let first = self.take_both(&pending, one, other);
            self.go_to(at);
            let mut second = self.take_both(&pending, other, one);
            second.events.reverse();
            // A way may come and go with what the operation as such waits for.
            let as_such = touched.conflicts(&pending[other.0].footprint)
                || footprint(&pending[other.0], other.1).conflicts(&pending[one.0].footprint);
            let gone = |ends: &Ends<M::Key>| ends.events.iter().any(|event| event == GONE);
            if first != second && !(as_such && (gone(&first) || gone(&second))) {
                let [one, other] = shown;
                let how = format!("in this order {first:?}, the other way round {second:?}");
                self.events.truncate(at);
                return Err(self.dishonest(one, other, how));
            }
        }
        Ok(())
    }

    fn go_to(&mut self, steps: usize) {
        self.model.start();
        for (task, alternative) in &self.taken[..steps] {
            let pending = self.model.pending();
            if let Some(place) = pending.iter().position(|pending| pending.task == *task) {
                self.model.step(place, *alternative);
            }
        }
    }

    fn take_both(
        &mut self,
        before: &[Pending<M::Key>],
        one: (usize, usize),
        other: (usize, usize),
    ) -> Ends<M::Key> {
        let events = [one, other].map(|(place, way)| {
            let was = &before[place];
            let label = &was.alternatives[way].label;
            let found = self
                .model
                .pending()
                .iter()
                .enumerate()
                .find_map(|(place, is)| {
                    let mut ways = is.alternatives.iter();
                    let way = ways.position(|way| way.label == *label);
                    (is.task == was.task).then_some((place, way?))
                });
            let mut event = String::new();
            match found {
                Some((place, way)) => {
                    self.model.step(place, way);
                    let _ = self.model.write_event(&mut event);
                }
                None => event.push_str(GONE),
            }
            event
        });
        Ends {
            events: events.into(),
            pending: self.model.pending().to_vec(),
            state: self.model.outcome().state,
        }
    }

    fn show(&self, place: usize, pending: &Pending<M::Key>, alternative: usize) -> String {
        let way = &pending.alternatives[alternative];
        let mut text = format!("{} ", pending.task);
        let _ = self.model.write_operation(place, &mut text);
        format!(
            "{text} {} touching {:?}",
            way.label,
            footprint(pending, alternative)
        )
    }

    fn show_waiting(&self, place: usize, pending: &Pending<M::Key>) -> String {
        let mut text = format!("{} ", pending.task);
        let _ = self.model.write_operation(place, &mut text);
        format!("{text} touching {:?}", pending.footprint)
    }

    fn dishonest(&self, one: String, other: String, how: String) -> Dishonest {
        Dishonest {
            one,
            other,
            how,
            before: self.events.clone(),
        }
    }
}

/// Whether what a task was about to do, and each way in which it could, are
/// unchanged by a step that touched what has no conflict with them.
fn is_as_it_was<K: Ord>(was: &Pending<K>, is: Option<&Pending<K>>, touched: &Footprint<K>) -> bool {
    let commutes = !touched.conflicts(&was.footprint);
    let Some(is) = is else {
        return !commutes;
    };
    let labels = |pending: &Pending<K>| -> Vec<_> {
        let ways = pending.alternatives.iter();
        ways.map(|way| (way.kind, way.label.clone())).collect()
    };
    let as_such =
        || (was.code, &was.footprint) == (is.code, &is.footprint) && labels(was) == labels(is);
    // A way may come and go with what the operation as such waits for.
    let each_way = || {
        was.alternatives.iter().all(|way| {
            let own = way.footprint.as_ref().unwrap_or(&was.footprint);
            let mut ways = is.alternatives.iter();
            let same = ways.find(|is| (is.kind, &is.label) == (way.kind, &way.label));
            touched.conflicts(own) || same.map_or(!commutes, |same| same == way)
        })
    };
    (!commutes || as_such()) && each_way()
}

/// What two steps have led to.
#[derive(Debug, PartialEq)]
struct Ends<K> {
    events: Vec<String>,
    pending: Vec<Pending<K>>,
    state: u64,
}

fn footprint<K>(pending: &Pending<K>, alternative: usize) -> &Footprint<K> {
    let own = pending.alternatives[alternative].footprint.as_ref();
    own.unwrap_or(&pending.footprint)
}

impl fmt::Display for Dishonest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "two operations have no conflict by their footprints, yet their order matters:"
        )?;
        writeln!(f, "  {}\n  {}\n  {}", self.one, self.other, self.how)?;
        for event in &self.before {
            writeln!(f, "  before: {event}")?;
        }
        write!(
            f,
            "Add to the footprint of one of them the key that both touch."
        )
    }
}

impl std::error::Error for Dishonest {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::explore::toy::{Lie, Op::*, Toy, programs};

    proptest! {
        #[test]
        fn the_toy_is_honest(programs in programs(), seed in any::<u64>()) {
            let audit = audit(Toy::new(programs), seed, 20, 30);
            prop_assert!(audit.is_ok(), "{}", audit.unwrap_err());
        }
    }

    #[test]
    fn an_audit_tells_how_much_it_has_seen() {
        let toy = Toy::new([vec![Mix(0, 1); 4], vec![Mix(1, 1); 4]]);
        let seen = audit(toy, 1, 50, 30).unwrap();
        assert_eq!((seen.executions, seen.steps), (50, 400));
        assert!(seen.pairs > 50, "{seen:?}");
    }

    /// Each lie is one that a reduction would fall for.
    #[rstest]
    #[case::a_write_that_is_not_told(Lie::NoWrites, "the other way round")]
    #[case::a_release_that_is_not_told(Lie::NoPipes, "is about to do")]
    #[case::an_end_that_is_not_told(Lie::NoLives, "is about to do")]
    fn a_lie_comes_out(#[case] lie: Lie, #[case] how: &str) {
        let toy = Toy::new([
            vec![Mix(0, 1), Send(0, 1), Kill(2)],
            vec![Mix(0, 2), Receive(0)],
            vec![Alone, Alone],
        ]);
        assert!(audit(toy.clone(), 5, 200, 30).is_ok());
        let dishonest = audit(toy.lying(lie), 5, 200, 30).unwrap_err();
        assert!(dishonest.how.contains(how), "{dishonest}");
    }
}
