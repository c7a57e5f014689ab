//! The same events as the tracer's, at the simulated kernel's steps: visible
//! calls with their results, forks, and ends. That a signal is delivered is not
//! told: nobody has handlers here, and what a process takes is a call.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use daemonlab::explore::TaskName;
use daemonlab::sim::kernel::{Machine, Move, Node, Process, What as Open};
use daemonlab::sys::Result;
use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::records::{Ended, KillTarget, OpenHow, WaitFor};

use super::visible::{VisibleCall, object};
use crate::world::event::{Actor, CallEvent, CallResult, End, What};
use crate::world::real::tracer::visible;
use crate::world::spec::{LaunchSpec, Role, Trace, call_family};

/// How many symbolic links a path may lead through (`path_resolution(7)`).
const MOST_LINKS: u32 = 40;

/// A launch whose events are told.
#[derive(Debug)]
struct Launch {
    id: String,
    launcher: i32,
    session: i32,
    trace: Trace,
}

/// Tells.
#[derive(Debug, Default)]
pub struct Recorder {
    launches: BTreeMap<TaskName, Launch>,
    counts: BTreeMap<TaskName, u64>,
    /// Calls that wait, and since when.
    inside: BTreeMap<TaskName, Ahead>,
    ended: BTreeSet<TaskName>,
    /// Who a process was last, to tell its end.
    actors: BTreeMap<TaskName, Actor>,
}

/// A call before its step, which may change what it is about.
#[derive(Debug)]
pub struct Ahead {
    task: TaskName,
    call: Call,
    event: CallEvent,
}

impl Recorder {
    /// Tells of a launch from now on. Its program is there already.
    pub fn add(
        &mut self,
        task: TaskName,
        spec: &LaunchSpec,
        process: &Process,
        program: &str,
    ) -> What {
        let launch = Launch {
            id: spec.id.clone(),
            launcher: process.pid,
            session: process.session,
            trace: spec.trace.clone(),
        };
        self.launches.insert(task, launch);
        What::Executed {
            by: Actor {
                task: task.to_string(),
                pid: process.pid,
                tid: process.pid,
                role: Role::Launcher,
                launch: spec.id.clone(),
            },
            path: Some(program.to_owned()),
        }
    }

    fn actor(&self, task: TaskName, process: &Process) -> Option<Actor> {
        let launch = self.launches.get(&task.root())?;
        Some(Actor {
            task: task.to_string(),
            pid: process.pid,
            tid: process.pid,
            role: role(process, launch),
            launch: launch.id.clone(),
        })
    }

    /// A process is about to take a step in `call`: it is remembered, if it is
    /// to be told; `waits` is whether it waits in it.
    pub fn ahead(
        &mut self,
        machine: &Machine,
        now: Duration,
        task: TaskName,
        call: Option<&Call>,
        next: Option<Move>,
        waits: bool,
    ) -> Option<Ahead> {
        let actor = self.actor(task, machine.process(task))?;
        self.actors.insert(task, actor);
        let call = call?;
        match next {
            Some(Move::Enters) => {
                let ahead = self.new_ahead(machine, task, call, now)?;
                self.inside.insert(task, ahead);
                None
            }
            Some(Move::Goes) | None => match self.inside.remove(&task) {
                Some(inside) if inside.call == *call => Some(inside),
                _ => self.new_ahead(machine, task, call, now),
            },
            // It never returns.
            Some(Move::Dies(_)) if waits => {
                let inside = self.inside.remove(&task);
                inside.or_else(|| self.new_ahead(machine, task, call, now))
            }
            Some(Move::Dies(_)) => None,
            Some(Move::Stops(_) | Move::Ends) => None,
        }
    }

    /// What is known of a call before it is made; `None` if nobody asked for
    /// it, or nobody can notice it.
    fn new_ahead(
        &self,
        machine: &Machine,
        task: TaskName,
        call: &Call,
        now: Duration,
    ) -> Option<Ahead> {
        let launch = self.launches.get(&task.root())?;
        if !is_told(&launch.trace, call.name()) {
            return None;
        }
        let process = machine.process(task);
        let VisibleCall {
            name,
            shown,
            paths,
            object,
        } = VisibleCall::of(machine, process, call)?;
        let through_link = match (call, paths.first()) {
            (Call::Open { how, .. }, Some(path)) => follows(how) && is_link(machine, path),
            _ => false,
        };
        let (target, signal) = target(machine, process, call);
        Some(Ahead {
            task,
            call: call.clone(),
            event: CallEvent {
                index: 0,
                name: name.to_owned(),
                shown,
                in_table: true,
                paths,
                object,
                through_link,
                target,
                signal,
                began: now,
                result: CallResult::Never,
                answer: String::new(),
                injected: false,
            },
        })
    }

    /// What came of a call; `None`: it does not return. `injected` is whether a
    /// fault has decided it.
    pub fn over(
        &mut self,
        machine: &Machine,
        ahead: Ahead,
        answer: Option<&Result<Ret>>,
        injected: bool,
    ) -> Vec<What> {
        let Ahead {
            task,
            call,
            mut event,
        } = ahead;
        let Some(by) = self.actors.get(&task).cloned() else {
            return Vec::new();
        };
        let mut told = Vec::new();
        if let (Call::Fork, Some(Ok(Ret::Pid(pid)))) = (&call, answer)
            && let Some(child) = machine.task_of(pid.as_raw())
            && let Some(new) = self.actor(child, machine.process(child))
        {
            told.push(What::Forked {
                by: by.clone(),
                new,
                thread: false,
            });
        }
        let count = self.counts.entry(task).or_default();
        *count += 1;
        event.index = *count;
        event.injected = injected;
        (event.result, event.answer) = match answer {
            None => (CallResult::Never, String::new()),
            Some(Err(errno)) => (CallResult::Failed(*errno as i32), format!("{errno:?}")),
            Some(Ok(answer)) => shown(&call, answer),
        };
        if let (Call::Open { .. }, Some(Ok(Ret::Fd(fd)))) = (&call, answer) {
            event.object = object(machine, machine.process(task), *fd);
        }
        // What it is in its launch may have changed by it.
        let now = answer.and_then(|_| self.actor(task, machine.process(task)));
        let by = now.unwrap_or(by);
        told.push(What::Call {
            by,
            call: Box::new(event),
        });
        told
    }

