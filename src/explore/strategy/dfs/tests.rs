//! Every execution, written out.

use rstest::rstest;

use super::*;
use crate::explore::toy::{Op::*, Toy};
use crate::explore::{Config, Explorer, Next, OnFailure, Overrun, Report, StepLimit};

/// Every execution as its events, in the order in which they were run.
fn universe(toy: Toy, mut dfs: Dfs) -> (Vec<String>, Report) {
    let config = Config {
        on_failure: OnFailure::GoOn,
        ..Config::default()
    };
    let mut all = Vec::new();
    let report = Explorer::new(toy, config).explore_and(&mut dfs, |toy, _| {
        all.push(toy.trail.join(" "));
        Next::GoOn
    });
    (all, report)
}

fn within(preemptions: Option<u32>, faults: u32) -> Bounds {
    Bounds {
        preemptions,
        faults: Some(faults),
        ..Bounds::default()
    }
}

#[test]
fn two_tasks_of_two_steps_have_six_orders() {
    let toy = Toy::new([vec![Get(0), Get(1)], vec![Get(2), Get(3)]]);
    let (all, report) = universe(toy, Dfs::new(Bounds::default()));
    assert_eq!(
        all,
        [
            "1:Get(0) 1:Get(1) 2:Get(2) 2:Get(3)",
            "1:Get(0) 2:Get(2) 2:Get(3) 1:Get(1)",
            "1:Get(0) 2:Get(2) 1:Get(1) 2:Get(3)",
            "2:Get(2) 2:Get(3) 1:Get(0) 1:Get(1)",
            "2:Get(2) 1:Get(0) 1:Get(1) 2:Get(3)",
            "2:Get(2) 1:Get(0) 2:Get(3) 1:Get(1)",
        ]
    );
    assert!(report.complete, "{report}");
}

#[test]
fn a_lock_leaves_two_orders() {
    let task = || vec![Lock(0), Mix(0, 1), Unlock(0)];
    let (all, report) = universe(Toy::new([task(), task()]), Dfs::new(Bounds::default()));
    assert_eq!(
        all,
        [
            "1:Lock(0) 1:Mix(0, 1) 1:Unlock(0) 2:Lock(0) 2:Mix(0, 1) 2:Unlock(0)",
            "2:Lock(0) 2:Mix(0, 1) 2:Unlock(0) 1:Lock(0) 1:Mix(0, 1) 1:Unlock(0)",
        ]
    );
    assert!(report.complete);
}

#[test]
fn a_pipe_and_a_timer_have_four_ends() {
    let toy = Toy::new([vec![ReceiveOrTimeOut(0)], vec![Alone, Send(0, 7)]]);
    let (all, _) = universe(toy, Dfs::new(Bounds::default()));
    assert_eq!(
        all,
        [
            // The receiver waits, so the sender goes; the timer comes last.
            "2:Alone 2:Send(0, 7) 1:ReceiveOrTimeOut(0)",
            "2:Alone 2:Send(0, 7) 1:ReceiveOrTimeOut(0)!timeout",
            "2:Alone 1:ReceiveOrTimeOut(0)!timeout 2:Send(0, 7)",
            "1:ReceiveOrTimeOut(0)!timeout 2:Alone 2:Send(0, 7)",
        ]
    );
}

#[test]
fn one_fault_strikes_once_anywhere() {
    let faulty = |op| Faulty(Box::new(op));
    let toy = Toy::new([vec![faulty(Set(0, 1)), faulty(Set(1, 1))]]);
    let (all, report) = universe(toy, Dfs::new(within(None, 1)));
    assert_eq!(
        all,
        [
            "1:Faulty(Set(0, 1)) 1:Faulty(Set(1, 1))",
            "1:Faulty(Set(0, 1)) 1:Faulty(Set(1, 1))!EIO",
            "1:Faulty(Set(0, 1)) 1:Faulty(Set(1, 1))!death",
            "1:Faulty(Set(0, 1))!EIO 1:Faulty(Set(1, 1))",
            "1:Faulty(Set(0, 1))!death",
        ]
    );
    assert_eq!(report.faults, 1);
    assert!(report.denied.faults && report.complete);
}

#[test]
fn where_only_a_fault_could_go_on_the_end_comes_first() {
    let toy = Toy::new([vec![Faulty(Box::new(Receive(0))), Set(0, 1)]]);
    let (all, _) = universe(toy.clone(), Dfs::new(within(None, 1)));
    assert_eq!(
        all,
        [
            "",
            "1:Faulty(Receive(0))!EIO 1:Set(0, 1)",
            "1:Faulty(Receive(0))!death",
        ]
    );
    let (all, _) = universe(toy, Dfs::new(within(None, 0)));
    assert_eq!(all, [""]);
}

