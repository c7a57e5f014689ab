//! The reduction against the plain search of everything.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;

use super::Dpor;
use crate::explore::bounds::{Bounds, Timers};
use crate::explore::strategy::{Dfs, Strategy};
use crate::explore::toy::{Op, Op::*, State as End, Toy, programs};
use crate::explore::{Budget, Config, Explorer, Next, OnFailure, Report};

type Class = (Vec<Vec<String>>, Vec<(String, String)>);

struct All {
    ends: BTreeSet<End>,
    classes: BTreeSet<Class>,
    report: Report,
}

fn explore(toy: &Toy, mut strategy: impl Strategy) -> All {
    let config = Config {
        budget: Budget {
            executions: Some(30_000),
            steps: None,
        },
        on_failure: OnFailure::GoOn,
        ..Config::default()
    };
    let (mut ends, mut classes) = (BTreeSet::new(), BTreeSet::new());
    let report = Explorer::new(toy.clone(), config).explore_and(&mut strategy, |toy, _| {
        ends.insert(toy.state.clone());
        classes.insert(toy.class());
        Next::GoOn
    });
    All {
        ends,
        classes,
        report,
    }
}

fn within(faults: u32, timers: Timers) -> Bounds {
    Bounds {
        faults: Some(faults),
        timers,
        ..Bounds::default()
    }
}

fn timers() -> impl proptest::strategy::Strategy<Value = Timers> {
    prop_oneof![Just(Timers::AnyTime), Just(Timers::WhenIdle)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    /// Every end, and in fact every class of equivalent executions, that the
    /// search of everything finds; each class once.
    #[test]
    fn it_reaches_what_the_search_of_everything_reaches(
        programs in programs(),
        faults in 0u32..3,
        timers in timers(),
    ) {
        let toy = Toy::new(programs);
        let bounds = within(faults, timers);
        let everything = explore(&toy, Dfs::new(bounds));
        prop_assume!(everything.report.complete);
        let reduced = explore(&toy, Dpor::new(bounds));
        prop_assert!(reduced.report.complete);
        prop_assert_eq!(&reduced.ends, &everything.ends);
        prop_assert_eq!(&reduced.classes, &everything.classes);
        let executions = reduced.report.executions;
        prop_assert!(executions <= everything.report.executions);
        if timers == Timers::AnyTime {
            prop_assert_eq!(executions, reduced.classes.len() as u64);
        }
    }
}

/// What one search finds and the other does not, and that each is complete.
fn differ(programs: &[Vec<Op>], bounds: Bounds) -> Option<String> {
    let toy = Toy::new(programs.to_vec());
    let everything = explore(&toy, Dfs::new(bounds));
    if !everything.report.complete {
        return None;
    }
    let reduced = explore(&toy, Dpor::new(bounds));
    let missed: Vec<&Class> = everything.classes.difference(&reduced.classes).collect();
    let strange: Vec<&Class> = reduced.classes.difference(&everything.classes).collect();
    let same = reduced.report.complete && reduced.ends == everything.ends;
    (!same || !missed.is_empty() || !strange.is_empty()).then(|| {
        format!(
            "missed: {missed:#?}\nstrange: {strange:#?}\n{}",
            reduced.report
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    /// Within a bound on preemptions, too, just the classes that have an
    /// execution within it.
    #[test]
    fn within_a_bound_it_reaches_what_the_search_of_everything_reaches(
        programs in programs(),
        faults in 0u32..3,
        preemptions in 0u32..4,
        timers in timers(),
    ) {
        let bounds = Bounds { preemptions: Some(preemptions), ..within(faults, timers) };
        let different = differ(&programs, bounds);
        prop_assert!(different.is_none(), "{}", different.unwrap());
    }
}

/// What it takes for the cost of equivalent executions to differ, each case
/// once found by chance.
#[rstest]
// From the start only a fault leads to the class: it lets the first task go.
#[case::a_fault_that_lets_its_task_go_is_tried_with_the_others(0, vec![
    vec![Faulty(Box::new(Receive(0))), Set(1, 1)],
    vec![Get(0), Get(1)],
    vec![],
])]
// To let the second task go before the third one's fault is a preemption.
#[case::whoever_goes_on_does_so_in_all_ways_before_others_sleep(1, vec![
    vec![Mystery(0, 1)],
    vec![Faulty(Box::new(Send(1, 1))), Get(0)],
    vec![ReceiveOrTimeOut(1), Faulty(Box::new(Get(0)))],
])]
// The second task goes between the wait of the third and its fault.
#[case::a_fault_frees_a_task_that_has_stopped(0, vec![
    vec![Mystery(0, 1)],
    vec![Get(0), Get(0)],
    vec![ReceiveOrTimeOut(0), Faulty(Box::new(AwaitEnd(0))), Kill(0)],
])]
// Struck while it waits, the third task is not preempted; after the first has
// ended, it is.
#[case::a_fault_strikes_before_another_would_have_released_its_task(0, vec![
    vec![Alone],
    vec![Mystery(0, 1), Faulty(Box::new(Set(0, 1)))],
    vec![Faulty(Box::new(AwaitEnd(0))), Get(0)],
])]
// Struck before the first one's message, the second task is not preempted; and
// the first finds it dead.
#[case::a_task_is_struck_before_it_is_released(0, vec![
    vec![Start(1), Send(0, 1), Kill(1)],
    vec![Faulty(Box::new(Receive(0))), Alone],
    vec![],
])]
fn where_the_cost_of_an_order_matters(#[case] preemptions: u32, #[case] programs: Vec<Vec<Op>>) {
    let bounds = Bounds {
        preemptions: Some(preemptions),
        ..within(1, Timers::AnyTime)
    };
    let different = differ(&programs, bounds);
    assert!(different.is_none(), "{}", different.unwrap());
}

