//! Tests of `reverse`.

use rstest::rstest;

use super::*;
use crate::explore::bounds::Timers;
use crate::explore::toy::{Op::*, Toy};
use crate::explore::{Config, Explorer, Next, Repeats, Stop};

/// The executions, by their steps.
fn trails(toy: Toy, timers: Timers) -> Vec<String> {
    let bounds = Bounds {
        timers,
        ..Bounds::default()
    };
    let config = Config {
        repeats: Repeats::Mostly,
        ..Config::default()
    };
    let mut trails = Vec::new();
    let mut reverse = Reverse::new(bounds);
    let report = Explorer::new(toy, config).explore_and(&mut reverse, |toy, _| {
        trails.push(toy.trail.join(" "));
        Next::GoOn
    });
    assert_eq!(report.stop, Stop::Exhausted);
    trails
}

#[test]
fn what_races_is_turned_round_and_nothing_else() {
    let toy = Toy::new([vec![Alone, Get(0), Get(1)], vec![Alone, Set(0, 1)]]);
    assert_eq!(
        trails(toy, Timers::WhenIdle),
        [
            "1:Alone 1:Get(0) 1:Get(1) 2:Alone 2:Set(0, 1)",
            "1:Alone 2:Alone 2:Set(0, 1) 1:Get(0) 1:Get(1)",
        ]
    );
}

/// Who was overtaken twice is let go in between as well.
#[test]
fn who_is_held_is_let_go_after_each_that_overtakes_it() {
    let toy = Toy::new([vec![Get(0)], vec![Set(0, 1), Alone, Set(0, 2)]]);
    assert_eq!(
        trails(toy, Timers::WhenIdle),
        [
            "1:Get(0) 2:Set(0, 1) 2:Alone 2:Set(0, 2)",
            "2:Set(0, 1) 2:Alone 2:Set(0, 2) 1:Get(0)",
            "2:Set(0, 1) 1:Get(0) 2:Alone 2:Set(0, 2)",
        ]
    );
}

/// Nobody can be overtaken by those whom he has yet to make, nor by theirs.
#[rstest]
#[case("0", "0.1.1/t2", &["0"], false)]
#[case("0", "0.1.1/t2", &["0", "0.1"], true)]
#[case("0", "0/t1", &["0"], false)]
#[case("0.1", "0.2", &["0", "0.1"], true)]
#[case("0.1", "0", &["0", "0.1"], true)]
#[case("0.1", "0.1", &["0", "0.1"], false)]
fn a_child_does_not_come_before_its_making(
    #[case] first: &str,
    #[case] later: &str,
    #[case] present: &[&str],
    #[case] may: bool,
) {
    let name = |text: &str| text.parse::<TaskName>().expect("it is a name");
    let event = |task: &str, number| Event {
        place: Place {
            task: TaskId(number),
            code: 0,
            round: 1,
        },
        foot: Foot::UNKNOWN,
        name: name(task),
        present: present.iter().map(|task| name(task)).collect(),
    };
    let number = u16::from(first != later);
    assert_eq!(event(first, 0).may_come_after(&event(later, number)), may);
}

/// Of a task that ticks, the first rounds count.
#[rstest]
#[case(Timers::WhenIdle, "2:Set(0, 1) 1:Get(0) 2:Sleep!timeout")]
#[case(
    Timers::AnyTime,
    "2:Set(0, 1) 2:Sleep!timeout 2:Sleep!timeout 2:Sleep!timeout 1:Get(0)"
)]
fn timers_of_others_fire_if_they_may(#[case] timers: Timers, #[case] begins: &str) {
    let ticks = [Set(0, 1)].into_iter().chain([const { Sleep }; 9]);
    let toy = Toy::new([vec![Get(0)], ticks.collect()]);
    let reversed = &trails(toy, timers)[1];
    assert!(reversed.starts_with(begins), "{reversed}");
}

/// A task that does not repeat itself is found again by what it does.
#[test]
fn more_rounds_of_somebody_elses_loop_lead_nothing_astray() {
    let loops = |rounds: usize| {
        let mut program = vec![Alone; rounds];
        program.push(Get(0));
        Toy::new([program, vec![Set(0, 1)]])
    };
    let mut reverse = Reverse::new(Bounds::default());
    for (rounds, trail) in [(1, "1:Get(0) 2:Set(0, 1)"), (4, "2:Set(0, 1) 1:Get(0)")] {
        let config = Config {
            budget: crate::explore::Budget {
                executions: Some(1),
                steps: None,
            },
            repeats: Repeats::Mostly,
            ..Config::default()
        };
        let mut ended = String::new();
        Explorer::new(loops(rounds), config).explore_and(&mut reverse, |toy, _| {
            ended = toy.trail.join(" ");
            Next::GoOn
        });
        assert!(ended.ends_with(trail), "{ended}");
    }
}
