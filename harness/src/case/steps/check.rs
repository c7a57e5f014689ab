//! Looking at facts until they are as expected.

use crate::scenario::model::{Check, Target};
use crate::value::Value;
use crate::world::facts::values;

use super::super::watch::Trouble;
use super::state::{Steps, subject, unresolved};

impl Steps<'_> {
    pub(super) fn check(&mut self, check: &Check) -> Result<(), Trouble> {
        let subject = subject(&check.target);
        self.facts_until(&subject, &check.expect, check.within, |steps| {
            steps.facts(check)
        })
    }

    fn facts(&mut self, check: &Check) -> Result<Value, Trouble> {
        Ok(match &check.target {
            Target::Process(id) => {
                let pid = self.named(id, check.target_span)?.pid;
                self.process_value(pid)?
            }
            Target::File(path) => {
                let path = self.scope.text(path).map_err(unresolved)?;
                self.watch.world.file(path.as_ref())?.value()
            }
            Target::Launch(id) => self.watch.world.launch_facts(id)?.value(),
            Target::Socket(address) => {
                let address = self.scope.text(address).map_err(unresolved)?;
                values::socket(&self.watch.world.sockets()?, &address)
            }
            Target::Sandbox { except } => {
                let except = except
                    .iter()
                    .map(|id| Ok(self.named(id, check.target_span)?.pid))
                    .collect::<Result<Vec<i32>, Trouble>>()?;
                values::sandbox(&self.processes()?, &except)
            }
            Target::Fault { launch, label } => {
                self.watch.world.launch_facts(launch)?.fault_value(label)
            }
        })
    }

    /// The facts of a process, or that it is gone.
    pub(super) fn process_value(&mut self, pid: i32) -> Result<Value, Trouble> {
        let processes = self.processes()?;
        let process = processes.iter().find(|process| process.pid == pid);
        Ok(process.map_or_else(values::gone, |process| process.value()))
    }
}
