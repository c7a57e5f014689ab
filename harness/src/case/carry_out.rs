//! One case, from its world to its verdict.

use std::path::{Path, PathBuf};
use std::time::Duration;

use annotate_snippets::Renderer;

use crate::expect;
use crate::scenario::model::{Action, Case, Fault, Launch, Target};
use crate::scenario::source::Span;
use crate::scenario::{Scope, template};
use crate::world::spec::{FaultAction, SandboxSpec};
use crate::world::{World, WorldError};

use super::evidence;
use super::maker::WorldMaker;
use super::outcome::{Evidence, Failure, FailureKind, Verdict};
use super::planned::{Planned, folder_name, name_of};
use super::setting::{Gather, Setting, Target as Program};
use super::steps::Steps;
use super::stop::Stop;
use super::watch::{Trouble, Watch};

/// How a case ended, and what was seen then.
pub type Outcome = (Verdict, Option<Evidence>);

/// A step of a case begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepStarted {
    /// Its number, from 1.
    pub step: usize,
    /// How many steps the case has.
    pub steps: usize,
    /// What it does: ``check process `daemon` ``.
    pub what: String,
}

/// Carries a case out in a world of `maker`. The world is always finished, and
/// with it everything that was started in it.
pub fn run<M: WorldMaker>(
    planned: &Planned,
    setting: &Setting,
    maker: &mut M,
    stop: &Stop,
    tell: &mut dyn FnMut(StepStarted),
) -> Outcome {
    let case = &planned.case;
    let mut scope = Scope::new();
    scope.set("target", setting.target.path.to_string_lossy().as_ref());
    let spec = match sandbox(case, setting, &scope) {
        Ok(spec) => spec,
        Err(unresolved) => {
            let failure = expect::Failure::new(unresolved.span, "files", unresolved.to_string());
            return (failed(case, FailureKind::Step, vec![failure]), None);
        }
    };
    let mut world = match maker.make(planned.world, &spec, &folder_name(&case.id)) {
        Ok(world) => world,
        Err(error) => {
            let message = error.to_string();
            return (Verdict::Internal { message }, None);
        }
    };
    let (verdict, mut evidence) = in_world(planned, setting, &mut *world, scope, stop, tell);
    match world.finish() {
        Ok(rest) => {
            if let Some(evidence) = &mut evidence {
                evidence.events.extend(rest);
            }
            (verdict, evidence)
        }
        // Whatever the case said: something may be left of its world.
        Err(error) => {
            let message = format!("the world could not be ended: {error}");
            (Verdict::Internal { message }, evidence)
        }
    }
}

fn sandbox(
    case: &Case,
    setting: &Setting,
    scope: &Scope,
) -> Result<SandboxSpec, template::Unresolved> {
    case.sandbox_spec(binds(case, &setting.target), scope)
}

/// What a case's world has of the host: the target and the scenario.
pub fn binds(case: &Case, target: &Program) -> Vec<PathBuf> {
    let mut binds = target.binds.clone();
    let file = Path::new(&case.source.name).file_name().unwrap_or_default();
    binds.push(case.dir.join(file));
    binds.sort();
    binds.dedup();
    binds
}

fn in_world(
    planned: &Planned,
    setting: &Setting,
    world: &mut dyn World,
    scope: Scope,
    stop: &Stop,
    tell: &mut dyn FnMut(StepStarted),
) -> Outcome {
    let case = &planned.case;
    let mut steps = Steps::new(
        Watch::new(world, timeout(case, setting), stop.clone()),
        scope,
        setting.trace.clone(),
    );
    let mut doing = "was given its world".to_owned();
    let verdict = match carry_out(case, &mut steps, &mut doing, tell) {
        Ok(()) => Verdict::Passed,
        Err(Trouble::Failed(kind, mut failures)) => {
            note_silent_faults(case, &mut steps, &mut failures);
            failed(case, kind, failures)
        }
        Err(Trouble::World(error)) => Verdict::Internal {
            message: error.to_string(),
        },
        Err(Trouble::Stopped) => return (Verdict::CutShort { doing }, None),
    };
    let verdict = match &planned.deviation {
        Some(deviation) => deviation.judge(verdict),
        None => verdict,
    };
    let wanted = match setting.gather {
        Gather::Always => true,
        Gather::Never => false,
        Gather::OnFailure => !verdict.is_good(),
    };
    let evidence = wanted.then(|| evidence::gather(case, &mut steps));
    (verdict, evidence)
}