/// C(4,2), and of those the ones with so many preemptions: after the
/// first task has ended, the switch to the second is none.
#[rstest]
#[case(0, 2)]
#[case(1, 4)]
#[case(2, 6)]
fn a_bound_on_preemptions_binds(#[case] most: u32, #[case] executions: usize) {
    let toy = Toy::new([vec![Get(0), Get(1)], vec![Get(2), Get(3)]]);
    let (all, report) = universe(toy, Dfs::new(within(Some(most), 0)));
    assert_eq!(all.len(), executions);
    assert_eq!(report.preemptions, most);
    assert_eq!(report.denied.preemptions, most < 2);
}

#[test]
fn the_iterative_bound_starts_with_none_and_ends_when_it_keeps_nothing_away() {
    let toy = Toy::new([vec![Get(0), Get(1)], vec![Get(2), Get(3)]]);
    let (all, report) = universe(toy, Dfs::iterative(within(Some(9), 0)));
    assert_eq!(all.len(), 2 + 4 + 6);
    assert_eq!(all[0], "1:Get(0) 1:Get(1) 2:Get(2) 2:Get(3)");
    assert_eq!(all[1], "2:Get(2) 2:Get(3) 1:Get(0) 1:Get(1)");
    assert!(report.complete && !report.denied.preemptions, "{report}");
}

/// A fault on a blocked task is no preemption of the one that runs.
#[test]
fn a_blocked_task_can_be_struck_without_a_preemption() {
    let toy = Toy::new([
        vec![Alone, Alone, Alone],
        vec![Faulty(Box::new(Receive(0)))],
    ]);
    let (all, _) = universe(toy, Dfs::new(within(Some(0), 1)));
    assert_eq!(
        all,
        [
            "1:Alone 1:Alone 1:Alone",
            "1:Alone 1:Alone 1:Alone 2:Faulty(Receive(0))!EIO",
            "1:Alone 1:Alone 1:Alone 2:Faulty(Receive(0))!death",
            "1:Alone 1:Alone 2:Faulty(Receive(0))!EIO 1:Alone",
            "1:Alone 1:Alone 2:Faulty(Receive(0))!death 1:Alone",
            "1:Alone 2:Faulty(Receive(0))!EIO 1:Alone 1:Alone",
            "1:Alone 2:Faulty(Receive(0))!death 1:Alone 1:Alone",
            "2:Faulty(Receive(0))!EIO 1:Alone 1:Alone 1:Alone",
            "2:Faulty(Receive(0))!death 1:Alone 1:Alone 1:Alone",
        ]
    );
}

/// Seven rounds of the same: faults are tried in the first two and the
/// last.
#[test]
fn of_a_loop_the_first_rounds_and_the_last_are_tried() {
    let toy = Toy::new([vec![Faulty(Box::new(Mix(0, 1))); 7]]);
    let bounds = Bounds {
        rounds: Some(2),
        ..within(None, 1)
    };
    let (all, report) = universe(toy, Dfs::new(bounds));
    let struck = |trail: &String| trail.split(" 1:").position(|event| event.contains("EIO"));
    let rounds: Vec<usize> = all.iter().filter_map(struck).collect();
    assert_eq!(rounds, [6, 1, 0]);
    assert!(report.denied.rounds);
}

#[test]
fn of_a_loop_the_first_rounds_and_the_last_are_interrupted() {
    let toy = Toy::new([vec![Mix(0, 1); 7], vec![Set(1, 1)]]);
    let bounds = Bounds {
        rounds: Some(2),
        ..Bounds::default()
    };
    let (all, _) = universe(toy, Dfs::new(bounds));
    let before = |trail: &String| trail.split(' ').position(|event| event.starts_with("2:"));
    // Words, of which a `Mix` has two.
    let rounds: Vec<usize> = all.iter().filter_map(before).map(|word| word / 2).collect();
    assert_eq!(rounds, [7, 6, 1, 0]);
}

#[rstest]
#[case(Overrun::Breaks, 1, 0)]
#[case(Overrun::Cut, 0, 1)]
fn what_does_not_end_fails_or_is_cut(
    #[case] then: Overrun,
    #[case] failures: usize,
    #[case] cut: u64,
) {
    let toy = Toy::new([vec![Until(0)]]);
    let bounds = Bounds {
        steps: StepLimit { most: 50, then },
        ..Bounds::default()
    };
    let (_, report) = universe(toy, Dfs::new(bounds));
    assert_eq!(
        (report.failures.len(), report.cut, report.longest),
        (failures, cut, 50)
    );
    assert_eq!(report.complete, cut == 0);
}

/// (2k)! / (k!)² orders of two tasks of k steps.
#[rstest]
#[case(3, 20)]
#[case(4, 70)]
#[case(6, 924)]
fn the_number_of_orders_is_the_binomial(#[case] steps: usize, #[case] orders: usize) {
    let toy = Toy::new([vec![Mix(0, 1); steps], vec![Mix(0, 2); steps]]);
    let (all, _) = universe(toy, Dfs::new(Bounds::default()));
    assert_eq!(all.len(), orders);
}