/// The universe of two tasks that each write a register of their own, then a
/// common one, by bounds. There are two classes. With a preemption to spare the
/// second is met twice: where to let the other go first is free, it is not known
/// yet that nothing new comes of it.
#[rstest]
#[case(0, &[
    "1:Mix(0, 1) 1:Mix(2, 1) 1:Mix(0, 1) 2:Mix(1, 1) 2:Mix(2, 2) 2:Mix(1, 1)",
    "2:Mix(1, 1) 2:Mix(2, 2) 2:Mix(1, 1) 1:Mix(0, 1) 1:Mix(2, 1) 1:Mix(0, 1)",
])]
#[case(1, &[
    "1:Mix(0, 1) 1:Mix(2, 1) 1:Mix(0, 1) 2:Mix(1, 1) 2:Mix(2, 2) 2:Mix(1, 1)",
    "1:Mix(0, 1) 2:Mix(1, 1) 2:Mix(2, 2) 2:Mix(1, 1) 1:Mix(2, 1) 1:Mix(0, 1)",
    "2:Mix(1, 1) 2:Mix(2, 2) 2:Mix(1, 1) 1:Mix(0, 1) 1:Mix(2, 1) 1:Mix(0, 1)",
])]
fn the_universe_of_one_conflict(#[case] preemptions: u32, #[case] executions: &[&str]) {
    let task = |own, value| vec![Mix(own, 1), Mix(2, value), Mix(own, 1)];
    let bounds = Bounds {
        preemptions: Some(preemptions),
        ..within(0, Timers::AnyTime)
    };
    let mut all = Vec::new();
    let toy = Toy::new([task(0, 1), task(1, 2)]);
    let mut reduction = Dpor::new(bounds);
    let report = Explorer::new(toy, Config::default()).explore_and(&mut reduction, |toy, _| {
        all.push(toy.trail.join(" "));
        Next::GoOn
    });
    assert_eq!(all, executions);
    assert!(report.complete, "{report}");
}

/// Tasks that touch different registers commute: one execution, where the
/// search of everything has 12! / (4!)³ of them.
#[test]
fn what_commutes_is_run_once() {
    let toy = Toy::new((0..3).map(|register| vec![Mix(register, 1); 4]));
    let reduced = explore(&toy, Dpor::new(within(0, Timers::AnyTime)));
    assert_eq!(
        (reduced.report.executions, reduced.report.abandoned),
        (1, 0)
    );
}

/// Of the 70 orders of two tasks that each write a register of their own three
/// times and then a common one, only which comes first at the common one
/// matters.
#[test]
fn one_conflict_makes_two_executions() {
    let task = |own| vec![Mix(own, 1), Mix(own, 1), Mix(own, 1), Mix(2, own as u8)];
    let toy = Toy::new([task(0), task(1)]);
    let reduced = explore(&toy, Dpor::new(within(0, Timers::AnyTime)));
    assert_eq!(
        reduced
            .classes
            .iter()
            .map(|class| class.1.clone())
            .collect::<Vec<_>>(),
        [
            [("1#4".to_owned(), "2#4".to_owned())],
            [("2#4".to_owned(), "1#4".to_owned())],
        ]
    );
    assert_eq!(reduced.report.executions, 2);
    let everything = explore(&toy, Dfs::new(within(0, Timers::AnyTime)));
    assert_eq!(everything.report.executions, 70);
}

/// Where everything conflicts there is nothing to leave out.
#[test]
fn what_nobody_knows_is_left_in() {
    let toy = Toy::new([vec![Mystery(0, 1); 3], vec![Mystery(1, 1); 3]]);
    let reduced = explore(&toy, Dpor::new(within(0, Timers::AnyTime)));
    assert_eq!(reduced.report.executions, 20);
}

/// A start-up in miniature: a launcher waits, with a timer, for a daemon that
/// does things of its own before it says that it is ready, and any of them may
/// fail. Both sides count their steps on a pipe of their own.
#[test]
fn a_handshake_with_faults_needs_a_hundredth_of_the_executions() {
    let faulty = |op| Faulty(Box::new(op));
    let launcher = vec![
        Start(1),
        Set(0, 1),
        faulty(Set(0, 2)),
        Set(0, 3),
        ReceiveOrTimeOut(0),
        Set(0, 4),
    ];
    let daemon = vec![
        Set(1, 1),
        faulty(Set(1, 2)),
        Set(1, 3),
        faulty(Send(0, 1)),
        Set(1, 4),
    ];
    let toy = Toy::new([launcher, daemon]);
    let bounds = within(1, Timers::AnyTime);
    let everything = explore(&toy, Dfs::new(bounds));
    let reduced = explore(&toy, Dpor::new(bounds));
    assert!(everything.report.complete && reduced.report.complete);
    assert_eq!(reduced.ends, everything.ends);
    let (few, many) = (reduced.report.executions, everything.report.executions);
    assert!(few * 100 <= many, "{few} of {many}");
}

/// Struck where its timer could fire, the second task has the processor, and the
/// third one's last step preempts it. Struck once the third can go on, it has not.
#[test]
fn whom_a_fault_strikes_has_the_processor_only_if_a_timer_could_have_moved_it() {
    let programs = [
        vec![Start(1)],
        vec![Faulty(Box::new(ReceiveOrTimeOut(0))), Get(0)],
        vec![Faulty(Box::new(Receive(0))), Start(1)],
    ];
    let bounds = Bounds {
        preemptions: Some(0),
        ..within(2, Timers::WhenIdle)
    };
    let different = differ(&programs, bounds);
    assert!(different.is_none(), "{}", different.unwrap());
}
