//! Starting a program, and the launcher's end.

use std::time::Duration;

use crate::expect::Failure;
use crate::scenario::matcher::Expect;
use crate::scenario::model::{Launch, LaunchWait};
use crate::scenario::source::Span;
use crate::world::facts::ProcessFacts;
use crate::world::spec::Trace;

use super::super::outcome::FailureKind;
use super::super::watch::{Look, Trouble};
use super::state::{Steps, unresolved};

/// How long after the launcher's end output is still waited for, as long as
/// more of it comes.
const LAST_OUTPUT: Duration = Duration::from_millis(500);

impl Steps<'_> {
    pub(super) fn launch(&mut self, launch: &Launch) -> Result<(), Trouble> {
        let mut spec = launch.spec(&self.scope).map_err(unresolved)?;
        if spec.trace == Trace::Off || self.trace == Trace::Ordered {
            spec.trace = self.trace.clone();
        }
        let id = &launch.id.value;
        let pid = self.watch.world.launch(&spec)?;
        self.launches.push(id.clone());
        // What a launcher that has ended by now began with.
        let started = ProcessFacts {
            pid,
            parent: 1,
            session: self.watch.world.launch_facts(id)?.session,
            group: pid,
            ..ProcessFacts::default()
        };
        self.name(id, &started);
        match &launch.wait {
            LaunchWait::Background => Ok(()),
            LaunchWait::End { within, expect } => {
                self.launcher_end(id, launch.id.span, *within, expect)
            }
        }
    }

    /// Waits for the launcher's end, then holds the launch against `expect`.
    /// Its last output may come in just after its end, so that what is not as
    /// expected is looked at again as long as there is something new.
    pub(super) fn launcher_end(
        &mut self,
        id: &str,
        span: Span,
        within: Duration,
        expect: &Expect,
    ) -> Result<(), Trouble> {
        let subject = format!("launch `{id}`");
        self.until(within, |steps| {
            let facts = steps.watch.world.launch_facts(id)?;
            Ok(match facts.end {
                Some(_) => Look::Seen(()),
                None => {
                    let running = facts.duration;
                    let label = format!(
                        "expected to end within {within:?}, still runs after {running:.1?}"
                    );
                    Look::NotYet(vec![Failure::new(span, &subject, label)])
                }
            })
        })?;
        let settled = self.watch.world.now() + LAST_OUTPUT;
        loop {
            let facts = self.watch.world.launch_facts(id)?;
            match self.held_against(&subject, expect, &facts.value()) {
                Look::Seen(()) => return Ok(()),
                Look::NotYet(failures) | Look::Never(failures) => {
                    let over = self.watch.world.now() >= settled;
                    if over || !self.watch.more_output()? {
                        return Err(Trouble::Failed(FailureKind::Expectation, failures));
                    }
                }
            }
        }
    }
}
