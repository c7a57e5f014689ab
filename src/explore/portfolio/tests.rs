//! The same whatever the number of workers, and the whole in shards.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::explore::Budget;
use crate::explore::Timers;
use crate::explore::toy::{Op::*, Toy, programs};

fn faults(most: u32) -> Bounds {
    Bounds {
        faults: Some(most),
        ..Bounds::default()
    }
}

fn collect() -> Config {
    Config {
        on_failure: OnFailure::GoOn,
        ..Config::default()
    }
}

fn three() -> Toy {
    let task = |own: usize| vec![Mix(own, 1), Get(2), Faulty(Box::new(Mix(2, own as u8)))];
    Toy::new([task(0), task(1), vec![Mix(2, 5), Get(0)]])
        .with_invariant(|state| (state.registers[2] == 14).then_some("it is not 14"))
}

#[rstest]
#[case(Plan::DepthFirst(faults(1)))]
#[case(Plan::DepthFirst(Bounds { preemptions: Some(2), ..faults(1) }))]
#[case(Plan::Reduced(faults(1)))]
#[case(Plan::Reduced(Bounds { preemptions: Some(2), ..faults(1) }))]
#[case(Plan::Random { seed: 4, executions: 1_000, bounds: faults(1) })]
#[case(Plan::Pct { seed: 4, depth: 3, executions: 1_000, bounds: faults(1) })]
fn the_number_of_workers_does_not_matter(#[case] plan: Plan) {
    for config in [
        Config::default(),
        collect(),
        Config {
            budget: Budget {
                executions: Some(321),
                steps: None,
            },
            ..collect()
        },
    ] {
        let alone = search(three, plan, config, 1);
        assert!(!alone.failures.is_empty(), "{alone}");
        for workers in [2, 3, 100] {
            assert_eq!(search(three, plan, config, workers), alone);
        }
    }
}

#[rstest]
#[case(Plan::DepthFirst(faults(1)))]
#[case(Plan::Reduced(faults(1)))]
#[case(Plan::Random { seed: 4, executions: 1_000, bounds: faults(1) })]
fn a_budget_of_executions_is_used_up_to_the_last(#[case] plan: Plan) {
    for most in [1, 10, 100, 150] {
        let budget = Budget {
            executions: Some(most),
            steps: None,
        };
        let report = search(
            three,
            plan,
            Config {
                budget,
                ..collect()
            },
            2,
        );
        assert_eq!(report.executions + report.abandoned, most);
        assert_eq!(
            (report.stop, report.complete),
            (Stop::ExecutionBudget, false)
        );
    }
}

#[test]
fn a_budget_of_steps_is_not_exceeded() {
    let budget = Budget {
        executions: None,
        steps: Some(5_000),
    };
    let report = search(
        three,
        Plan::DepthFirst(faults(1)),
        Config {
            budget,
            ..collect()
        },
        2,
    );
    assert!(report.steps <= 5_000 && !report.complete, "{report}");
}

#[test]
fn iterative_bounds_end_where_nothing_is_kept_away() {
    let toy = || Toy::new([vec![Mix(0, 1); 2], vec![Mix(0, 2); 2]]);
    let bounds = Bounds {
        preemptions: Some(9),
        ..Bounds::default()
    };
    let report = search(toy, Plan::DepthFirst(bounds), Config::default(), 2);
    assert_eq!(report.bounds.and_then(|bounds| bounds.preemptions), Some(2));
    assert_eq!((report.executions, report.complete), (6, true));
}

#[test]
fn a_panic_of_a_worker_is_a_panic() {
    let task = || vec![Get(0), Get(1), Get(2)];
    let toy =
        || Toy::new([task(), task()]).with_invariant(|state| panic!("an invariant at {state:?}"));
    let searched =
        std::panic::catch_unwind(|| search(toy, Plan::DepthFirst(faults(0)), Config::default(), 2));
    assert!(searched.is_err());
}

proptest! {
    /// In shards it finds what it finds in one piece.
    #[test]
    fn shards_are_the_whole(
        programs in programs(),
        most in 0u32..2,
        preemptions in 0u32..3,
        timers in prop_oneof![Just(Timers::AnyTime), Just(Timers::WhenIdle)],
    ) {
        let bounds = Bounds { timers, ..faults(most) };
        let config = Config {
            budget: Budget { executions: Some(20_000), steps: None },
            ..collect()
        };
        let toy = Toy::new(programs);
        let make = || toy.clone();
        let whole = Explorer::new(make(), config).explore(&mut Dfs::new(bounds));
        prop_assume!(whole.complete);
        let shards = search(make, Plan::DepthFirst(bounds), config, 2);
        prop_assert_eq!(shards.executions, whole.executions);
        prop_assert_eq!(&shards.states, &whole.states);
        prop_assert!(shards.complete);
        let reduced = search(make, Plan::Reduced(bounds), config, 2);
        prop_assert_eq!(&reduced.states, &whole.states);
        prop_assert!(reduced.complete);
        let bounds = Bounds { preemptions: Some(preemptions), ..bounds };
        let whole = Explorer::new(make(), config).explore(&mut Dfs::new(bounds));
        let reduced = search(make, Plan::Reduced(bounds), config, 2);
        prop_assert_eq!(&reduced.states, &whole.states);
        prop_assert!(reduced.complete);
    }
}
