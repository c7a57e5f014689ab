//! The jobs: threads that take one case after another, each with a world maker
//! of its own.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::case::maker::WorldMaker;
use crate::case::outcome::Verdict;
use crate::case::planned::{CaseName, Fate, Planned};
use crate::case::stop::Stop;
use crate::case::{self, StepStarted};
use crate::explore::regression::{Exploration, Explored, doing, explore};
use crate::world::{WorldError, panicked};

use super::event::{CaseReport, Earlier, RunEvent, Summary};
use super::message::Message;
use super::plan::Plan;
use super::stop::Stopper;

/// How long cases have to end their worlds once the run is to stop. What is
/// not done by then is reported as cut short, and ends with this process.
const GRACE: Duration = Duration::from_millis(600);

/// A run that has not begun.
#[derive(Debug)]
pub struct Run {
    stop: Stop,
    to: Sender<Message>,
    from: Receiver<Message>,
}

impl Default for Run {
    fn default() -> Run {
        Run::new()
    }
}

impl Run {
    /// A run that can be stopped, even before it begins.
    pub fn new() -> Run {
        let (to, from) = mpsc::channel();
        Run {
            stop: Stop::default(),
            to,
            from,
        }
    }

    /// What stops it.
    pub fn stopper(&self) -> Stopper {
        Stopper {
            stop: self.stop.clone(),
            to: self.to.clone(),
        }
    }

    /// Carries the plan out. `new_maker` is called on the thread of each job
    /// that has something to do; `tell` gets every event, in order, on this one.
    pub fn carry_out<M: WorldMaker>(
        self,
        plan: Plan,
        new_maker: impl Fn() -> Result<M, WorldError> + Send + Sync + 'static,
        mut tell: impl FnMut(&RunEvent),
    ) -> Summary {
        let begin = Instant::now();
        tell(&run_started(&plan));
        let plan = Arc::new(plan);
        let new_maker = Arc::new(new_maker);
        let next = Arc::new(AtomicUsize::new(0));
        let failed = Arc::new(AtomicUsize::new(0));
        let jobs = plan.jobs.clamp(1, plan.cases.len().max(1));
        for _ in 0..jobs {
            let job = Job {
                plan: Arc::clone(&plan),
                next: Arc::clone(&next),
                failed: Arc::clone(&failed),
                stop: self.stop.clone(),
                to: self.to.clone(),
            };
            let new_maker = Arc::clone(&new_maker);
            thread::spawn(move || job.work(&*new_maker));
        }
        let max_fail = plan.policy.max_fail;
        let mut interrupted = false;
        let mut books = Books::new(&plan);
        listen(&self.from, jobs, |event| {
            interrupted |= matches!(event, RunEvent::Interrupted { .. });
            books.note(event);
            tell(event);
        });
        for event in books.unfinished() {
            books.note(&event);
            tell(&event);
        }
        let mut summary = books.summary;
        summary.duration = begin.elapsed();
        summary.max_fail_reached =
            !interrupted && max_fail.is_some_and(|most| summary.failed >= most.get());
        tell(&RunEvent::RunFinished {
            summary: summary.clone(),
        });
        summary
    }
}

fn run_started(plan: &Plan) -> RunEvent {
    let mut files: Vec<&str> = plan
        .cases
        .iter()
        .map(|planned| planned.case.source.name.as_str())
        .collect();
    files.sort_unstable();
    files.dedup();
    RunEvent::RunStarted {
        target: plan.setting.target.path.clone(),
        cases: plan.cases.len(),
        files: files.len(),
        filtered_out: plan.filtered_out,
        jobs: plan.jobs,
    }
}

/// Passes on what the jobs tell until all of them are over, or until they have
/// had their time to end after the run was stopped.
fn listen(from: &Receiver<Message>, mut jobs: usize, mut tell: impl FnMut(&RunEvent)) {
    let mut end: Option<Instant> = None;
    while jobs > 0 {
        let message = match end {
            None => from.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(end) => from.recv_timeout(end.saturating_duration_since(Instant::now())),
        };
        match message {
            Ok(Message::Event(event)) => tell(&event),
            Ok(Message::JobEnded) => jobs -= 1,
            Ok(Message::Stop(signal)) => {
                if end.is_none() {
                    end = Some(Instant::now() + GRACE);
                    tell(&RunEvent::Interrupted { signal });
                }
            }
            Err(_) => return,
        }
    }
}

/// Which cases are not finished yet, and what they do.
struct Books {
    waiting: Vec<CaseName>,
    running: BTreeMap<String, (CaseName, Instant, String)>,
    summary: Summary,
}

impl Books {
    fn new(plan: &Plan) -> Books {
        Books {
            waiting: plan.cases.iter().map(Planned::name).collect(),
            running: BTreeMap::new(),
            summary: Summary::default(),
        }
    }

    fn note(&mut self, event: &RunEvent) {
        match event {
            RunEvent::CaseStarted { case } => {
                self.waiting.retain(|waiting| waiting.id != case.id);
                let state = (
                    case.clone(),
                    Instant::now(),
                    "was given its world".to_owned(),
                );
                self.running.insert(case.id.clone(), state);
            }
            RunEvent::StepStarted {
                id,
                step,
                steps,
                what,
            } => {
                if let Some((_, _, doing)) = self.running.get_mut(id) {
                    *doing = format!("was at step {step} of {steps}: {what}");
                }
            }
            RunEvent::Exploring {
                id,
                schedules,
                most,
            } => {
                if let Some((_, _, does)) = self.running.get_mut(id) {
                    *does = doing(*schedules, *most);
                }
            }
            RunEvent::CaseFinished(report) => {
                self.waiting.retain(|waiting| waiting.id != report.case.id);
                self.running.remove(&report.case.id);
                self.summary.count(&report.verdict);
                self.summary.flaky += usize::from(report.is_flaky());
            }
            _ => {}
        }
    }

