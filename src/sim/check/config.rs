//! What is checked, and how far.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use crate::explore::{Bounds, Budget, OnFailure, Overrun, StepLimit, TaskName, Timers};
use crate::sim::invariants::{Invariant, of_a_daemon};
use crate::sim::{Actor, Faults, Program, Scene, Setup, Simulation, Start, Sys};

/// The set-up of a check. [`Config::new`] has no rules but those that are
/// always there: no program panics, each repeats itself, every execution ends.
///
/// ```
/// use daemonlab::sim::check::{Config, Search};
/// use daemonlab::sim::{Faults, Scene, Start, invariants};
///
/// let config = Config::new()
///     .scene(Scene::new().user("www", 33, 33).group("www", 33, &[]))
///     .start(Start::default().var("NOTIFY_SOCKET", "/run/notify"))
///     .faults(1, Faults { kill: false, ..Faults::ALL })
///     .rounds(3)
///     .invariants(invariants::of_a_daemon("/run/d.pid"))
///     .invariant(invariants::no_privilege_left(33, 33, &[33]))
///     .role("0.1.1", "daemon");
/// # let _ = config;
/// ```
#[derive(Clone)]
#[must_use = "it does nothing until it is given to `check`"]
pub struct Config {
    pub(super) name: Option<String>,
    pub(super) scene: Scene,
    pub(super) start: Start,
    pub(super) faults: Faults,
    pub(super) others: Vec<(String, Actor)>,
    pub(super) hang_up: bool,
    pub(super) invariants: Vec<Invariant>,
    pub(super) bounds: Bounds,
    pub(super) search: Search,
    pub(super) budget: Budget,
    pub(super) on_failure: OnFailure,
    pub(super) workers: usize,
    pub(super) roles: Vec<(TaskName, String)>,
    pub(super) schedules: Option<PathBuf>,
}

/// How executions are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// All of them, one for each order that matters
    /// ([`Dpor`](crate::explore::strategy::Dpor)).
    Reduced,
    /// All of them, one after the other
    /// ([`Dfs`](crate::explore::strategy::Dfs)), with 0, 1, … preemptions up
    /// to the bound.
    DepthFirst,
    /// Every single fault in the order of the plain run
    /// ([`Sweep`](crate::explore::strategy::Sweep)): a quick look, not
    /// complete.
    Sweep,
    /// So many, drawn evenly ([`Random`](crate::explore::strategy::Random)):
    /// not complete.
    Random {
        /// The same seed, the same executions.
        seed: u64,
        /// How many.
        executions: u64,
    },
    /// So many, drawn with a guarantee for bugs of a depth
    /// ([`Pct`](crate::explore::strategy::Pct)): not complete.
    Pct {
        /// The same seed, the same executions.
        seed: u64,
        /// How many orderings it takes to see the bug.
        depth: u32,
        /// How many.
        executions: u64,
    },
}

impl Search {
    /// Whether it tries everything within its bounds.
    pub fn is_exhaustive(self) -> bool {
        matches!(self, Search::Reduced | Search::DepthFirst)
    }
}

/// How many executions a check may take, unless [`Config::budget`] says
/// otherwise. An exhaustive search that has not come to its end by then fails
/// the check.
pub const EXECUTIONS: u64 = 1_000_000;

/// How many steps an execution may take: more is a loop that never ends.
const STEPS: u32 = 5_000;

impl Config {
    /// A small Linux with root only, the program started by root from a
    /// terminal; any number of preemptions, one fault of any kind, loops
    /// followed for three rounds and the last, time that passes when nobody
    /// can go on or as the one fault; the reduced search, on all cores.
    pub fn new() -> Config {
        Config {
            name: None,
            scene: Scene::new(),
            start: Start::default(),
            faults: Faults::ALL,
            others: Vec::new(),
            hang_up: false,
            invariants: Vec::new(),
            bounds: Bounds {
                preemptions: None,
                faults: Some(1),
                rounds: Some(3),
                timers: Timers::WhenIdle,
                steps: StepLimit {
                    most: STEPS,
                    then: Overrun::Breaks,
                },
            },
            search: Search::Reduced,
            budget: Budget {
                executions: Some(EXECUTIONS),
                steps: None,
            },
            on_failure: OnFailure::Stop,
            workers: available_parallelism().map_or(1, NonZeroUsize::get),
            roles: Vec::new(),
            schedules: None,
        }
    }

    /// The same, with the rules [`of_a_daemon`] whose PID file is at the
    /// absolute path `pid_file`.
    pub fn of_a_daemon(pid_file: impl Into<PathBuf>) -> Config {
        Config::new().invariants(of_a_daemon(pid_file))
    }

    /// What the check is called in messages and in the file of a schedule. The
    /// default is the test's name. Two checks in one test want names of their
    /// own, or each takes the other's schedule for its own.
    pub fn name(self, name: impl Into<String>) -> Config {
        Config {
            name: Some(name.into()),
            ..self
        }
    }

    /// The machine before the program starts: users, files, limits.
    pub fn scene(self, scene: Scene) -> Config {
        Config { scene, ..self }
    }

    /// How the program is started: as whom, where, with which descriptors.
    pub fn start(self, start: Start) -> Config {
        Config { start, ..self }
    }

