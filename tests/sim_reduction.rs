//! scratch
use std::path::PathBuf;
use std::sync::Arc;

use daemonlab::daemon::{Daemon, InheritedFds, LauncherWaits, Mode, Settings};
use daemonlab::explore::strategy::{Dfs, Dpor, Strategy};
use daemonlab::explore::{Bounds, Config, Explorer, Next, Timers};
use daemonlab::sim::invariants;
use daemonlab::sim::{Actor, Faults, Scene, Setup, Simulation, Start, Sys};
use daemonlab::sys::Waiting;

fn simulation(user: bool, log: bool) -> Simulation {
    let program = move |sys: Sys| {
        let inherited = InheritedFds::note(&sys);
        let settings = Settings {
            mode: Mode::Background,
            pid_file: PathBuf::from("/run/d.pid"),
            error_log: log.then(|| PathBuf::from("/var/log/d.log")),
            user: user.then(|| "www".to_owned()),
            launcher_waits: LauncherWaits::ForReady,
            ..Settings::default()
        };
        let stays = sys.clone();
        Daemon::new(sys, inherited, settings).run_forever(|ready| match ready.notify() {
            Ok(_running) => i32::from(stays.poll(&[], None, None).is_err()),
            Err(failure) => failure.status(),
        })
    };
    Simulation::new(Setup {
        scene: Scene::new().user("www", 33, 33).group("www", 33, &[]),
        actors: vec![Actor {
            program: Arc::new(program),
            start: Start::default(),
            faults: Faults::NONE,
        }],
        time: Timers::WhenIdle,
        hang_up: false,
        invariants: vec![invariants::launcher_ends()],
    })
}


use std::collections::{BTreeMap, BTreeSet};
use daemonlab::explore::point::Point;
use daemonlab::explore::strategy::Pick;
use daemonlab::explore::{Foot, TaskName, Digest};

/// Counts the classes.
struct Classes<S> { inner: S, trail: Vec<(TaskName, u32, Foot, String)>, orders: Vec<u64>, all: BTreeSet<u64>, say: bool }
impl<S: Strategy> Strategy for Classes<S> {
    fn name(&self) -> String { self.inner.name() }
    fn begin(&mut self) -> Option<Bounds> { self.trail.clear(); self.orders.clear(); self.inner.begin() }
    fn choose(&mut self, point: &Point<'_>) -> Pick {
        let pick = self.inner.choose(point);
        if let Pick::Go { candidate, way } = pick && let Some(at) = point.task(&point.candidates[candidate]) {
            let w = point.offered(&point.candidates[candidate])[way];
            let (name, number) = (point.name(at.task), point.steps_of(at.task) + 1);
            let label = point.label(&point.candidates[candidate], &w).to_owned();
            for (other, no, foot, _) in &self.trail {
                if *other != name && point.conflict(*foot, w.foot) {
                    self.orders.push(Digest::of((other, no, name, number)));
                }
            }
            self.trail.push((name, number, w.foot, label));
        }
        pick
    }
    fn end(&mut self, last: &Point<'_>) {
        self.inner.end(last);
        if !last.candidates.is_empty() { return; }
        let mut by: BTreeMap<TaskName, Vec<&String>> = BTreeMap::new();
        for (t, _, _, l) in &self.trail { by.entry(*t).or_default().push(l); }
        self.orders.sort();
        self.all.insert(Digest::of((by, &self.orders)));
    }
    fn wants_footprints(&self) -> Option<usize> { Some(0) }
    fn is_exhaustive(&self) -> bool { true }
}

fn run(user: bool, log: bool, s: impl Strategy) -> (daemonlab::explore::Report, BTreeSet<u64>) {
    let mut s = Classes { inner: s, trail: vec![], orders: vec![], all: BTreeSet::new(), say: false };
    let t = std::time::Instant::now();
    let r = Explorer::new(simulation(user, log), Config::default())
        .explore_and(&mut s, |_, _| Next::GoOn);
    println!(
        "{}: {} + {} executions, {} classes, {} states, longest {}, preemptions {} complete {} {:?}",
        r.strategy, r.executions, r.abandoned, s.all.len(), r.states.len(), r.longest, r.preemptions, r.complete, t.elapsed()
    );
    (r, s.all)
}

#[test]
fn figures() {
    let bounds = Bounds { timers: Timers::WhenIdle, faults: Some(0), rounds: None, ..Bounds::default() };
    for (user, log) in [(false, false), (true, false), (true, true)] {
        println!("user {user} log {log}");
        run(user, log, Dpor::new(bounds));
        for most in 0..3 {
            let b = Bounds { preemptions: Some(most), ..bounds };
            let (r, c) = run(user, log, Dfs::new(b));
            let (d, dc) = run(user, log, Dpor::new(b));
            println!("  bound {most}: naive {} reduced {} ratio {:.1}; states equal {} classes equal {} ({} {})", r.executions, d.executions + d.abandoned, r.executions as f64 / (d.executions + d.abandoned) as f64, r.states == d.states, c == dc, c.len(), dc.len());
        }
    }
}
