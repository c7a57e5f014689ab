//! What is told of traced tasks: visible calls with their results, signals,
//! forks, execs and ends, for the launches of which somebody wants to know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use daemonlab::explore::TaskName;
use nix::errno::Errno;

use super::call::TracedCall;
use super::decider::Who;
use super::filter::{Operations, Stops};
use super::rules::{Rules, numbers_of};
use super::tracee::RawSignal;
use super::visible;
use crate::world::WorldError;
use crate::world::event::{Actor, CallEvent, CallResult, End, What};
use crate::world::real::failure::refusal;
use crate::world::spec::{Order, Trace};
use crate::world::syscalls;

/// What is told of a launch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The calls that are, unless they are noise. None: nothing is told at all.
    pub numbers: BTreeSet<i64>,
    /// What becomes of noise.
    pub noise: Noise,
    /// Whether its tasks take turns, so that the events have one order: no call
    /// begins, and no wait returns, while a call of another is carried out.
    pub in_turn: bool,
    /// Calls that must stop for something else.
    pub besides: BTreeSet<i64>,
}

/// What becomes of calls that nobody else can notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Noise {
    /// They are left out.
    #[default]
    LeftOut,
    /// They are told as the others are.
    Told,
}

impl Recording {
    /// What this asks for. Where somebody chooses the order, there are turns
    /// anyway.
    ///
    /// # Errors
    /// A call that does not exist here.
    pub fn new(trace: &Trace, order: Order) -> Result<Recording, WorldError> {
        let numbers = match trace {
            Trace::Off => BTreeSet::new(),
            Trace::Visible => visible::all(),
            Trace::Ordered => visible::ordered(),
            Trace::Every(names) if names.is_empty() => every(),
            Trace::Calls(names) | Trace::Every(names) => named(names)?,
        };
        let noise = match trace {
            Trace::Every(_) => Noise::Told,
            _ => Noise::LeftOut,
        };
        Ok(Recording {
            in_turn: order == Order::Kernels && !numbers.is_empty(),
            numbers,
            noise,
            besides: BTreeSet::new(),
        })
    }

    /// The calls that must stop for this and for the faults; none, if nobody
    /// has asked for anything.
    pub fn stops(&self, rules: &Rules) -> Stops {
        let mut all = rules.numbers();
        all.extend(&self.numbers);
        all.extend(&self.besides);
        if !all.is_empty() {
            // Sessions tell roles; a restarted call is no other; whoever wants
            // to trace is told that it cannot.
            all.extend([
                libc::SYS_setsid,
                libc::SYS_restart_syscall,
                libc::SYS_ptrace,
            ]);
        }
        Stops {
            numbers: all,
            prctl: match self.noise {
                Noise::LeftOut => Operations::Noticed,
                Noise::Told => Operations::All,
            },
        }
    }

    fn is_on(&self) -> bool {
        !self.numbers.is_empty()
    }
}

/// Every call. `rt_sigreturn` is none: it is how a handler returns, and gives
/// nothing of its own (`sigreturn(2)`).
fn every() -> BTreeSet<i64> {
    let made = |number: &i64| *number != libc::SYS_rt_sigreturn;
    syscalls::names()
        .filter_map(syscalls::number)
        .filter(made)
        .collect()
}

fn named(names: &[String]) -> Result<BTreeSet<i64>, WorldError> {
    let mut numbers = BTreeSet::new();
    for name in names {
        numbers.extend(numbers_of(name).ok_or_else(|| {
            refusal(
                "prepare the trace",
                format_args!("{name:?} is no system call of this machine"),
                "name another call or a family, such as `setuid` or `kill`",
            )
        })?);
    }
    Ok(numbers)
}

/// A call that was let begin.
#[derive(Debug)]
pub struct InCall {
    /// Which one.
    pub call: TracedCall,
    /// When.
    pub began: Duration,
    /// Which of its task's visible calls it is, if it is told.
    pub index: Option<u64>,
    /// An argument that was changed, and what it was.
    pub restore: Option<(usize, u64)>,
    /// Whether a decider has changed what it does.
    pub injected: bool,
}

