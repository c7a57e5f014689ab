//! What is to become of the calls that stopped: plain data, no kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use daemonlab::sys::Signal;
use nix::errno::Errno;

use super::visible::count_argument;

use crate::world::WorldError;
use crate::world::real::failure::refusal;
use crate::world::spec::{Condition, Counting, FaultAction, FaultSpec, Role, call_family};
use crate::world::syscalls;

/// How many times a fault's matches are kept.
const TIMES: usize = 100;

/// The faults of one launch, and how often each has matched.
#[derive(Debug, Default)]
pub struct Rules {
    faults: Vec<Fault>,
    /// The roles of which a process has ended.
    ended: BTreeSet<Role>,
}

#[derive(Debug)]
struct Fault {
    spec: FaultSpec,
    numbers: Vec<i64>,
    /// Calls of the role that fulfil the condition, whether or not they were
    /// in the window: by process, or under 0 for the whole tree.
    seen: BTreeMap<i32, u32>,
    /// Calls in the window.
    matched: u32,
    /// Those of them that are over.
    over: u32,
    at: Vec<Duration>,
}

/// What holds a call back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until this moment of the world.
    Until(Duration),
    /// Until the fault of this label has matched so often.
    Matched(String, u32),
    /// Until so many of its calls are over.
    Over(String, u32),
    /// Until a process of this role has ended.
    End(Role),
}

/// What is done once nothing holds a call back any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out.
    Pass,
    /// It fails with this errno.
    Fail(i32),
    /// It reads or writes at most so many bytes.
    Short(u64),
    /// Its caller gets this signal as it begins.
    Signal(i32),
    /// Its process is killed.
    Kill,
}

/// A call that has stopped, as far as rules look at it.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// Its number.
    pub number: i64,
    /// Whose it is.
    pub role: Role,
    /// Its process.
    pub pid: i32,
    /// Whether it is noise, which only a fault with a path counts.
    pub noise: bool,
    /// Whether it fulfils a condition.
    pub fits: &'a dyn Fn(&Condition) -> bool,
}

/// What becomes of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The faults that hold it back, by label.
    pub holds: Vec<(String, Wait)>,
    /// What happens then.
    pub verdict: Verdict,
    /// The fault that says so, if one does.
    pub decided_by: Option<String>,
    /// The faults that only count it.
    pub watched_by: Vec<String>,
    /// All the faults that have matched it.
    pub matched_by: Vec<String>,
}

impl Rules {
    /// The rules that these faults make.
    ///
    /// # Errors
    /// A call that does not exist here, a label twice, a hold on a label that
    /// is not there.
    pub fn new(faults: &[FaultSpec]) -> Result<Rules, WorldError> {
        let mut rules = Rules::default();
        for spec in faults {
            let stage = format!("prepare the fault {:?}", spec.label);
            let mut numbers = Vec::new();
            for name in &spec.calls {
                numbers.extend(numbers_of(name).ok_or_else(|| {
                    refusal(
                        &stage,
                        format_args!(
                            "{name:?} is no system call that can be watched on this machine"
                        ),
                        "name another call or a family, such as `setuid` or `kill`",
                    )
                })?);
            }
            if rules
                .faults
                .iter()
                .any(|known| known.spec.label == spec.label)
            {
                return Err(refusal(
                    stage,
                    "there is another of that label",
                    "rename one of them",
                ));
            }
            if let FaultAction::Short(_) = &spec.action
                && !numbers
                    .iter()
                    .all(|number| count_argument(*number).is_some())
            {
                return Err(refusal(
                    stage,
                    format_args!("{} do not all say how many bytes", spec.calls.join(", ")),
                    "cut short read, write, pread64, pwrite64, sendto, recvfrom or sendfile",
                ));
            }
            if let FaultAction::HoldUntil { label, .. } | FaultAction::HoldUntilOver { label, .. } =
                &spec.action
                && (*label == spec.label || faults.iter().all(|other| other.label != *label))
            {
                let evidence =
                    format!("it waits for {label:?}, which is no other fault of this launch");
                return Err(refusal(stage, evidence, "name a fault of the same launch"));
            }
            rules.faults.push(Fault {
                spec: spec.clone(),
                numbers,
                seen: BTreeMap::new(),
                matched: 0,
                over: 0,
                at: Vec::new(),
            });
        }
        Ok(rules)
    }

    /// The numbers of all calls that must stop.
    pub fn numbers(&self) -> BTreeSet<i64> {
        self.faults
            .iter()
            .flat_map(|fault| fault.numbers.iter().copied())
            .collect()
    }

    /// Whether there is a fault for calls of this number.
    pub fn concern(&self, number: i64) -> bool {
        self.faults
            .iter()
            .any(|fault| fault.numbers.contains(&number))
    }

