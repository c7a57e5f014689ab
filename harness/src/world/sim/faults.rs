//! Calls that are watched, held and failed: the rules of the real world, at
//! the simulated kernel's steps.

use std::collections::BTreeMap;
use std::time::Duration;

use daemonlab::explore::TaskName;
use daemonlab::sim::kernel::Process;
use daemonlab::sys::call::Call;
use daemonlab::sys::{Errno, Signal};

use crate::world::WorldError;
use crate::world::event::What;
use crate::world::real::tracer::faults::is_like;
use crate::world::real::tracer::rules::{Rules, Seen, Verdict, Wait};
use crate::world::spec::{Condition, FaultSpec, Role};
use crate::world::syscalls;

/// The faults of one launch, and the calls that they have struck.
pub struct Faults {
    rules: Rules,
    /// The launcher's PID, and the session that it was started in.
    launcher: i32,
    session: i32,
    struck: BTreeMap<TaskName, Struck>,
    /// What each process was at its last call.
    roles: BTreeMap<TaskName, Role>,
}

/// What becomes of a call.
struct Struck {
    /// Which call of the process it is.
    number: u64,
    pid: i32,
    role: Role,
    call: &'static str,
    holds: Vec<(String, Wait)>,
    verdict: Verdict,
    decided_by: Option<String>,
    /// All the faults that have matched it.
    matched_by: Vec<String>,
}

/// What keeps a process from its next call, or comes in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Nothing does.
    Free,
    /// It is held back.
    Held,
    /// The call fails.
    Fails(Errno),
    /// It reads or writes at most so many bytes.
    Short(usize),
    /// Its caller gets this signal first.
    Signals(Signal),
    /// The process is killed.
    Kills,
}

impl Faults {
    /// # Errors
    /// Faults that can never fire.
    pub fn new(faults: &[FaultSpec], launcher: i32, session: i32) -> Result<Faults, WorldError> {
        Ok(Faults {
            rules: Rules::new(faults)?,
            launcher,
            session,
            struck: BTreeMap::new(),
            roles: BTreeMap::new(),
        })
    }

    /// How often each fault has matched, and when.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// A process is about to make its call `number`; every call arrives once.
    /// `about` gives the paths that it names and what its descriptor refers to.
    pub fn arrive(
        &mut self,
        now: Duration,
        task: TaskName,
        process: &Process,
        (call, number): (&Call, u64),
        about: &dyn Fn() -> Vec<String>,
    ) -> Vec<What> {
        let role = self.role(process);
        self.roles.insert(task, role);
        if self.struck.get(&task).is_some_and(|s| s.number == number) {
            return Vec::new();
        }
        // A process that makes its next call is done with the one before.
        if let Some(before) = self.struck.remove(&task) {
            self.rules.over(&before.matched_by);
        }
        let name = call.name();
        let Some(code) = code(name) else {
            return Vec::new();
        };
        let seen = Seen {
            number: code,
            role,
            pid: process.pid,
            noise: false,
            fits: &|condition| fits(condition, about),
        };
        let ruling = self.rules.arrive(now, &seen);
        let mut struck = Struck {
            number,
            pid: process.pid,
            role,
            call: name,
            holds: Vec::new(),
            verdict: ruling.verdict,
            decided_by: ruling.decided_by,
            matched_by: ruling.matched_by,
        };
        let mut told: Vec<What> = ruling
            .watched_by
            .iter()
            .map(|label| struck.event(label, "passed"))
            .collect();
        for (label, wait) in ruling.holds {
            let over = self.rules.is_over(&wait, now);
            told.push(struck.event(&label, if over { "passed" } else { "held" }));
            if !over {
                struck.holds.push((label, wait));
            }
        }
        self.struck.insert(task, struck);
        told
    }

    /// As [`Role`] defines them.
    fn role(&self, process: &Process) -> Role {
        if process.pid == self.launcher {
            Role::Launcher
        } else if [process.pid, self.session].contains(&process.session) {
            Role::Intermediate
        } else {
            Role::Daemon
        }
    }

    /// What becomes of the call that a process is about to make.
    pub fn ruling(&self, task: TaskName) -> Ruling {
        let Some(struck) = self.struck.get(&task) else {
            return Ruling::Free;
        };
        match struck.verdict {
            _ if !struck.holds.is_empty() => Ruling::Held,
            Verdict::Pass => Ruling::Free,
            Verdict::Fail(errno) => Ruling::Fails(Errno::from_raw(errno)),
            Verdict::Short(most) => Ruling::Short(usize::try_from(most).unwrap_or(usize::MAX)),
            Verdict::Signal(number) => Signal::new(number).map_or(Ruling::Free, Ruling::Signals),
            Verdict::Kill => Ruling::Kills,
        }
    }

    /// Notes that the verdict on a call has been carried out.
    pub fn carried_out(&mut self, task: TaskName) -> Option<What> {
        let struck = self.struck.get_mut(&task)?;
        let label = struck.decided_by.take()?;
        let done = std::mem::replace(&mut struck.verdict, Verdict::Pass).done();
        Some(struck.event(&label, &done))
    }

    /// When a delay is over that holds a call back now.
    pub fn deadline(&self) -> Option<Duration> {
        let waits = self.struck.values().flat_map(|struck| &struck.holds);
        waits
            .filter_map(|(_, wait)| match wait {
                Wait::Until(moment) => Some(*moment),
                Wait::Matched(..) | Wait::Over(..) | Wait::End(_) => None,
            })
            .min()
    }

    /// Lets go what nothing holds back any more; gives those who may go on.
    pub fn release(&mut self, now: Duration, told: &mut Vec<What>) -> Vec<TaskName> {
        let mut free = Vec::new();
        for (task, struck) in &mut self.struck {
            if struck.holds.is_empty() {
                continue;
            }
            for (label, wait) in std::mem::take(&mut struck.holds) {
                match self.rules.is_over(&wait, now) {
                    true => told.push(struck.event(&label, "released")),
                    false => struck.holds.push((label, wait)),
                }
            }
            if struck.holds.is_empty() {
                free.push(*task);
            }
        }
        free
    }

    /// Forgets a process that has ended.
    pub fn forget(&mut self, task: TaskName) {
        self.struck.remove(&task);
        self.ended(task);
    }

    /// Notes that a process has ended, whether or not it was reaped.
    pub fn ended(&mut self, task: TaskName) {
        if let Some(role) = self.roles.remove(&task) {
            self.rules.ended(role);
        }
    }
}

impl Struck {
    fn event(&self, label: &str, done: &str) -> What {
        What::Fault {
            label: label.to_owned(),
            pid: self.pid,
            role: self.role,
            call: self.call.to_owned(),
            done: done.to_owned(),
        }
    }
}

/// The number of a call, by which the rules know it. What reads `/proc/self`
/// is no single call. The C library's fork(2) is clone(2).
fn code(name: &str) -> Option<i64> {
    let name = match name {
        "fork" => "clone",
        name => name,
    };
    syscalls::number(name)
}

/// Whether a call is about what the condition says. There are no registers
/// here: who looks at arguments by their index is turned away before.
fn fits(condition: &Condition, about: &dyn Fn() -> Vec<String>) -> bool {
    let Some(pattern) = &condition.path else {
        return condition.args.is_empty();
    };
    about().iter().any(|path| is_like(path, pattern))
}
