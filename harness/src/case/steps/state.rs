//! What a case knows while its steps are carried out.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::expect::{self, Failure};
use crate::scenario::Scope;
use crate::scenario::matcher::Expect;
use crate::scenario::model::{Action, AdoptFrom, Step, Target};
use crate::scenario::source::Span;
use crate::scenario::template::Unresolved;
use crate::value::Value;
use crate::world::WorldError;
use crate::world::facts::{LaunchFacts, ProcessFacts};
use crate::world::spec::Trace;

use super::super::outcome::FailureKind;
use super::super::watch::{Look, Trouble, Watch};

/// A case under way: its world, what its variables stand for, and who has
/// which name.
pub(in crate::case) struct Steps<'a> {
    pub watch: Watch<'a>,
    pub scope: Scope,
    pub(super) trace: Trace,
    pub(super) launches: Vec<String>,
    pub(super) processes_by_name: BTreeMap<String, Named>,
}

/// A process that the scenario has a name for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub pid: i32,
    /// The session that it was seen in last.
    pub session: i32,
}

impl<'a> Steps<'a> {
    pub fn new(watch: Watch<'a>, scope: Scope, trace: Trace) -> Steps<'a> {
        Steps {
            watch,
            scope,
            trace,
            launches: Vec::new(),
            processes_by_name: BTreeMap::new(),
        }
    }

    pub fn carry_out(&mut self, step: &Step) -> Result<(), Trouble> {
        match &step.action {
            Action::Launch(launch) => self.launch(launch),
            Action::Await(wait) => self.launcher_end(
                &wait.launch.value,
                wait.launch.span,
                wait.within,
                &wait.expect,
            ),
            Action::Adopt(adopt) => self.adopt(adopt),
            Action::Check(check) => self.check(check),
            Action::Events(events) => self.events(events),
            Action::Signal(signal) => self.signal(signal),
            Action::HangUp(hang_up) => Ok(self.watch.world.hang_up(&hang_up.launch.value)?),
            Action::Write(file) => {
                let spec = file.spec(&self.scope).map_err(unresolved)?;
                Ok(self.watch.world.write_file(&spec)?)
            }
            Action::Connect(connect) => self.connect(connect),
            Action::Pause(pause) => {
                let end = self.watch.world.now() + pause.time;
                let title = format!("pause of {:?}", pause.time);
                let lacking = Failure::new(step.span, title, "is not over");
                self.until(pause.time, |steps| {
                    Ok(if steps.watch.world.now() >= end {
                        Look::Seen(())
                    } else {
                        Look::NotYet(vec![lacking.clone()])
                    })
                })
            }
        }
    }

    /// What a step does, for people.
    pub fn describe(&self, action: &Action) -> String {
        match action {
            Action::Launch(launch) => format!("launch `{}`", launch.id.value),
            Action::Await(wait) => format!("await the end of launch `{}`", wait.launch.value),
            Action::Adopt(adopt) => {
                let from = match &adopt.from {
                    AdoptFrom::PidFile(path) => format!("PID file `{path}`"),
                    AdoptFrom::Name(name) => format!("name `{name}`"),
                    AdoptFrom::ChildOf(of) => format!("the children of `{}`", of.value),
                    AdoptFrom::SessionOf(of) => format!("the session of `{}`", of.value),
                    AdoptFrom::Socket(address) => format!("who listens on `{address}`"),
                };
                format!("adopt `{}` from {from}", adopt.id.value)
            }
            Action::Check(check) => format!("check {}", subject(&check.target)),
            Action::Events(events) => {
                format!("look at the events of launch `{}`", events.launch.value)
            }
            Action::Signal(signal) => {
                format!("send {} to `{}`", signal.signal, signal.process.value)
            }
            Action::HangUp(hang_up) => format!("hang up launch `{}`", hang_up.launch.value),
            Action::Write(file) => format!("write `{}`", file.path),
            Action::Connect(connect) => format!("connect to `{}`", connect.to.value),
            Action::Pause(pause) => format!("pause for {:?}: {}", pause.time, pause.reason),
        }
    }

    /// The names of the launches that took place, in their order.
    pub fn launches(&self) -> Vec<String> {
        self.launches.clone()
    }

    /// What is known of a launch, if it took place and the world still tells.
    pub fn launch_facts(&mut self, id: &str) -> Option<LaunchFacts> {
        let known = self.launches.iter().any(|known| known == id);
        known
            .then(|| self.watch.world.launch_facts(id).ok())
            .flatten()
    }

    /// The processes of the world. Those that have a name are remembered as
    /// they are seen.
    pub fn processes(&mut self) -> Result<Vec<ProcessFacts>, WorldError> {
        let processes = self.watch.world.processes()?;
        for named in self.processes_by_name.values_mut() {
            if let Some(process) = processes.iter().find(|p| p.pid == named.pid) {
                named.session = process.session;
            }
        }
        Ok(processes)
    }

    /// Gives a process a name, and its variables their values.
    pub(super) fn name(&mut self, id: &str, process: &ProcessFacts) {
        let ProcessFacts {
            pid,
            session,
            group,
            parent,
            ..
        } = *process;
        self.processes_by_name
            .insert(id.to_owned(), Named { pid, session });
        for (field, value) in [
            ("pid", pid),
            ("session", session),
            ("group", group),
            ("parent", parent),
        ] {
            self.scope.set(format!("{id}.{field}"), value);
        }
    }

    pub(super) fn named(&self, id: &str, span: Span) -> Result<Named, Trouble> {
        self.processes_by_name.get(id).copied().ok_or_else(|| {
            let label = "no step has given a process this name";
            step_failure(Failure::new(span, format!("process `{id}`"), label))
        })
    }

    /// Looks at once, and then again and again until what is looked for is
    /// seen or `within` has passed.
    pub(super) fn until<T>(
        &mut self,
        within: Duration,
        mut look: impl FnMut(&mut Self) -> Result<Look<T>, Trouble>,
    ) -> Result<T, Trouble> {
        let mut patience = self.watch.patience(within);
        loop {
            match look(self)? {
                Look::Seen(seen) => return Ok(seen),
                Look::NotYet(lacking) => self.watch.rest(&mut patience, lacking)?,
                Look::Never(lacking) => {
                    return Err(Trouble::Failed(FailureKind::Expectation, lacking));
                }
            }
        }
    }

    /// Looks at facts until they are as expected.
    pub(super) fn facts_until(
        &mut self,
        subject: &str,
        expect: &Expect,
        within: Duration,
        mut facts: impl FnMut(&mut Self) -> Result<Value, Trouble>,
    ) -> Result<(), Trouble> {
        self.until(within, |steps| {
            let facts = facts(steps)?;
            Ok(steps.held_against(subject, expect, &facts))
        })
    }

    pub(super) fn held_against(&self, subject: &str, expect: &Expect, facts: &Value) -> Look<()> {
        match expect::judge(subject, expect, facts, &self.scope) {
            expect::Verdict::Passed => Look::Seen(()),
            expect::Verdict::Failed(failures) => Look::NotYet(failures),
        }
    }
}

/// Whose facts a check looks at, for titles.
pub(super) fn subject(target: &Target) -> String {
    match target {
        Target::Process(id) => format!("process `{id}`"),
        Target::File(path) => format!("file `{path}`"),
        Target::Launch(id) => format!("launch `{id}`"),
        Target::Socket(address) => format!("socket `{address}`"),
        Target::Sandbox { except } if except.is_empty() => "sandbox".to_owned(),
        Target::Sandbox { except } => format!("sandbox except `{}`", except.join("`, `")),
        Target::Fault { launch, label } => format!("fault `{label}` of launch `{launch}`"),
    }
}

pub(super) fn step_failure(failure: Failure) -> Trouble {
    Trouble::Failed(FailureKind::Step, vec![failure])
}

pub(super) fn unresolved(unresolved: Unresolved) -> Trouble {
    let title = format!("variable `{}`", unresolved.name);
    step_failure(Failure::new(unresolved.span, title, unresolved.to_string()))
}
