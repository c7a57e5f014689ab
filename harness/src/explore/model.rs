//! Real processes as something that can be explored.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use daemonlab::explore::schedule::PlannedWay;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use daemonlab::explore::{
    Alternative, Digest, Failure, Footprint, Kind, Lasting, Model, Outcome, Pending, TaskName,
    Verdict,
};

use super::link::{Link, Offered, Order, Said};
use super::world::SteeredMaker;
use crate::run::case;
use crate::run::explore::common::CommonStep;
use crate::run::outcome::{self, Evidence};
use crate::run::plan::{Planned, Setting};
use crate::run::stop::Stop;
use crate::world::WorldError;
use crate::world::real::Host;
use crate::world::sim::Grain;
use crate::world::steered::{Ahead, LetGo, StandingTask, Where};

/// Whether faults are among the choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faults {
    /// They are not.
    None,
    /// Each call that can fail may fail, and each task may be killed.
    Any,
}

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
    pub(super) shown: String,
    pub(super) footprint: Footprint<String>,
}

/// What a task has ahead.
#[derive(Debug)]
struct Intended {
    task: String,
    operation: String,
    common: Option<String>,
    /// What becomes of it in each of its ways.
    ways: Vec<LetGo>,
}

/// A scenario case, and the processes that take part in it.
#[derive(Debug)]
pub struct Processes {
    to: Option<Sender<Order>>,
    from: Receiver<Said>,
    thread: Option<JoinHandle<()>>,
    faults: Faults,
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
    roles: Vec<(TaskName, String)>,
}

