//! Tests of `follow`.

use proptest::prelude::{any, prop_assert_eq, proptest};
use rstest::rstest;

use super::*;
use crate::explore::strategy::{Dfs, Random};
use crate::explore::toy::{Op, Op::*, Toy, programs};
use crate::explore::{Config, Explorer, Found, Verdict};

fn bounds() -> Bounds {
    Bounds {
        faults: Some(1),
        ..Bounds::default()
    }
}

/// The reader is struck, or sees the half-written pair.
fn toy(writer: &[Op], reader: &[Op]) -> Toy {
    Toy::new([writer.to_vec(), reader.to_vec()])
        .with_invariant(|state| (state.seen[1] == [1, 254]).then_some("it sees both or none"))
}

fn writer() -> Vec<Op> {
    vec![Alone, Set(0, 1), Set(1, 1)]
}

fn reader() -> Vec<Op> {
    vec![Alone, Get(0), Faulty(Box::new(Get(1)))]
}

fn find(toy: Toy) -> Found {
    let report = Explorer::new(toy, Config::default()).explore(&mut Dfs::new(bounds()));
    report.failures.into_iter().next().unwrap()
}

fn saved() -> Schedule {
    let file = Schedule::of(&find(toy(&writer(), &reader())).record).to_string();
    assert_eq!(
        file,
        "daemonlab schedule 1\n\
         breaks it sees both or none\n\
         \n\
         0.1 1 Alone\n\
         0.1 2 Set(0, 1)\n\
         0.1 3 Set(1, 1)\n\
         0.2 1 Alone\n\
         0.2 2 Get(0)\n\
         0.2 3 [fault EIO] Faulty(Get(1))\n\
         end 6\n"
    );
    file.parse().unwrap()
}

#[test]
fn it_fails_a_thousand_times_of_a_thousand() {
    let found = find(toy(&writer(), &reader()));
    let schedule = Schedule::of(&found.record);
    for _ in 0..1_000 {
        let toy = toy(&writer(), &reader());
        let followed = follow(toy, &schedule, Fidelity::Strict, bounds()).unwrap();
        assert_eq!(followed.record, found.record);
        assert_eq!(followed.adaptations, []);
    }
}

#[rstest]
#[case::a_new_step(
    vec![Alone, Set(2, 9), Set(0, 1), Set(1, 1)],
    reader(),
    &["step 2: not in the schedule: 0.1 2 Set(2, 9)"],
)]
#[case::a_new_step_at_the_end(
    vec![Alone, Set(0, 1), Set(1, 1), Set(2, 9)],
    reader(),
    // Behind the schedule it goes on as it likes.
    &[],
)]
#[case::a_step_less(
    vec![Set(0, 1), Set(1, 1)],
    reader(),
    &["step 1: not taken any more: 0.1 1 Alone"],
)]
#[case::a_step_less_at_the_end(
    vec![Alone, Set(0, 1)],
    reader(),
    &["step 3: not taken any more: 0.1 3 Set(1, 1)"],
)]
#[case::another_argument(
    vec![Alone, Set(0, 1), Set(1, 7)],
    reader(),
    &["step 3: `Set(1, 1)` is now `Set(1, 7)`"],
)]
fn a_small_change_is_survived(
    #[case] writer: Vec<Op>,
    #[case] reader: Vec<Op>,
    #[case] adaptations: &[&str],
) {
    let followed = follow(toy(&writer, &reader), &saved(), Fidelity::Adapted, bounds()).unwrap();
    let told: Vec<String> = followed
        .adaptations
        .iter()
        .map(|it| it.to_string())
        .collect();
    assert_eq!(told, adaptations);
    let Verdict::Broken(failure) = followed.record.outcome.verdict else {
        panic!("it no longer fails");
    };
    assert_eq!(failure.rule, "it sees both or none");
}