    fn unfinished(&mut self) -> Vec<RunEvent> {
        let cut_short =
            std::mem::take(&mut self.running)
                .into_values()
                .map(|(case, started, doing)| CaseReport {
                    case,
                    verdict: Verdict::CutShort { doing },
                    duration: started.elapsed(),
                    earlier: Vec::new(),
                    evidence: None,
                    explored: None,
                });
        let not_run = std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|case| CaseReport {
                case,
                verdict: Verdict::NotRun,
                duration: Duration::ZERO,
                earlier: Vec::new(),
                evidence: None,
                explored: None,
            });
        cut_short
            .chain(not_run)
            .map(|report| RunEvent::CaseFinished(Box::new(report)))
            .collect()
    }
}

/// One thread's share of a run.
struct Job {
    plan: Arc<Plan>,
    next: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
    stop: Stop,
    to: Sender<Message>,
}

impl Job {
    fn work<M: WorldMaker>(&self, new_maker: &dyn Fn() -> Result<M, WorldError>) {
        let mut maker: Option<M> = None;
        while !self.stop.is_set() && !self.enough_failed() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(planned) = self.plan.cases.get(index) else {
                break;
            };
            let mut started = Instant::now();
            let mut earlier = Vec::new();
            let mut explored = None;
            let (verdict, evidence) = match &planned.fate {
                Fate::Skip(reason) => {
                    let reason = reason.clone();
                    (Verdict::Skipped { reason }, None)
                }
                Fate::Missing(reason) => {
                    let reason = reason.clone();
                    (Verdict::Missing { reason }, None)
                }
                Fate::Run => {
                    self.tell(RunEvent::CaseStarted {
                        case: planned.name(),
                    });
                    loop {
                        let (verdict, evidence) = match &self.plan.explore {
                            None => self.run(planned, &mut maker, new_maker),
                            Some(how) => {
                                let (outcome, tried) = self.explore(planned, how);
                                explored = Some(tried);
                                outcome
                            }
                        };
                        match verdict {
                            Verdict::Failed { failures } if self.tries_again(earlier.len()) => {
                                let duration = started.elapsed();
                                earlier.push(Earlier { failures, duration });
                                started = Instant::now();
                            }
                            verdict => break (verdict, evidence),
                        }
                    }
                }
            };
            if !verdict.is_good() {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
            self.tell(RunEvent::CaseFinished(Box::new(CaseReport {
                case: planned.name(),
                verdict,
                duration: started.elapsed(),
                earlier,
                evidence,
                explored,
            })));
        }
        // Before the job counts as ended: nothing of it may be left then.
        drop(maker);
        let _ = self.to.send(Message::JobEnded);
    }

    fn enough_failed(&self) -> bool {
        let most = self.plan.policy.max_fail;
        most.is_some_and(|most| self.failed.load(Ordering::Relaxed) >= most.get())
    }

    fn tries_again(&self, earlier: usize) -> bool {
        !self.stop.is_set() && earlier < self.plan.policy.retries as usize
    }

    fn run<M: WorldMaker>(
        &self,
        planned: &Planned,
        maker: &mut Option<M>,
        new_maker: &dyn Fn() -> Result<M, WorldError>,
    ) -> case::Outcome {
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            let warm = match maker {
                Some(warm) => warm,
                None => maker.insert(new_maker()?),
            };
            Ok(case::run(
                planned,
                &self.plan.setting,
                warm,
                &self.stop,
                &mut |begun| {
                    let StepStarted { step, steps, what } = begun;
                    self.tell(RunEvent::StepStarted {
                        id: planned.case.id.clone(),
                        step,
                        steps,
                        what,
                    });
                },
            ))
        }));
        let outcome = match attempt {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => internal(WorldError::to_string(&error)),
            Err(panic) => internal(panic_message(panic.as_ref())),
        };
        if matches!(outcome.0, Verdict::Internal { .. }) {
            // What could not go on is not to be trusted with the next case.
            *maker = None;
        }
        outcome
    }

    fn explore(&self, planned: &Planned, how: &Exploration) -> (case::Outcome, Explored) {
        let mut tell = |schedules, most| {
            self.tell(RunEvent::Exploring {
                id: planned.case.id.clone(),
                schedules,
                most,
            });
        };
        let setting = &self.plan.setting;
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            explore(planned, setting, how, &self.stop, &mut tell)
        }));
        attempt.unwrap_or_else(|panic| {
            let outcome = internal(panic_message(panic.as_ref()));
            (outcome, Explored::default())
        })
    }

    fn tell(&self, event: RunEvent) {
        // Nobody listens once the run was stopped and its grace is over.
        let _ = self.to.send(Message::Event(event));
    }
}

fn internal(message: String) -> case::Outcome {
    (Verdict::Internal { message }, None)
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let message = panicked::message(panic);
    format!("the harness panicked: {message}; this is a bug of daemonlab, please report it")
}