impl Processes {
    /// Prepares a case: its own sandbox's supervisor, on a thread of its own.
    /// At the grain of both worlds, what is no step there belongs to the step
    /// before it.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub fn new(
        planned: Planned,
        setting: Setting,
        faults: Faults,
        grain: Grain,
        stop: Stop,
    ) -> Result<Processes, WorldError> {
        let (to, orders) = mpsc::channel();
        let (say, from) = mpsc::channel();
        let (started, begun) = mpsc::channel();
        let thread = thread::spawn(move || {
            let host = match Host::start() {
                Ok(host) => host,
                Err(error) => {
                    let _ = started.send(Err(error));
                    return;
                }
            };
            let _ = started.send(Ok(()));
            let link = Link {
                to: say,
                from: orders,
                dropped: false,
                did: String::new(),
            };
            serve(
                &mut SteeredMaker { host, link, grain },
                &planned,
                &setting,
                &stop,
            );
        });
        begun.recv().unwrap_or_else(|_| Err(gone()))?;
        Ok(Processes {
            to: Some(to),
            from,
            thread: Some(thread),
            faults,
            pending: Vec::new(),
            ahead: Vec::new(),
            did: String::new(),
            log: Vec::new(),
            over: Some(outcome::Verdict::NotRun),
            evidence: None,
            common: Vec::new(),
            grain,
            failures: BTreeMap::new(),
            roles: Vec::new(),
        })
    }

    /// What each process was in its launch, when it was seen last.
    pub fn roles(&self) -> &[(TaskName, String)] {
        &self.roles
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

    /// What was broken, in whichever execution: the rule first met by its line,
    /// and all that was said of it.
    pub fn broken(&self) -> Option<(&str, &[outcome::Failure])> {
        let (rule, failures) = self.failures.iter().next()?;
        Some((rule, failures))
    }

    /// The steps of the last execution.
    pub(super) fn log(&self) -> &[Moment] {
        &self.log
    }

    fn say(&mut self, order: Order) {
        if let Some(to) = &self.to {
            // If nobody listens, nobody answers, and that is noticed.
            let _ = to.send(order);
        }
    }

    /// Takes in what the scenario's side says.
    fn hear(&mut self) {
        self.pending.clear();
        self.ahead.clear();
        match self.from.recv() {
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
            Err(_) => {
                let message = gone().to_string();
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
        for (name, Offered { task, common }) in named {
            if self.grain == Grain::Common && common.is_none() {
                continue;
            }
            self.note_role(name, &task);
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
            let footprint = footprint(&task);
            let operation = match (self.grain, &common) {
                (Grain::Common, Some(words)) => words.clone(),
                _ => task.next.shown,
            };
            self.pending.push(Pending {
                task: name,
                code: Digest::of((&task.next.name, &operation)),
                footprint,
                alternatives,
            });
            self.ahead.push(Intended {
                task: task.by.task,
                operation,
                common,
                ways,
            });
        }
    }

    fn note_role(&mut self, name: TaskName, task: &StandingTask) {
        let role = format!("{:?}", task.by.role).to_lowercase();
        match self.roles.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = role,
            None => self.roles.push((name, role)),
        }
    }
}

/// Carries the case out as often as it is asked to.
fn serve(maker: &mut SteeredMaker, planned: &Planned, setting: &Setting, stop: &Stop) {
    while let Ok(order) = maker.link.from.recv() {
        let Order::Start = order else { continue };
        maker.link.dropped = false;
        maker.link.did.clear();
        let outcome = Box::new(case::run(planned, setting, maker, stop, &mut |_| {}));
        let did = std::mem::take(&mut maker.link.did);
        if maker.link.to.send(Said::Over { outcome, did }).is_err() {
            return;
        }
    }
}

fn gone() -> WorldError {
    WorldError {
        stage: "explore".to_owned(),
        errno: None,
        evidence: "the thread that carries the scenario out is gone".to_owned(),
        remedy: "report this as a bug of daemonlab".to_owned(),
    }
}

fn footprint(task: &StandingTask) -> Footprint<String> {
    let mut footprint = Footprint::none();
    if !task.next.known {
        footprint.set_unknown();
    }
    for name in &task.next.reads {
        footprint.read(name.clone());
    }
    for name in &task.next.writes {
        footprint.write(name.clone());
    }
    footprint
}

/// How a call may fail, by its manual page, and that its process may be killed.
fn faults_of(next: &Ahead) -> Vec<(&'static str, Lasting, LetGo)> {
    let errnos: &[(&str, i32)] = match next.name.as_str() {
        "fork" | "vfork" | "clone" | "clone3" => {
            &[("EAGAIN", libc::EAGAIN), ("ENOMEM", libc::ENOMEM)]
        }
        "open" | "openat" | "creat" => &[
            ("EACCES", libc::EACCES),
            ("EMFILE", libc::EMFILE),
            ("ENOSPC", libc::ENOSPC),
        ],
        "write" | "pwrite64" | "writev" | "fsync" | "ftruncate" => {
            &[("ENOSPC", libc::ENOSPC), ("EIO", libc::EIO)]
        }
        "rename" | "renameat" | "renameat2" | "link" | "linkat" | "mkdir" | "mkdirat"
        | "unlink" | "unlinkat" => &[("EACCES", libc::EACCES), ("EROFS", libc::EROFS)],
        "setuid" | "setresuid" | "setreuid" => &[("EAGAIN", libc::EAGAIN), ("EPERM", libc::EPERM)],
        "setsid" | "setgroups" | "setgid" | "setresgid" | "setregid" | "kill" | "fchown"
        | "fchownat" | "chown" => &[("EPERM", libc::EPERM)],
        "read" | "pipe2" | "pipe" => &[("EIO", libc::EIO)],
        "chdir" => &[("EACCES", libc::EACCES)],
        "flock" => &[("EWOULDBLOCK", libc::EWOULDBLOCK)],
        "bind" | "listen" => &[("EADDRINUSE", libc::EADDRINUSE)],
        _ => &[],
    };
    let mut faults: Vec<_> = errnos
        .iter()
        .map(|(name, errno)| (*name, Lasting::Possible, LetGo::Fail(*errno)))
        .collect();
    if next.interruptible {
        faults.push(("EINTR", Lasting::Never, LetGo::Fail(libc::EINTR)));
    }
    faults.push(("SIGKILL", Lasting::Never, LetGo::Kill));
    faults
}

impl Model for Processes {
    type Key = String;

    fn start(&mut self) {
        while self.over.is_none() {
            self.say(Order::Drop);
            self.hear();
        }
        self.over = None;
        self.evidence = None;
        self.log.clear();
        self.common.clear();
        self.say(Order::Start);
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
                    shown: intended.operation.clone(),
                    footprint: pending.footprint.clone(),
                })
                .collect(),
        });
        let intended = &self.ahead[task];
        let order = Order::Go(intended.task.clone(), intended.ways[alternative]);
        if let Some(words) = &intended.common {
            let way = &self.pending[task].alternatives[alternative];
            self.common.push(CommonStep {
                task: self.pending[task].task,
                words: words.clone(),
                way: PlannedWay::of(way.kind, &way.label),
            });
        }
        self.say(order);
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

impl Drop for Processes {
    fn drop(&mut self) {
        // The scenario's side ends once nobody can tell it anything.
        self.to = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