    /// Counts a call and says what becomes of it. All holds on it apply, and
    /// the first fault that decides what it does; one that comes after that
    /// does not count it.
    pub fn arrive(&mut self, now: Duration, call: &Seen<'_>) -> Ruling {
        let mut ruling = Ruling {
            holds: Vec::new(),
            verdict: Verdict::Pass,
            decided_by: None,
            watched_by: Vec::new(),
            matched_by: Vec::new(),
        };
        for fault in &mut self.faults {
            let verdict = verdict(&fault.spec.action);
            if !fault.concerns(call) || (verdict.is_some() && ruling.decided_by.is_some()) {
                continue;
            }
            if !fault.count(now, call) {
                continue;
            }
            let label = fault.spec.label.clone();
            ruling.matched_by.push(label.clone());
            match (&fault.spec.action, verdict) {
                (_, Some(verdict)) => {
                    ruling.verdict = verdict;
                    ruling.decided_by = Some(label);
                }
                (FaultAction::Delay(time), _) => {
                    ruling.holds.push((label, Wait::Until(now + *time)));
                }
                (FaultAction::HoldUntil { label: of, matched }, _) => {
                    ruling
                        .holds
                        .push((label, Wait::Matched(of.clone(), *matched)));
                }
                (FaultAction::HoldUntilOver { label: of, matched }, _) => {
                    ruling.holds.push((label, Wait::Over(of.clone(), *matched)));
                }
                (FaultAction::HoldUntilEnd(role), _) => {
                    ruling.holds.push((label, Wait::End(*role)));
                }
                _ => ruling.watched_by.push(label),
            }
        }
        ruling
    }

    /// A call that these faults have matched is over.
    pub fn over(&mut self, labels: &[String]) {
        for fault in &mut self.faults {
            if labels.contains(&fault.spec.label) {
                fault.over = fault.over.saturating_add(1);
            }
        }
    }

    /// Whether a fault waits for the end of these calls.
    pub fn waits_for_over(&self, labels: &[String]) -> bool {
        self.faults.iter().any(|fault| {
            matches!(&fault.spec.action, FaultAction::HoldUntilOver { label, .. } if labels.contains(label))
        })
    }

    /// A process of this role has ended.
    pub fn ended(&mut self, role: Role) {
        self.ended.insert(role);
    }

    /// Whether the wait is over.
    pub fn is_over(&self, wait: &Wait, now: Duration) -> bool {
        let of = |label: &String| self.faults.iter().find(|f| f.spec.label == *label);
        match wait {
            Wait::Until(moment) => now >= *moment,
            Wait::Matched(label, times) => of(label).is_some_and(|fault| fault.matched >= *times),
            Wait::Over(label, times) => of(label).is_some_and(|fault| fault.over >= *times),
            Wait::End(Role::Any) => !self.ended.is_empty(),
            Wait::End(role) => self.ended.contains(role),
        }
    }

    /// How often each fault has matched, by label.
    pub fn matched(&self) -> BTreeMap<String, u32> {
        let entry = |fault: &Fault| (fault.spec.label.clone(), fault.matched);
        self.faults.iter().map(entry).collect()
    }

    /// When each fault matched, by label: the first hundred times.
    pub fn matched_at(&self) -> BTreeMap<String, Vec<Duration>> {
        let entry = |fault: &Fault| (fault.spec.label.clone(), fault.at.clone());
        self.faults.iter().map(entry).collect()
    }
}

impl Fault {
    fn concerns(&self, call: &Seen<'_>) -> bool {
        self.numbers.contains(&call.number)
            && (self.spec.role == Role::Any || self.spec.role == call.role)
            && (!call.noise || self.spec.condition.path.is_some())
            && (self.spec.condition.is_empty() || (call.fits)(&self.spec.condition))
    }

    /// Counts the call; gives whether it is in the window.
    fn count(&mut self, now: Duration, call: &Seen<'_>) -> bool {
        let whose = match self.spec.counting {
            Counting::Tree => 0,
            Counting::Process => call.pid,
        };
        let seen = self.seen.entry(whose).or_default();
        *seen = seen.saturating_add(1);
        if *seen < self.spec.first || self.spec.last.is_some_and(|last| *seen > last) {
            return false;
        }
        self.matched = self.matched.saturating_add(1);
        if self.at.len() < TIMES {
            self.at.push(now);
        }
        true
    }
}

/// What the action does with a call, if it decides that.
fn verdict(action: &FaultAction) -> Option<Verdict> {
    match action {
        FaultAction::Fail(errno) => Some(Verdict::Fail(*errno)),
        FaultAction::Short(most) => Some(Verdict::Short(*most)),
        FaultAction::Signal(signal) => Some(Verdict::Signal(*signal)),
        FaultAction::Kill => Some(Verdict::Kill),
        FaultAction::Watch
        | FaultAction::Delay(_)
        | FaultAction::HoldUntil { .. }
        | FaultAction::HoldUntilOver { .. }
        | FaultAction::HoldUntilEnd(_) => None,
    }
}

/// The numbers on this machine of the call or family of this name. A machine
/// need not have every call of a family; `None` where there is none of them.
pub fn numbers_of(name: &str) -> Option<Vec<i64>> {
    let numbers: Vec<i64> = match call_family(name) {
        [] => syscalls::number(name).into_iter().collect(),
        family => family
            .iter()
            .filter_map(|member| syscalls::number(member))
            .collect(),
    };
    (!numbers.is_empty()).then_some(numbers)
}

impl Verdict {
    /// As events say it.
    pub fn done(self) -> String {
        match self {
            Verdict::Pass => "passed".to_owned(),
            Verdict::Fail(errno) => format!("failed with {:?}", Errno::from_raw(errno)),
            Verdict::Short(most) => format!("cut to {most} bytes"),
            Verdict::Signal(number) => match Signal::new(number) {
                Some(signal) => format!("signalled with {signal}"),
                None => format!("signalled with {number}"),
            },
            Verdict::Kill => "killed".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