    /// At most so many faults in an execution, of these kinds. They strike the
    /// program and what it forks.
    pub fn faults(mut self, most: u32, kinds: Faults) -> Config {
        self.bounds.faults = Some(most);
        self.faults = kinds;
        self
    }

    /// No faults.
    pub fn no_faults(self) -> Config {
        self.faults(0, Faults::NONE)
    }

    /// At most so many preemptions in an execution.
    pub fn preemptions(mut self, most: u32) -> Config {
        self.bounds.preemptions = Some(most);
        self
    }

    /// Faults and preemptions are tried in the first so many rounds of a loop
    /// and in the last.
    pub fn rounds(mut self, first: u32) -> Config {
        self.bounds.rounds = Some(first);
        self
    }

    /// An execution of more steps is one that does not end, which is a failure
    /// of the rule [`ENDLESS`](crate::explore::ENDLESS).
    pub fn steps(mut self, most: u32) -> Config {
        self.bounds.steps = StepLimit {
            most,
            then: Overrun::Breaks,
        };
        self
    }

    /// When time passes.
    pub fn timers(mut self, timers: Timers) -> Config {
        self.bounds.timers = timers;
        self
    }

    /// All bounds at once.
    pub fn bounds(self, bounds: Bounds) -> Config {
        Config { bounds, ..self }
    }

    /// Another program on the same machine that starts as well: a stranger
    /// that sends signals, a second start, an observer. The first is task `1`.
    /// No faults strike it.
    pub fn with(
        self,
        role: impl Into<String>,
        start: Start,
        program: impl Fn(Sys) -> i32 + Send + Sync + 'static,
    ) -> Config {
        self.with_faulty(role, start, Faults::NONE, program)
    }

    /// The same, and faults of these kinds strike it, too.
    pub fn with_faulty(
        mut self,
        role: impl Into<String>,
        start: Start,
        faults: Faults,
        program: impl Fn(Sys) -> i32 + Send + Sync + 'static,
    ) -> Config {
        let actor = Actor {
            program: Arc::new(program),
            start,
            faults,
        };
        self.others.push((role.into(), actor));
        self
    }

    /// The terminal is hung up at some time.
    pub fn hang_up(self) -> Config {
        Config {
            hang_up: true,
            ..self
        }
    }

    /// One more rule.
    pub fn invariant(mut self, invariant: Invariant) -> Config {
        self.invariants.push(invariant);
        self
    }

    /// More rules.
    pub fn invariants(mut self, invariants: impl IntoIterator<Item = Invariant>) -> Config {
        self.invariants.extend(invariants);
        self
    }

    /// How executions are found.
    pub fn search(self, search: Search) -> Config {
        Config { search, ..self }
    }

    /// At most so many executions, judged or dropped. If an exhaustive search
    /// needs more, the check fails.
    pub fn budget(mut self, executions: u64) -> Config {
        self.budget.executions = Some(executions);
        self
    }

    /// On so many threads; what is found does not depend on it.
    pub fn workers(self, workers: usize) -> Config {
        Config { workers, ..self }
    }

    /// Goes on after a failure, and keeps the first of each rule.
    pub fn find_all(self) -> Config {
        Config {
            on_failure: OnFailure::GoOn,
            ..self
        }
    }

    /// What a task is called in timelines: `0.1.1`, `daemon`.
    ///
    /// # Panics
    /// If `task` is no name of a task.
    pub fn role(mut self, task: &str, role: impl Into<String>) -> Config {
        let task = match task.parse() {
            Ok(task) => task,
            Err(error) => panic!("{error}"),
        };
        self.roles.push((task, role.into()));
        self
    }

    /// Where schedules of failures are saved, instead of
    /// `daemonlab-schedules` beside the build.
    pub fn schedules_in(self, directory: impl Into<PathBuf>) -> Config {
        Config {
            schedules: Some(directory.into()),
            ..self
        }
    }

    /// The simulation of a program under this set-up, in which calls fail with
    /// every errno of their manual pages. What is found in one without the rare
    /// ones is found again in this one.
    pub fn simulation(&self, program: &Program) -> Simulation {
        self.usual_simulation(program).with_rare_errnos()
    }

    /// The same without the rare errnos, as a search of all orders has it.
    pub(super) fn usual_simulation(&self, program: &Program) -> Simulation {
        let launcher = Actor {
            program: Arc::clone(program),
            start: self.start.clone(),
            faults: self.faults,
        };
        let others = self.others.iter().map(|(_, actor)| actor.clone());
        Simulation::new(Setup {
            scene: self.scene.clone(),
            actors: std::iter::once(launcher).chain(others).collect(),
            time: self.bounds.timers,
            hang_up: self.hang_up,
            invariants: self.invariants.clone(),
        })
    }

    /// Every task that has a role.
    pub(super) fn all_roles(&self) -> Vec<(TaskName, String)> {
        let others = self.others.iter().enumerate();
        let mut roles: Vec<(TaskName, String)> = others
            .map(|(number, (role, _))| (TaskName::first(number as u16 + 1), role.clone()))
            .collect();
        roles.extend(self.roles.iter().cloned());
        if !roles.iter().any(|(task, _)| *task == TaskName::ROOT) {
            roles.push((TaskName::ROOT, "launcher".to_owned()));
        }
        roles
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}