    /// Tells of the ends that are new.
    pub fn ends(&mut self, machine: &Machine) -> Vec<What> {
        let mut told = Vec::new();
        for (task, end) in machine.ends() {
            if !self.ended.contains(task)
                && let Some(by) = self.actors.get(task)
            {
                self.ended.insert(*task);
                told.push(What::Exited {
                    by: by.clone(),
                    end: End::from(*end),
                });
            }
        }
        told
    }
}

/// Whether a visible call of this name is told.
fn is_told(trace: &Trace, name: &str) -> bool {
    match trace {
        Trace::Off => false,
        Trace::Visible => visible::is_named(name),
        Trace::Ordered => true,
        Trace::Every(names) if names.is_empty() => true,
        // The C library's fork(2) is clone(2).
        Trace::Calls(names) | Trace::Every(names) => names.iter().any(|wanted| {
            wanted == name
                || call_family(wanted).contains(&name)
                || name == "fork" && call_family(wanted).contains(&"clone")
        }),
    }
}

/// As [`Role`] defines them.
fn role(process: &Process, launch: &Launch) -> Role {
    if process.pid == launch.launcher {
        Role::Launcher
    } else if [process.pid, launch.session].contains(&process.session) {
        Role::Intermediate
    } else {
        Role::Daemon
    }
}

/// Whether it follows a symbolic link at the end of its path.
fn follows(how: &OpenHow) -> bool {
    !(how.no_follow || how.create && how.exclusive)
}

/// Whether an absolute path ends in a symbolic link; those before are followed.
fn is_link(machine: &Machine, path: &Path) -> bool {
    let mut at = PathBuf::from("/");
    let mut rest: VecDeque<OsString> = names(path);
    let mut links = 0;
    while let Some(name) = rest.pop_front() {
        if name == ".." {
            at.pop();
            continue;
        }
        at.push(&name);
        let Some(ino) = machine.find(&at) else {
            return false;
        };
        let Node::Symlink(to) = &machine.inode(ino).node else {
            continue;
        };
        links += 1;
        if rest.is_empty() || links > MOST_LINKS {
            return rest.is_empty();
        }
        if to.is_absolute() {
            at = PathBuf::from("/");
        } else {
            at.pop();
        }
        for name in names(to).into_iter().rev() {
            rest.push_front(name);
        }
    }
    false
}

fn names(path: &Path) -> VecDeque<OsString> {
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    names.collect()
}

/// The process that a call is about, and the signal that it sends.
fn target(machine: &Machine, process: &Process, call: &Call) -> (Option<i32>, Option<i32>) {
    match call {
        Call::Kill { target, signal } => {
            let target = match target {
                KillTarget::Process(pid) => pid.as_raw(),
                KillTarget::Group(group) => -group.as_raw(),
            };
            (Some(target), signal.map(|signal| signal.number()))
        }
        Call::PidfdSendSignal { pidfd, signal } => {
            let open = process.fds.get(pidfd).map(|fd| machine.what(fd.file));
            let target = match open {
                Some(Open::Process(task)) => {
                    let mut all = machine.processes();
                    let there = all.find(|(name, _)| *name == task);
                    // As a pidfd shows one that is reaped.
                    Some(there.map_or(-1, |(_, process)| process.pid))
                }
                _ => None,
            };
            (target, signal.map(|signal| signal.number()))
        }
        Call::PidfdOpen { pid } => (Some(pid.as_raw()), None),
        Call::Wait { target, .. } => match target {
            WaitFor::Pid(pid) => (Some(pid.as_raw()), None),
            WaitFor::Any => (Some(-1), None),
        },
        _ => (None, None),
    }
}

/// What a call gave, as a number and as the tracer shows it.
fn shown(call: &Call, answer: &Ret) -> (CallResult, String) {
    let number = |value: i64| (CallResult::Returned(value), value.to_string());
    let words = |value: i64, words: String| (CallResult::Returned(value), words);
    match answer {
        Ret::Pid(pid) => number(pid.as_raw().into()),
        Ret::Fd(fd) => number((*fd).into()),
        Ret::Fds((read, write)) => words(0, format!("[{read}, {write}]")),
        Ret::Bytes(bytes) => number(bytes.len() as i64),
        Ret::Message(message) => number(message.data.len() as i64),
        Ret::Size(size) => number(*size as i64),
        Ret::Waited(None) => number(0),
        Ret::Waited(Some(waited)) => {
            let pid = waited.pid.as_raw();
            let end = match waited.end {
                Ended::Exited(status) => format!("{pid} exited with status {status}"),
                Ended::Killed(signal) => format!("{pid} was killed by {signal}"),
            };
            words(pid.into(), end)
        }
        Ret::Mode(mode) => words((*mode).into(), format!("{mode:03o}")),
        Ret::SignalInfo(info) => words(info.signal.number().into(), info.signal.to_string()),
        Ret::Polled(events) => number(events.iter().filter(|event| event.any()).count() as i64),
        _ if matches!(call, Call::PidfdSendSignal { .. }) => number(0),
        _ => words(0, "ok".to_owned()),
    }
}
