//! Mutants: a kernel that once leaves a step out, or carries it out late.
//!
//! `skip.ROLE.CALL.N` says of the N-th such call of that role that it
//! succeeded, and does nothing. `swap.ROLE.CALL.N` carries it out after the
//! next call instead. A question (`getpid`, `stat`, `poll`) is no step and is
//! always answered. `census` is right, and appends to the file that
//! `DAEMONLAB_CENSUS` names which mutants there are, and which of them are the
//! same start by a rule of [`super::commute`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::Write;
use std::rc::Rc;

use super::commute::{Seen, is_question, plan};
use super::object::Object;
use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::Disposition;
use daemonlab::sys::{Environment, Gid, Group, Kernel, Pid, Result, SignalSet, User, Users};
use daemonlab_harness::labd::Net;

/// The real kernel, with one step changed.
#[derive(Clone)]
pub struct Mutant {
    change: Change,
    /// `ROLE.CALL.N`.
    step: String,
    launcher: Pid,
    forks: Rc<Cell<u32>>,
    counts: Rc<RefCell<BTreeMap<String, u32>>>,
    held: Rc<RefCell<Option<Call>>>,
    /// Of this process, for the census.
    seen: Rc<RefCell<Vec<Seen>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Census,
    Skip,
    Swap,
}

impl Mutant {
    /// The mutant of this name, if it is one. To be made by the launcher.
    pub fn named(name: &str) -> Option<Mutant> {
        let (change, step) = match name.split_once('.') {
            Some(("skip", step)) => (Change::Skip, step),
            Some(("swap", step)) => (Change::Swap, step),
            None if name == "census" => (Change::Census, ""),
            _ => return None,
        };
        Some(Mutant {
            change,
            step: step.to_owned(),
            launcher: Pid::this(),
            forks: Rc::default(),
            counts: Rc::default(),
            held: Rc::default(),
            seen: Rc::default(),
        })
    }

    /// Counts the step and gives its name.
    fn name(&self, call: &Call) -> String {
        let role = match self.forks.get() {
            _ if Pid::this() == self.launcher => "launcher",
            1 => "intermediate",
            _ => "daemon",
        };
        let kind = format!("{role}.{}", call.name());
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry(kind.clone()).or_default();
        *count += 1;
        format!("{kind}.{count}")
    }

    fn carry_out(&self, call: Call) -> Result<Ret> {
        let forks = matches!(call, Call::Fork);
        let answer = Linux.call(call);
        if forks && let Ok(Ret::Pid(child)) = &answer {
            self.forks.set(self.forks.get() + 1);
            if child.as_raw() == 0 {
                self.seen.borrow_mut().clear();
            }
        }
        answer
    }

    /// Notes the call; with the last one, which mutants of the process's steps
    /// there are.
    fn note(&self, step: Option<String>, call: &Call) {
        if self.change != Change::Census {
            return;
        }
        let object = Object::of(call);
        let (call, ends) = (call.clone(), matches!(call, Call::Exit { .. }));
        let mut seen = self.seen.borrow_mut();
        seen.push(Seen { step, call, object });
        if ends {
            note(&plan(&seen).join("\n"));
        }
    }
}

/// What a step answers that was not carried out; `None` for a question.
fn pretended(call: &Call) -> Option<Ret> {
    Some(match call {
        Call::SetSid => Ret::Pid(Pid::this()),
        Call::Fork => Ret::Pid(Pid::from_raw(0)),
        Call::SigMask { .. } => Ret::Signals(SignalSet::EMPTY),
        Call::SigAction { .. } => Ret::Disposition(Disposition::Default),
        Call::Write { data, .. } | Call::Send { data, .. } => Ret::Size(data.len()),
        Call::Umask { .. } => Ret::Mode(0o022),
        Call::SetChildSubreaper { .. }
        | Call::Kill { .. }
        | Call::PidfdSendSignal { .. }
        | Call::SetGroups { .. }
        | Call::SetResUid { .. }
        | Call::SetResGid { .. }
        | Call::SetCapabilities { .. }
        | Call::Close { .. }
        | Call::Dup2 { .. }
        | Call::Flock { .. }
        | Call::Rename { .. }
        | Call::Link { .. }
        | Call::Unlink { .. }
        | Call::Fchown { .. }
        | Call::Fchmod { .. }
        | Call::Chdir { .. }
        | Call::Bind { .. }
        | Call::Listen { .. }
        | Call::Connect { .. } => Ret::Unit,
        _ => return None,
    })
}

fn note(line: &str) {
    let Some(path) = Linux.var("DAEMONLAB_CENSUS") else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    if let Ok(mut file) = file {
        // In one piece: three processes write to it.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}

impl Kernel for Mutant {
    fn call(&self, call: Call) -> Result<Ret> {
        let Some(answer) = pretended(&call).filter(|_| !is_question(&call)) else {
            self.note(None, &call);
            let answer = self.carry_out(call);
            if let Some(late) = self.held.take() {
                let _ = self.carry_out(late);
            }
            return answer;
        };
        let step = self.name(&call);
        match self.change {
            Change::Census => self.note(Some(step), &call),
            Change::Skip if step == self.step => return Ok(answer),
            // A fork cannot wait: what comes next would run once.
            Change::Swap if step == self.step && !matches!(call, Call::Fork) => {
                self.held.replace(Some(call));
                return Ok(answer);
            }
            Change::Skip | Change::Swap => {}
        }
        let late = self.held.take();
        let answer = self.carry_out(call);
        if let Some(late) = late {
            let _ = self.carry_out(late);
        }
        answer
    }
}

impl Users for Mutant {
    fn user(&self, name: &str) -> Result<Option<User>> {
        Linux.user(name)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        Linux.group(name)
    }

    fn group_list(&self, user: &str, gid: Gid) -> Result<Vec<Gid>> {
        Linux.group_list(user, gid)
    }
}

impl Environment for Mutant {
    fn args(&self) -> Vec<OsString> {
        Linux.args()
    }

    fn var(&self, name: &str) -> Option<OsString> {
        Linux.var(name)
    }

    fn vars(&self) -> Vec<(OsString, OsString)> {
        Linux.vars()
    }

    fn set_var(&self, name: &OsStr, value: &OsStr) {
        Linux.set_var(name, value);
    }

    fn remove_var(&self, name: &OsStr) {
        Linux.remove_var(name);
    }
}

impl Net for Mutant {}
