//! Real processes as something that can be explored.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use daemonlab::explore::schedule::PlannedWay;
use daemonlab::explore::{
    Alternative, Digest, Failure, Footprint, Kind, Model, Outcome, Pending, TaskName, Timers,
    Verdict,
};

use super::link::{Offered, Order, Said};
use super::side::Side;
use crate::case::outcome::{self, Evidence};
use crate::case::planned::Planned;
use crate::case::setting::Setting;
use crate::case::stop::Stop;
use crate::explore::common::CommonStep;
use crate::explore::faults::{Faults, faults_of};
use crate::world::WorldError;
use crate::world::event::Actor;
use crate::world::sim::Grain;
use crate::world::spec::Role;
use crate::world::steered::{Ahead, LetGo, Where};

/// A step of the execution at hand: who was let go, and what everybody had
/// ahead of them then.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) task: TaskName,
    pub(super) ahead: Vec<Intent>,
}

/// What a task was about to do, or waited in.
#[derive(Clone, Debug)]
pub(super) struct Intent {
    pub(super) task: TaskName,
    pub(super) shown: Arc<str>,
    next: Arc<Ahead>,
}

impl Intent {
    /// What it touches.
    pub(super) fn footprint(&self) -> Footprint<String> {
        footprint(&self.next)
    }
}

/// What a task has ahead.
#[derive(Debug)]
struct Intended {
    by: Arc<Actor>,
    operation: Arc<str>,
    next: Arc<Ahead>,
    common: Option<String>,
    /// What becomes of it in each of its ways.
    ways: Vec<LetGo>,
}

/// A scenario case, and the processes that take part in it.
#[derive(Debug)]
pub struct Processes {
    side: Side,
    faults: Faults,
    timers: Timers,
    /// Whether anybody looks at what is read and written next.
    footprints: bool,
    pending: Vec<Pending<String>>,
    /// What each pending one has ahead.
    ahead: Vec<Intended>,
    did: String,
    log: Vec<Moment>,
    over: Option<outcome::Verdict>,
    evidence: Option<Evidence>,
    /// What of the steps so far the other world has as well.
    common: Vec<CommonStep>,
    grain: Grain,
    /// What was said last of each rule that was broken.
    failures: BTreeMap<String, Vec<outcome::Failure>>,
    roles: BTreeMap<TaskName, Role>,
}

impl Processes {
    /// Prepares a case: its own sandbox's supervisor, on a thread of its own.
    /// At the grain of both worlds, what is no step there belongs to the step
    /// before it.
    ///
    /// # Errors
    /// As [`Host::start`](crate::world::real::Host::start).
    pub fn new(
        planned: Planned,
        setting: Setting,
        faults: Faults,
        grain: Grain,
        stop: Stop,
    ) -> Result<Processes, WorldError> {
        let side = Side::start(planned, setting, grain, stop)?;
        Ok(Processes {
            side,
            faults,
            timers: Timers::WhenIdle,
            footprints: true,
            pending: Vec::new(),
            ahead: Vec::new(),
            did: String::new(),
            log: Vec::new(),
            over: Some(outcome::Verdict::NotRun),
            evidence: None,
            common: Vec::new(),
            grain,
            failures: BTreeMap::new(),
            roles: BTreeMap::new(),
        })
    }

    /// Says when virtual time may pass; until then, only while everybody waits.
    pub fn let_time_pass(&mut self, when: Timers) {
        self.timers = when;
    }

    /// What each process was in its launch, when it was seen last.
    pub fn roles(&self) -> Vec<(TaskName, String)> {
        let word = |role: &Role| format!("{role:?}").to_lowercase();
        let roles = self.roles.iter();
        roles.map(|(name, role)| (*name, word(role))).collect()
    }

    /// How the scenario ended in the last execution, if it did.
    pub fn verdict(&self) -> Option<&outcome::Verdict> {
        self.over.as_ref()
    }

    /// What was seen at the end of the last execution, if it was gathered.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// The steps of the last execution that the other world has as well.
    pub fn common(&self) -> &[CommonStep] {
        &self.common
    }

    /// All that was said of a rule when it was broken last; nothing, if it never was.
    pub fn failures(&self, rule: &str) -> &[outcome::Failure] {
        self.failures.get(rule).map_or(&[], Vec::as_slice)
    }

    /// What was said last of each rule that was broken.
    pub(super) fn all_failures(&self) -> &BTreeMap<String, Vec<outcome::Failure>> {
        &self.failures
    }

    /// Forgets what was broken so far.
    pub(super) fn forget_failures(&mut self) {
        self.failures.clear();
    }

    /// The steps of the last execution.
    pub(super) fn log(&self) -> &[Moment] {
        &self.log
    }

    /// Takes in what the scenario's side says.
    fn hear(&mut self) {
        self.pending.clear();
        self.ahead.clear();
        match self.side.hear() {
            Ok(Said::Stands { tasks, did }) => {
                self.did = did;
                self.take_in(tasks);
            }
            Ok(Said::Over { outcome, did }) => {
                self.did = did;
                let (verdict, evidence) = *outcome;
                self.over = Some(verdict);
                self.evidence = evidence;
            }
            Err(error) => {
                let message = error.to_string();
                self.over = Some(outcome::Verdict::Internal { message });
            }
        }
    }

