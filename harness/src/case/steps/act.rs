//! Signals and connections.

use std::time::Duration;

use crate::scenario::model::{Connect, SendSignal};
use crate::value::Value;
use crate::world::facts::values;

use super::super::watch::{Look, Trouble};
use super::state::{Steps, unresolved};

/// How many bytes a connection gives at most if the scenario does not say what
/// is enough.
const ENOUGH: usize = 64 * 1024;

/// The longest that one connection takes before the scenario's patience, and
/// whether the run is to stop, are looked at again.
const ONE_CONNECTION: Duration = Duration::from_secs(5);

impl Steps<'_> {
    pub(super) fn signal(&mut self, signal: &SendSignal) -> Result<(), Trouble> {
        let id = &signal.process.value;
        let pid = self.named(id, signal.process.span)?.pid;
        let sent = self.watch.world.now();
        self.watch.world.signal(pid, signal.signal)?;
        let Some(expect) = &signal.expect else {
            return Ok(());
        };
        let subject = format!("process `{id}` after {}", signal.signal);
        self.until(signal.within, |steps| {
            let (end, settled) = steps.end_value(pid, sent)?;
            Ok(match steps.held_against(&subject, expect, &end) {
                Look::NotYet(failures) if settled => Look::Never(failures),
                look => look,
            })
        })
    }

    /// What became of a process, and whether that is all that will ever be
    /// known of it.
    fn end_value(&mut self, pid: i32, sent: Duration) -> Result<(Value, bool), Trouble> {
        let processes = self.processes()?;
        // After the look: the end of a process that is gone is known by then.
        self.watch.catch_up()?;
        let gone = !processes
            .iter()
            .any(|process| process.pid == pid && !matches!(process.state, 'Z' | 'X' | 'x'));
        let end = self.watch.end_of(pid);
        let at = end.map_or_else(|| self.watch.world.now(), |(_, at)| at);
        let value = values::end(gone, end.map(|(end, _)| end), at.saturating_sub(sent));
        Ok((value, gone && end.is_some()))
    }

    pub(super) fn connect(&mut self, connect: &Connect) -> Result<(), Trouble> {
        let address = self.scope.text(&connect.to.value).map_err(unresolved)?;
        let data = match &connect.send {
            Some(text) => self.scope.text(text).map_err(unresolved)?.into_bytes(),
            None => Vec::new(),
        };
        let enough = connect.enough.unwrap_or(ENOUGH);
        let subject = format!("connection to `{address}`");
        let end = self.watch.world.now() + connect.within;
        self.facts_until(&subject, &connect.expect, connect.within, |steps| {
            let begin = steps.watch.world.now();
            let within = end.saturating_sub(begin).min(ONE_CONNECTION);
            let came = steps.watch.world.connect(&address, &data, enough, within);
            let took = steps.watch.world.now().saturating_sub(begin);
            Ok(values::connection(came.as_deref(), took))
        })
    }
}