fn timeout(case: &Case, setting: &Setting) -> Duration {
    let own = case.timeout.unwrap_or(setting.timeout);
    setting.timeout_for_all.unwrap_or(own)
}

fn carry_out(
    case: &Case,
    steps: &mut Steps<'_>,
    doing: &mut String,
    tell: &mut dyn FnMut(StepStarted),
) -> Result<(), Trouble> {
    let count = case.steps.len();
    for (number, step) in (1..).zip(&case.steps) {
        let what = steps.describe(&step.action);
        *doing = format!("was at step {number} of {count}: {what}");
        tell(StepStarted {
            step: number,
            steps: count,
            what: what.clone(),
        });
        steps.carry_out(step).map_err(|trouble| match trouble {
            Trouble::World(error) => Trouble::Failed(
                FailureKind::Step,
                vec![step_failure(step.span, &what, error)],
            ),
            other => other,
        })?;
    }
    let silent = silent_faults(case, steps);
    if silent.is_empty() {
        return Ok(());
    }
    let failures = silent
        .into_iter()
        .map(|(launch, fault)| {
            expect::Failure::new(
                fault.span,
                format!("fault `{}` of launch `{}`", fault.label, launch.id.value),
                "it never fired, so nothing was tested by it",
            )
        })
        .collect();
    Err(Trouble::Failed(FailureKind::Fault, failures))
}

/// What the world could not do, at the step that asked for it.
fn step_failure(span: Span, what: &str, error: WorldError) -> expect::Failure {
    let WorldError {
        evidence, remedy, ..
    } = error.clone();
    let short = WorldError {
        evidence: String::new(),
        remedy: String::new(),
        ..error
    };
    let mut failure = expect::Failure::new(span, what, short.to_string());
    let notes = [evidence, remedy]
        .into_iter()
        .filter(|note| !note.is_empty());
    failure.notes.extend(notes);
    failure
}

/// The faults of launches that took place which never fired. What only watches,
/// and is held against an expectation of its own, may well see nothing.
fn silent_faults<'c>(case: &'c Case, steps: &mut Steps<'_>) -> Vec<(&'c Launch, &'c Fault)> {
    let checked: Vec<(&str, &str)> = case
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Check(check) => match &check.target {
                Target::Fault { launch, label } => Some((launch.as_str(), label.as_str())),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let mut silent = Vec::new();
    for step in &case.steps {
        let Action::Launch(launch) = &step.action else {
            continue;
        };
        let Some(facts) = steps.launch_facts(&launch.id.value) else {
            continue;
        };
        for fault in &launch.faults {
            let matched = facts.matched.get(&fault.label).copied().unwrap_or(0);
            let judged = matches!(fault.action, FaultAction::Watch)
                && checked.contains(&(launch.id.value.as_str(), fault.label.as_str()));
            // Only calls in its window are counted.
            if matched == 0 && !judged {
                silent.push((&**launch, fault));
            }
        }
    }
    silent
}

/// A failure may come from a fault that never fired: worth knowing.
fn note_silent_faults(case: &Case, steps: &mut Steps<'_>, failures: &mut [expect::Failure]) {
    let silent = silent_faults(case, steps);
    if let Some(first) = failures.first_mut() {
        for (launch, fault) in silent {
            first.notes.push(format!(
                "fault `{}` of launch `{}` has not fired",
                fault.label, launch.id.value
            ));
        }
    }
}

fn failed(case: &Case, kind: FailureKind, failures: Vec<expect::Failure>) -> Verdict {
    let failures = failures
        .into_iter()
        .map(|failure| shown(case, kind, failure))
        .collect();
    Verdict::Failed { failures }
}

fn shown(case: &Case, kind: FailureKind, mut failure: expect::Failure) -> Failure {
    if let Some(name) = &case.name {
        let line = name_of(case).line;
        failure.notes.push(format!(
            "case `{}` ({}:{line})",
            name.value, case.source.name
        ));
    }
    let place = case.source.position(failure.span.start);
    let about_a_value = !failure.expected.is_empty();
    Failure {
        kind,
        line: place.line,
        column: place.column,
        text: failure.render(&case.source, &Renderer::styled()),
        expected: about_a_value.then_some(failure.expected),
        actual: about_a_value.then(|| failure.actual.to_string()),
        title: failure.title,
        events: failure.events,
    }
}
