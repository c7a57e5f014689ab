//! The reduction against the plain search, on the daemonizer's readiness
//! handshake: within the same bound on preemptions both come to the same ends,
//! by the same classes of equivalent executions, and the reduction takes a
//! hundredth of the executions. So it is with a fault in any call.

mod handshake;

use std::collections::{BTreeMap, BTreeSet};

use daemonlab::daemon::Settings;
use daemonlab::explore::point::Point;
use daemonlab::explore::strategy::{Dfs, Dpor, Pick, Strategy};
use daemonlab::explore::{Bounds, Config, Digest, Explorer, Foot, Next, Report, TaskName, Timers};
use daemonlab::sim::{Faults, Simulation};
use handshake::{handshake, plain, with_user_and_log};
use rstest::rstest;

/// Tells executions apart that are not equivalent: by what each task did, and
/// by which of two steps that conflict came first.
struct Classes<S> {
    inner: S,
    taken: Vec<(TaskName, u32, Foot, String)>,
    orders: Vec<u64>,
    all: BTreeSet<u64>,
}

impl<S: Strategy> Strategy for Classes<S> {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn begin(&mut self) -> Option<Bounds> {
        self.taken.clear();
        self.orders.clear();
        self.inner.begin()
    }

    fn choose(&mut self, point: &Point<'_>) -> Pick {
        let pick = self.inner.choose(point);
        let Pick::Go { candidate, way } = pick else {
            return pick;
        };
        let candidate = &point.candidates[candidate];
        let Some(at) = point.task(candidate) else {
            return pick;
        };
        let way = point.offered(candidate)[way];
        let (name, number) = (point.name(at.task), point.steps_of(at.task) + 1);
        let conflicting = self
            .taken
            .iter()
            .filter(|(other, _, foot, _)| *other != name && point.conflict(*foot, way.foot));
        let before = conflicting.map(|(other, n, ..)| Digest::of((other, n, name, number)));
        self.orders.extend(before);
        let label = point.label(candidate, &way).to_owned();
        self.taken.push((name, number, way.foot, label));
        pick
    }

    fn end(&mut self, last: &Point<'_>) {
        self.inner.end(last);
        // Else it was abandoned, as one that is known, or ended where only a
        // fault could have kept it going.
        if last
            .candidates
            .iter()
            .all(|candidate| candidate.at.is_none())
        {
            let mut ways: BTreeMap<TaskName, Vec<&str>> = BTreeMap::new();
            for (task, .., label) in &self.taken {
                ways.entry(*task).or_default().push(label);
            }
            self.orders.sort_unstable();
            self.all.insert(Digest::of((ways, &self.orders)));
        }
    }

    fn wants_footprints(&self) -> Option<usize> {
        Some(0)
    }

    fn is_exhaustive(&self) -> bool {
        self.inner.is_exhaustive()
    }
}

fn explore(simulation: Simulation, inner: impl Strategy) -> (Report, BTreeSet<u64>) {
    let mut classes = Classes {
        inner,
        taken: Vec::new(),
        orders: Vec::new(),
        all: BTreeSet::new(),
    };
    let report =
        Explorer::new(simulation, Config::default()).explore_and(&mut classes, |_, _| Next::GoOn);
    assert!(report.complete, "{report}");
    (report, classes.all)
}

#[rstest]
#[case::plain(plain())]
#[case::with_user_and_log(with_user_and_log())]
fn the_handshake_takes_a_hundredth(#[case] settings: Settings) {
    for (preemptions, ratio) in [(0, 1), (1, 10), (2, 100)] {
        let bounds = Bounds {
            preemptions: Some(preemptions),
            timers: Timers::WhenIdle,
            ..Bounds::default()
        };
        let simulation = || handshake(settings.clone(), Faults::NONE);
        let (everything, classes) = explore(simulation(), Dfs::new(bounds));
        let (reduced, same) = explore(simulation(), Dpor::new(bounds));
        assert_eq!(reduced.states, everything.states);
        assert_eq!(same, classes);
        let (many, few) = (
            everything.executions,
            reduced.executions + reduced.abandoned,
        );
        println!(
            "at most {preemptions} preemptions: {} ends, {} classes; {many} executions without \
             the reduction, {few} with it",
            everything.states.len(),
            classes.len(),
        );
        assert!(few * ratio <= many, "{few} of {many}");
    }
}

#[test]
fn with_every_single_fault_the_ends_are_the_same() {
    let bounds = Bounds {
        preemptions: Some(0),
        faults: Some(1),
        timers: Timers::WhenIdle,
        ..Bounds::default()
    };
    let simulation = || handshake(plain(), Faults::ALL);
    let (everything, classes) = explore(simulation(), Dfs::new(bounds));
    let (reduced, same) = explore(simulation(), Dpor::new(bounds));
    println!(
        "one fault: {} ends, {} classes; {} executions without the reduction, {} with it",
        everything.states.len(),
        classes.len(),
        everything.executions,
        reduced.executions + reduced.abandoned,
    );
    assert!(everything.faults == 1 && everything.states.len() > 50);
    assert_eq!(reduced.states, everything.states);
    assert_eq!(same, classes);
}
