//! The order judge against a naive reference: every pair of events that is
//! meant, looked at by the definition.

use daemonlab_harness::world::event::{Event, What};
use proptest::prelude::*;

use crate::made::*;

const TASKS: [&str; 3] = ["0", "0.1", "0.1.1"];
const CALLS: [&str; 4] = ["setsid", "chdir", "umask", "wait4"];
const WHICH: [&str; 4] = ["", "first", "last", "every"];

/// A task's next call: whose, which, how long after the one before, how long.
fn calls() -> impl Strategy<Value = Vec<(usize, usize, u64, u64)>> {
    prop::collection::vec((0..3usize, 0..4usize, 0..4u64, 0..6u64), 0..12)
}

/// Events in the order in which they are over; a task's calls never overlap.
fn events(calls: &[(usize, usize, u64, u64)]) -> Vec<Event> {
    let mut free = [0; 3];
    let mut events: Vec<Event> = Vec::new();
    for (task, name, pause, length) in calls {
        let began = free[*task] + pause;
        let over = began + length;
        free[*task] = over;
        events.push(call(TASKS[*task], (began, over), plain(CALLS[*name])));
    }
    events.sort_by_key(|event| event.at);
    events
}

/// Whether an event was over before another took place.
fn before(events: &[Event], first: usize, second: usize) -> bool {
    let (one, other) = (&events[first], &events[second]);
    let of = |event: &Event| match &event.what {
        What::Call { by, call } => (by.task.clone(), call.began, call.name.clone()),
        other => panic!("{other:?}"),
    };
    let ((task, _, _), (other_task, began, name)) = (of(one), of(other));
    first < second && (task == other_task || name == "wait4" || one.at <= began)
}

fn meant(events: &[Event], which: &str, name: &str) -> Vec<usize> {
    let is_it = |event: &Event| matches!(&event.what, What::Call { call, .. } if call.name == name);
    let all: Vec<usize> = (0..events.len()).filter(|n| is_it(&events[*n])).collect();
    match which {
        "every" => all,
        "last" => all.last().copied().into_iter().collect(),
        _ => all.first().copied().into_iter().collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_order_holds_if_every_pair_that_is_meant_is_in_order(
        calls in calls(),
        items in prop::collection::vec((0..4usize, 0..4usize), 2..4),
    ) {
        let events = events(&calls);
        let expect: Vec<String> = items
            .iter()
            .map(|(which, name)| match WHICH[*which] {
                "" => format!("{{call: {}}}", CALLS[*name]),
                which => format!("{{{which}: {{call: {}}}}}", CALLS[*name]),
            })
            .collect();
        let expect = format!("order: [{}]", expect.join(", "));
        let sets: Vec<Vec<usize>> = items
            .iter()
            .map(|(which, name)| meant(&events, WHICH[*which], CALLS[*name]))
            .collect();
        let all_there = sets.iter().all(|set| !set.is_empty());
        let in_order = sets.windows(2).all(|pair| {
            pair[0].iter().all(|a| pair[1].iter().all(|b| before(&events, *a, *b)))
        });
        let found = outlook(&expect, &events, 0);
        let holds = word(&found).0 == "holds";
        prop_assert_eq!(holds, all_there && in_order, "{} {:#?}", expect, found);
    }

    /// What is broken stays so, whatever happens after.
    #[test]
    fn what_is_broken_stays_broken(
        calls in calls(),
        (which, one, other) in (0..4usize, 0..4usize, 0..4usize),
        cut in 0..12usize,
    ) {
        let events = events(&calls);
        let second = match WHICH[which] {
            "" => format!("{{call: {}}}", CALLS[other]),
            which => format!("{{{which}: {{call: {}}}}}", CALLS[other]),
        };
        for expect in [
            format!("order: [{{call: {}}}, {second}]", CALLS[one]),
            format!("never: {{call: {}}}", CALLS[one]),
            format!("{{count: {{call: {}}}, at-most: 1}}", CALLS[one]),
        ] {
            let early = outlook(&expect, &events[..cut.min(events.len())], 0);
            if word(&early).0 == "broken" {
                let late = outlook(&expect, &events, 0);
                prop_assert_eq!(word(&late).0, "broken", "{} {:#?}", expect, late);
            }
        }
    }
}
