//! What failing executions shrink to.

use std::fmt;

use proptest::prelude::*;

use super::*;
use crate::explore::strategy::{Dfs, Random};
use crate::explore::toy::{Op::*, Toy};
use crate::explore::{Budget, Config, Explorer, Found, Outcome, Pending};

fn find(toy: &mut Toy, bounds: Bounds, seed: u64) -> Option<Found> {
    let mut random = Random::new(seed, 2_000, bounds);
    let report = Explorer::new(toy, Config::default()).explore(&mut random);
    report.failures.into_iter().next()
}

fn events(record: &Record) -> Vec<&str> {
    record
        .steps
        .iter()
        .map(|step| step.event.as_str())
        .collect()
}

fn lost_update() -> Toy {
    let task = || vec![Alone, Get(0), Alone, Get(1), Set(0, 1), Alone];
    Toy::new([task(), task(), task()]).with_invariant(|state| {
        let both_saw_nothing = state.seen.iter().filter(|seen| seen.first() == Some(&0));
        (both_saw_nothing.count() >= 2).then_some("only one comes first")
    })
}

/// From whatever failing execution it starts: the first task is left once
/// after its look, and the second goes on from there. Nothing else.
#[test]
fn a_lost_update_shrinks_to_one_switch() {
    let bounds = Bounds::default();
    for seed in 0..20 {
        let mut toy = lost_update();
        let found = find(&mut toy, bounds, seed).unwrap();
        let shrunk = shrink(&mut toy, bounds, &found.failure, &found.record).unwrap();
        assert_eq!(shrunk.choices.1, 1, "{:?}", events(&shrunk.record));
        assert_eq!(shrunk.record.preemptions(), 1);
        let switch = shrunk
            .record
            .steps
            .iter()
            .find(|step| step.candidate > 0)
            .unwrap();
        assert_eq!(switch.candidate, 1);
        assert_eq!(shrunk.failure.rule, "only one comes first");
    }
}

#[test]
fn a_failure_of_the_plain_run_has_nothing_to_drop() {
    let mut toy = Toy::new([vec![Set(0, 1)]])
        .with_invariant(|state| (state.registers[0] == 1).then_some("it stays 0"));
    let found = find(&mut toy, Bounds::default(), 1).unwrap();
    let shrunk = shrink(&mut toy, Bounds::default(), &found.failure, &found.record).unwrap();
    assert_eq!(shrunk.choices, (0, 0));
    assert_eq!(events(&shrunk.record), ["1:Set(0, 1)"]);
}

#[test]
fn a_fault_that_is_needed_stays_and_is_lowered() {
    let bounds = Bounds {
        faults: Some(3),
        ..Bounds::default()
    };
    let faulty = |op| Faulty(Box::new(op));
    for seed in 0..20 {
        let mut toy = Toy::new([
            vec![faulty(Alone), faulty(Set(0, 1)), faulty(Alone)],
            vec![faulty(Alone), faulty(Alone)],
        ])
        .with_invariant(|state| (state.registers[0] == 0).then_some("it is set"));
        let found = find(&mut toy, bounds, seed).unwrap();
        let shrunk = shrink(&mut toy, bounds, &found.failure, &found.record).unwrap();
        let events = events(&shrunk.record);
        // A death in its place is lowered to an error, one before is not.
        assert!(
            events[..2] == ["1:Faulty(Alone)", "1:Faulty(Set(0, 1))!EIO"]
                || events[0] == "1:Faulty(Alone)!death",
            "{events:?}"
        );
        assert_eq!((shrunk.choices.1, shrunk.record.faults()), (1, 1));
        assert_eq!(shrunk.record.preemptions(), 0);
    }
}

/// One that does a little more every other time, as real processes may.
struct Fickle {
    toys: [Toy; 2],
    starts: usize,
}

impl Fickle {
    fn toy(&mut self) -> &mut Toy {
        &mut self.toys[self.starts % 2]
    }

    fn now(&self) -> &Toy {
        &self.toys[self.starts % 2]
    }
}

impl Model for Fickle {
    type Key = <Toy as Model>::Key;

    fn start(&mut self) {
        self.starts += 1;
        self.toy().start();
    }

    fn pending(&self) -> &[Pending<Self::Key>] {
        self.now().pending()
    }

    fn step(&mut self, task: usize, alternative: usize) {
        self.toy().step(task, alternative);
    }

    fn write_operation(&self, task: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        self.now().write_operation(task, out)
    }

    fn write_event(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        self.now().write_event(out)
    }

    fn outcome(&mut self) -> Outcome {
        self.toy().outcome()
    }
}

#[test]
fn what_does_not_repeat_itself_is_shrunk_by_its_rule() {
    let bounds = Bounds::default();
    let task = |more: usize| {
        let mut task = vec![Alone; more];
        task.extend([Get(0), Alone, Set(0, 1), Alone]);
        task
    };
    let toy = |more| {
        Toy::new([task(0), task(more)]).with_invariant(|state| {
            let both_saw_nothing = state.seen.iter().all(|seen| seen.first() == Some(&0));
            both_saw_nothing.then_some("only one comes first")
        })
    };
    let mut fickle = Fickle {
        toys: [toy(0), toy(1)],
        starts: 0,
    };
    let mut random = Random::new(1, 2_000, bounds);
    let config = Config {
        repeats: Repeats::Mostly,
        ..Config::default()
    };
    let report = Explorer::new(&mut fickle, config).explore(&mut random);
    let found = report.failures.into_iter().next().unwrap();
    assert!(shrink(&mut fickle, bounds, &found.failure, &found.record).is_err());
    let shrunk = shrink_unsteady(&mut fickle, bounds, &found.failure, &found.record).unwrap();
    assert_eq!(shrunk.failure.rule, "only one comes first");
    assert_eq!(shrunk.choices.1, 1, "{:?}", events(&shrunk.record));
}

proptest! {
    #[test]
    fn what_is_shrunk_is_minimal_and_replays(
        programs in crate::explore::toy::programs(),
        seed in any::<u64>(),
    ) {
        let bounds = Bounds { faults: Some(2), ..Bounds::default() };
        // Anything but what the plain run shows is a failure.
        let mut toy = Toy::new(programs);
        let mut plain = Dfs::new(Bounds { preemptions: Some(0), faults: Some(0), ..bounds });
        let config = Config {
            budget: Budget { executions: Some(1), steps: None },
            ..Config::default()
        };
        Explorer::new(&mut toy, config).explore(&mut plain);
        let mut toy = toy.fail_unless_it_ends_like_this();
        let Some(found) = find(&mut toy, bounds, seed) else {
            return Ok(());
        };
        let shrunk = shrink(&mut toy, bounds, &found.failure, &found.record).unwrap();
        prop_assert!(weight(&shrunk.record) <= weight(&found.record));
        prop_assert!(shrunk.choices.1 > 0);
        prop_assert!(is_minimal(&mut toy, bounds, &shrunk).unwrap());
    }
}