    fn take_in(&mut self, tasks: Vec<Offered>) {
        let mut named: Vec<(TaskName, Offered)> = tasks
            .into_iter()
            .filter_map(|offered| Some((offered.task.by.task.parse().ok()?, offered)))
            .collect();
        named.sort_by_key(|(name, _)| *name);
        let ends = named.iter().filter_map(|(_, offered)| offered.task.until);
        let first = match self.timers {
            Timers::AnyTime => ends.min(),
            Timers::WhenIdle => None,
        };
        for (name, Offered { task, common }) in named {
            if self.grain == Grain::Common && common.is_none() {
                continue;
            }
            self.roles.insert(name, task.by.role);
            let mut ways = Vec::new();
            let mut alternatives = Vec::new();
            if task.place == Where::Stands {
                let normal = match task.next.sleeps {
                    false => Alternative::NORMAL,
                    true => Alternative {
                        kind: Kind::Timer,
                        label: Cow::Borrowed("timeout"),
                        footprint: None,
                    },
                };
                alternatives.push(normal);
                ways.push(LetGo::Pass);
                if self.faults == Faults::Any && task.next.name != "end" {
                    for (label, lasting, how) in faults_of(&task.next) {
                        alternatives.push(Alternative {
                            kind: Kind::Fault(lasting),
                            label: Cow::Borrowed(label),
                            footprint: None,
                        });
                        ways.push(how);
                    }
                }
            }
            let footprint = match self.footprints {
                true => footprint(&task.next),
                false => Footprint::none(),
            };
            if task.place == Where::Waits && task.until.is_some() && task.until == first {
                let mut time = footprint.clone();
                time.write("clock".to_owned());
                alternatives.push(Alternative {
                    kind: Kind::Timer,
                    label: Cow::Borrowed("timeout"),
                    footprint: Some(time),
                });
                ways.push(LetGo::TimeOut);
            }
            let operation: Arc<str> = match (self.grain, &common) {
                (Grain::Common, Some(words)) => words.as_str().into(),
                _ => task.next.shown.as_str().into(),
            };
            self.pending.push(Pending {
                task: name,
                code: Digest::of((&task.next.name, &*operation)),
                footprint,
                alternatives,
            });
            self.ahead.push(Intended {
                by: task.by,
                operation,
                next: task.next,
                common,
                ways,
            });
        }
    }
}

fn footprint(next: &Ahead) -> Footprint<String> {
    let mut footprint = Footprint::none();
    if !next.known {
        footprint.set_unknown();
    }
    for name in &next.reads {
        footprint.read(name.clone());
    }
    for name in &next.writes {
        footprint.write(name.clone());
    }
    footprint
}

impl Model for Processes {
    type Key = String;

    fn start(&mut self) {
        while self.over.is_none() {
            self.side.say(Order::Drop);
            self.hear();
        }
        self.over = None;
        self.evidence = None;
        self.log.clear();
        self.common.clear();
        self.side.say(Order::Start);
        self.hear();
        self.did.clear();
    }

    fn pending(&self) -> &[Pending<String>] {
        &self.pending
    }

    fn step(&mut self, task: usize, alternative: usize) {
        let intents = self.pending.iter().zip(&self.ahead);
        self.log.push(Moment {
            task: self.pending[task].task,
            ahead: intents
                .map(|(pending, intended)| Intent {
                    task: pending.task,
                    shown: Arc::clone(&intended.operation),
                    next: Arc::clone(&intended.next),
                })
                .collect(),
        });
        let intended = &self.ahead[task];
        let order = Order::Go(intended.by.task.clone(), intended.ways[alternative]);
        // In words of both worlds a wait is where it began.
        if let Some(words) = &intended.common
            && intended.ways[alternative] != LetGo::TimeOut
        {
            let way = &self.pending[task].alternatives[alternative];
            self.common.push(CommonStep {
                task: self.pending[task].task,
                words: words.clone(),
                way: PlannedWay::of(way.kind, &way.label),
            });
        }
        self.side.say(order);
        self.hear();
    }

    fn write_operation(&self, task: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str(&self.ahead[task].operation)
    }

    fn write_event(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str(&self.did)
    }

    fn outcome(&mut self) -> Outcome {
        if let Some(outcome::Verdict::Failed { failures }) = &self.over
            && let Some(first) = failures.first()
        {
            self.failures.insert(rule(first), failures.clone());
        }
        let verdict = match &self.over {
            // Cut off before the end: nothing was seen that is wrong.
            None => Verdict::Held,
            Some(outcome::Verdict::Failed { failures }) => broken(failures),
            Some(verdict) if verdict.is_good() => Verdict::Held,
            Some(outcome::Verdict::Internal { message }) => Verdict::Unusable(message.clone()),
            Some(other) => Verdict::Unusable(format!("the scenario ended as {other:?}")),
        };
        let state = Digest::of(match &verdict {
            Verdict::Held => "",
            Verdict::Broken(failure) => &failure.rule,
            Verdict::Unusable(why) => why,
        });
        Outcome { verdict, state }
    }

    fn want_footprints(&mut self, wanted: bool) {
        self.footprints = wanted;
    }

    /// What is not visible to the tracer may matter all the same.
    fn is_exact(&self) -> bool {
        false
    }
}

/// What a failure breaks, in the same words each time.
fn rule(failure: &outcome::Failure) -> String {
    format!("line {}: {}", failure.line, failure.title)
}

fn broken(failures: &[outcome::Failure]) -> Verdict {
    let Some(first) = failures.first() else {
        return Verdict::Held;
    };
    Verdict::Broken(Failure {
        rule: rule(first),
        evidence: match (&first.expected, &first.actual) {
            (Some(expected), Some(actual)) => format!("expected {expected}, got {actual}"),
            _ => outcome::plain(failures),
        },
    })
}