#[rstest]
#[case::a_new_step(
    vec![Alone, Set(2, 9), Set(0, 1), Set(1, 1)],
    reader(),
    2,
    "0.1 2 Set(0, 1)",
    "0.1 2 Set(2, 9), or 0.2 1 Alone",
)]
#[case::a_new_step_at_the_end(
    writer(),
    vec![Alone, Get(0), Faulty(Box::new(Get(1))), Alone],
    7,
    "the end",
    "0.2 4 Alone",
)]
#[case::a_task_that_waits(
    vec![Alone, Receive(0), Set(1, 1)],
    reader(),
    2,
    "0.1 2 Set(0, 1)",
    "0.2 1 Alone",
)]
#[case::an_early_end(
    writer(),
    vec![Alone, Get(0)],
    6,
    "0.2 3 [fault EIO] Faulty(Get(1))",
    "the end: nobody can go on",
)]
fn strictly_any_change_is_told(
    #[case] writer: Vec<Op>,
    #[case] reader: Vec<Op>,
    #[case] step: usize,
    #[case] expected: &str,
    #[case] got: &str,
) {
    let error = follow(toy(&writer, &reader), &saved(), Fidelity::Strict, bounds()).unwrap_err();
    let CannotFollow::Diverged(diverged) = error else {
        panic!("{error}");
    };
    assert_eq!(
        (diverged.step, &*diverged.expected, &*diverged.got),
        (step, expected, got)
    );
    assert_eq!(diverged.before.len(), (step - 1).min(TOLD));
}

/// What the schedule is about, its fault, has no place any more.
#[test]
fn a_fault_is_not_left_out() {
    let reader = vec![Alone, Get(0), Get(1)];
    let error = follow(
        toy(&writer(), &reader),
        &saved(),
        Fidelity::Adapted,
        bounds(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "the program did not go along the schedule at its step 6\n  \
           before:   0.1 2 Set(0, 1)\n  \
           before:   0.1 3 Set(1, 1)\n  \
           before:   0.2 1 Alone\n  \
           before:   0.2 2 Get(0)\n  \
           before:   0.2 3 Get(1)\n  \
           expected: 0.2 3 [fault EIO] Faulty(Get(1))\n  \
           got:      the end: nobody can go on\n\
         The program has changed since the schedule was saved: follow it adapted, or search \
         again and save a new one."
    );
}

/// A task that comes to be later than in the schedule is waited for.
#[test]
fn a_late_birth_is_waited_for() {
    let parent = |before: usize| {
        let mut ops = vec![Alone; before];
        ops.extend([Start(1), Alone]);
        ops
    };
    let record = Toy::new([parent(0), vec![Set(0, 1)]]);
    let report =
        Explorer::new(record.fail_always(), Config::default()).explore(&mut Dfs::new(bounds()));
    let schedule = Schedule::of(&report.failures[0].record);
    let later = Toy::new([parent(2), vec![Set(0, 1)]]);
    let followed = follow(later, &schedule, Fidelity::Adapted, bounds()).unwrap();
    assert_eq!(followed.record.steps.len(), 5);
}

proptest! {
    /// Whatever execution it is: written, read and followed, it is the same.
    #[test]
    fn every_execution_can_be_followed(programs in programs(), seed in any::<u64>()) {
        let bounds = Bounds { faults: Some(3), ..Bounds::default() };
        let toy = Toy::new(programs).fail_always();
        let report = Explorer::new(toy.clone(), Config::default())
            .explore(&mut Random::new(seed, 1, bounds));
        let record = &report.failures[0].record;
        let schedule: Schedule = Schedule::of(record).to_string().parse().unwrap();
        for fidelity in [Fidelity::Strict, Fidelity::Adapted] {
            let followed = follow(toy.clone(), &schedule, fidelity, bounds).unwrap();
            prop_assert_eq!(&followed.record, record);
            prop_assert_eq!(followed.adaptations, []);
        }
    }
}