/// Tells.
#[derive(Debug, Default)]
pub struct Recorder {
    launches: BTreeMap<String, Recording>,
    counts: BTreeMap<TaskName, u64>,
}

impl Recorder {
    /// Tells this of a launch from now on.
    pub fn add(&mut self, launch: &str, recording: Recording) {
        self.launches.insert(launch.to_owned(), recording);
    }

    fn of(&self, who: &Who) -> Option<&Recording> {
        let recording = self.launches.get(&who.launch)?;
        recording.is_on().then_some(recording)
    }

    /// Whether the tasks of this launch take turns.
    pub fn in_turn(&self, launch: &str) -> bool {
        let recording = self.launches.get(launch);
        recording.is_some_and(|recording| recording.in_turn)
    }

    fn actor(&self, who: &Who) -> Option<Actor> {
        self.of(who).map(|_| who.actor())
    }

    /// A call begins; if it is one to be told, it is counted.
    pub fn begin(&mut self, now: Duration, who: &Who, call: TracedCall) -> InCall {
        let told = self.of(who).is_some_and(|recording| {
            recording.numbers.contains(&call.raw.number)
                && (recording.noise == Noise::Told || visible::counts(&call))
        });
        let index = told.then(|| {
            let count = self.counts.entry(who.task).or_default();
            *count += 1;
            // Before it is over, its memory may be another's.
            call.details();
            *count
        });
        InCall {
            call,
            began: now,
            index,
            restore: None,
            injected: false,
        }
    }

    /// A call is over, or fails without having been carried out.
    pub fn over(&self, who: &Who, call: &InCall, result: Result<i64, i32>) -> Option<What> {
        call.index?;
        let details = call.call.details();
        let raw = &call.call.raw;
        match result {
            Ok(value) => {
                let answer = details.answer(who.tid, raw, value);
                let object = details.object_after(who.tid, raw, value);
                self.told(who, call, CallResult::Returned(value), answer, object)
            }
            Err(errno) => {
                let answer = format!("{:?}", Errno::from_raw(errno));
                let object = details.object.clone();
                self.told(who, call, CallResult::Failed(errno), answer, object)
            }
        }
    }

    /// A call does not return: it is the last, or its task was killed in it.
    pub fn never_over(&self, who: &Who, call: &InCall) -> Option<What> {
        call.index?;
        let object = call.call.details().object.clone();
        self.told(who, call, CallResult::Never, String::new(), object)
    }

    fn told(
        &self,
        who: &Who,
        call: &InCall,
        result: CallResult,
        answer: String,
        object: Option<String>,
    ) -> Option<What> {
        let index = call.index?;
        let details = call.call.details();
        let event = CallEvent {
            index,
            name: call.call.name(),
            shown: details.shown.clone(),
            in_table: details.in_table,
            paths: details.paths.clone(),
            object,
            through_link: details.through_link,
            target: details.target,
            signal: details.signal,
            began: call.began,
            result,
            answer,
            injected: call.injected,
        };
        Some(What::Call {
            by: who.actor(),
            call: Box::new(event),
        })
    }

    /// A signal is delivered.
    pub fn signal(&self, who: &Who, signal: &RawSignal) -> Option<What> {
        Some(What::Signal {
            to: self.actor(who)?,
            signal: signal.signal,
            code: signal.code,
            from_pid: signal.pid,
            from_uid: signal.uid,
        })
    }

    /// A task has made another.
    pub fn forked(&self, by: &Who, new: &Who) -> Option<What> {
        Some(What::Forked {
            by: self.actor(by)?,
            new: new.actor(),
            thread: by.pid == new.pid,
        })
    }

    /// A task has executed a program.
    pub fn executed(&self, who: &Who) -> Option<What> {
        let by = self.actor(who)?;
        let path = fs::read_link(format!("/proc/{}/exe", who.pid)).ok();
        Some(What::Executed {
            by,
            path: path.map(|path| path.to_string_lossy().into_owned()),
        })
    }

    /// A process has ended.
    pub fn exited(&self, who: &Who, end: End) -> Option<What> {
        Some(What::Exited {
            by: self.actor(who)?,
            end,
        })
    }
}
