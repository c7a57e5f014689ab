//! Several cases, on jobs, and stopped.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::case::maker::WorldMaker;
use crate::case::outcome::Verdict;
use crate::case::planned::{Fate, Planned};
use crate::case::setting::{Gather, Setting, TIMEOUT, Target};
use crate::case::tests::fake::{Beat, FakeMaker, Log, Script};
use crate::run::event::{RunEvent, Summary};
use crate::run::jobs::Run;
use crate::run::plan::{Plan, Policy};
use crate::scenario;
use crate::world::event::End;
use crate::world::spec::{SandboxSpec, Trace};
use crate::world::{World, WorldError};

const FILE: &str = "\
version: 1
cases:
  - {name: one, status: 0}
  - {name: two, status: 1}
  - {name: three, status: 0}
steps:
  - launch: {id: demo, command: [x], within: 1h, expect: {exit: \"${status}\"}}
";

fn plan(jobs: usize) -> Plan {
    let scenario = scenario::parse("a.yaml", FILE, Path::new("/scenarios"))
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let cases = scenario
        .cases
        .into_iter()
        .map(|case| Planned {
            world: crate::world::WorldKind::Real,
            case,
            fate: Fate::Run,
            deviation: None,
        })
        .collect();
    Plan {
        cases,
        filtered_out: 0,
        jobs,
        policy: Policy::default(),
        setting: Setting {
            target: Target::default(),
            timeout: TIMEOUT,
            timeout_for_all: None,
            gather: Gather::OnFailure,
            trace: Trace::Off,
        },
        explore: None,
    }
}

fn ends() -> Script {
    Script {
        beats: vec![(5, Beat::LauncherEnds("demo", End::Exit(0)))],
        ..Script::default()
    }
}

struct Told {
    summary: Summary,
    events: Vec<RunEvent>,
    log: Vec<String>,
}

impl Told {
    fn verdict(&self, id: &str) -> &Verdict {
        let mut reports = self.events.iter().filter_map(|event| match event {
            RunEvent::CaseFinished(report) if report.case.id == id => Some(&report.verdict),
            _ => None,
        });
        let verdict = reports.next().expect("the case is finished");
        assert!(reports.next().is_none(), "and only once");
        verdict
    }
}

fn carry_out(plan: Plan, script: Script, mut on_event: impl FnMut(&RunEvent)) -> Told {
    let log = Log::default();
    let script_log = (script, Arc::clone(&log));
    let mut events = Vec::new();
    let summary = Run::new().carry_out(
        plan,
        move || {
            let (script, log) = script_log.clone();
            log.lock()
                .expect("nobody panicked with it")
                .push("new maker".to_owned());
            Ok(FakeMaker { script, log })
        },
        |event| {
            on_event(event);
            events.push(event.clone());
        },
    );
    let log = log.lock().expect("nobody panicked with it").clone();
    Told {
        summary,
        events,
        log,
    }
}

#[test]
fn enough_failures_end_the_run_and_it_is_no_interruption() {
    let mut plan = plan(1).repeated(NonZeroUsize::new(2).expect("it is not zero"));
    plan.policy.max_fail = NonZeroUsize::new(1);
    let told = carry_out(plan, ends(), |_| {});
    let Summary {
        passed,
        failed,
        not_run,
        max_fail_reached,
        ..
    } = told.summary;
    assert_eq!((passed, failed, not_run), (1, 1, 4));
    assert!(max_fail_reached && !told.summary.interrupted());
    assert!(matches!(told.verdict("a.yaml::one@1"), Verdict::Passed));
    assert!(matches!(told.verdict("a.yaml::one@2"), Verdict::NotRun));
}

#[test]
fn what_fails_is_tried_again_and_what_passes_is_not() {
    let mut plan = plan(1);
    plan.policy.retries = 2;
    let told = carry_out(plan, ends(), |_| {});
    let tries: Vec<usize> = told
        .events
        .iter()
        .filter_map(|event| match event {
            RunEvent::CaseFinished(report) => Some(report.earlier.len() + 1),
            _ => None,
        })
        .collect();
    assert_eq!(tries, [1, 3, 1]);
    let Summary { failed, flaky, .. } = told.summary;
    assert_eq!((failed, flaky), (1, 0), "it failed every time");
    let worlds = told.log.iter().filter(|line| *line == "new maker").count();
    assert_eq!(worlds, 1, "a failure of the case is none of its maker");
}

/// Its first world is one in which the launcher ends with status 9.
struct FailsFirst(FakeMaker, usize);

impl WorldMaker for FailsFirst {
    fn make(
        &mut self,
        kind: crate::world::WorldKind,
        spec: &SandboxSpec,
        name: &str,
    ) -> Result<Box<dyn World + '_>, WorldError> {
        self.1 += 1;
        let status = if self.1 == 1 { 9 } else { 0 };
        self.0.script.beats = vec![(5, Beat::LauncherEnds("demo", End::Exit(status)))];
        self.0.make(kind, spec, name)
    }
}

#[test]
fn what_passes_at_its_second_try_is_flaky() {
    let mut plan = plan(1);
    plan.cases.truncate(1);
    plan.policy = Policy {
        max_fail: NonZeroUsize::new(1),
        retries: 1,
    };
    let mut reports = Vec::new();
    let summary = Run::new().carry_out(
        plan,
        || {
            let maker = FakeMaker {
                script: ends(),
                log: Log::default(),
            };
            Ok(FailsFirst(maker, 0))
        },
        |event| {
            if let RunEvent::CaseFinished(report) = event {
                reports.push(report.clone());
            }
        },
    );
    assert_eq!((summary.passed, summary.failed, summary.flaky), (1, 0, 1));
    assert!(!summary.max_fail_reached, "it counts as passed");
    let failure = &reports[0].earlier[0].failures[0];
    assert_eq!(failure.actual.as_deref(), Some("9"));
}

#[test]
fn events_come_in_order_and_once() {
    let told = carry_out(plan(1), ends(), |_| {});
    let shown: Vec<String> = told
        .events
        .iter()
        .map(|event| match event {
            RunEvent::RunStarted { cases, .. } => format!("run of {cases}"),
            RunEvent::CaseStarted { case } => format!("start {}:{}", case.id, case.line),
            RunEvent::StepStarted { step, steps, .. } => format!("step {step}/{steps}"),
            RunEvent::CaseFinished(report) => format!("finish {}", report.case.id),
            RunEvent::Interrupted { .. } => "interrupted".to_owned(),
            RunEvent::Exploring { id, .. } => format!("explore {id}"),
            RunEvent::RunFinished { .. } => "end".to_owned(),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "run of 3",
            "start a.yaml::one:3",
            "step 1/1",
            "finish a.yaml::one",
            "start a.yaml::two:4",
            "step 1/1",
            "finish a.yaml::two",
            "start a.yaml::three:5",
            "step 1/1",
            "finish a.yaml::three",
            "end",
        ]
    );
    let Summary { passed, failed, .. } = told.summary;
    assert_eq!((passed, failed), (2, 1));
    let makers = told.log.iter().filter(|line| *line == "new maker").count();
    assert_eq!(makers, 1, "it stays warm");
}

#[test]
fn many_jobs_finish_the_same_cases() {
    let told = carry_out(plan(8), ends(), |_| {});
    assert!(matches!(told.verdict("a.yaml::one"), Verdict::Passed));
    assert!(matches!(
        told.verdict("a.yaml::two"),
        Verdict::Failed { .. }
    ));
    assert!(matches!(told.verdict("a.yaml::three"), Verdict::Passed));
}

#[test]
fn a_fate_is_carried_out_without_a_world() {
    let mut plan = plan(1);
    plan.cases[0].fate = Fate::Skip("requires `subuid`".to_owned());
    plan.cases[1].fate = Fate::Missing("requires `subuid`".to_owned());
    plan.cases.truncate(2);
    let told = carry_out(plan, ends(), |_| {});
    assert!(matches!(
        told.verdict("a.yaml::one"),
        Verdict::Skipped { .. }
    ));
    assert!(matches!(
        told.verdict("a.yaml::two"),
        Verdict::Missing { .. }
    ));
    assert_eq!(told.log, [""; 0]);
}

#[test]
fn a_panic_is_one_cases_end() {
    let script = Script {
        beats: vec![(5, Beat::Panics)],
        ..Script::default()
    };
    let told = carry_out(plan(1), script, |_| {});
    let Verdict::Internal { message } = told.verdict("a.yaml::three") else {
        panic!("{:?}", told.events);
    };
    assert!(message.contains("the script says so"), "{message}");
    assert_eq!(told.summary.internal, 3, "the next case still ran");
    let makers = told.log.iter().filter(|line| *line == "new maker").count();
    assert_eq!(makers, 3, "with a maker that has not panicked");
}

#[test]
fn a_maker_that_does_not_start_is_no_verdict() {
    let mut finished = Vec::new();
    let summary = Run::new().carry_out(
        plan(2),
        || -> Result<FakeMaker, WorldError> {
            Err(WorldError {
                stage: "start the supervisor".to_owned(),
                errno: None,
                evidence: String::new(),
                remedy: String::new(),
            })
        },
        |event| {
            if let RunEvent::CaseFinished(report) = event {
                finished.push(report.verdict.clone());
            }
        },
    );
    assert_eq!((summary.internal, finished.len()), (3, 3));
}

#[test]
fn a_stopped_run_tells_what_was_cut_short() {
    let run = Run::new();
    let stopper = run.stopper();
    let log = Log::default();
    let maker_log = Arc::clone(&log);
    // Every wait takes real time, so that the case still runs when it is stopped.
    let script = Script {
        real_time: Some(Duration::from_millis(1)),
        ..Script::default()
    };
    let mut verdicts = Vec::new();
    let mut interrupted = None;
    let begin = Instant::now();
    let summary = run.carry_out(
        plan(1),
        move || {
            Ok(FakeMaker {
                script: script.clone(),
                log: Arc::clone(&maker_log),
            })
        },
        |event| match event {
            RunEvent::StepStarted { .. } => stopper.stop("SIGINT"),
            RunEvent::Interrupted { signal } => interrupted = Some(signal.clone()),
            RunEvent::CaseFinished(report) => verdicts.push(report.verdict.clone()),
            _ => {}
        },
    );
    assert!(
        begin.elapsed() < TIMEOUT,
        "it did not wait for the case's time"
    );
    assert_eq!(interrupted.as_deref(), Some("SIGINT"));
    assert!(
        matches!(&verdicts[..], [Verdict::CutShort { doing }, Verdict::NotRun, Verdict::NotRun]
            if doing == "was at step 1 of 1: launch `demo`"),
        "{verdicts:?}"
    );
    assert_eq!((summary.cut_short, summary.not_run), (1, 2));
    assert_eq!(
        log.lock()
            .expect("nobody panicked with it")
            .last()
            .map(String::as_str),
        Some("finish"),
        "the world was ended"
    );
}

#[test]
fn a_stopped_run_does_not_wait_for_a_world_that_is_stuck() {
    let run = Run::new();
    let stopper = run.stopper();
    let stuck = Arc::new(Mutex::new(()));
    // Held until the run is over: one that waited for its case would never be.
    let held = stuck.lock().expect("nobody panicked with it");
    let (begins, waits) = mpsc::channel();
    let script = Script {
        stuck: Some((begins, Arc::clone(&stuck))),
        ..Script::default()
    };
    let stops = thread::spawn(move || {
        waits.recv().expect("the case waits for its launcher");
        stopper.stop("SIGINT");
    });
    let summary = run.carry_out(
        plan(1),
        move || {
            Ok(FakeMaker {
                script: script.clone(),
                log: Log::default(),
            })
        },
        |_| {},
    );
    stops.join().expect("it only stops the run");
    drop(held);
    assert_eq!((summary.cut_short, summary.not_run), (1, 2));
}
