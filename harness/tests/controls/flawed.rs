//! A kernel that lies to the daemonizer, one lie a flaw.
//!
//! A daemon that is wrong in one known way is the real daemonizer on a backend
//! that leaves one step out, or does it badly, and reports success. So each
//! broken daemon differs from the correct one in that step and in nothing else.

mod detaching;
mod pid_file;
mod privileges;
mod waiting;

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::rc::Rc;

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::Ids;
use daemonlab::sys::{Environment, Gid, Group, Kernel, Pid, Result, User, Users};
use daemonlab_harness::labd::Net;

use super::flaws::Flaw;
use super::{lies, order};

/// The real kernel, with one flaw.
#[derive(Clone)]
pub struct Flawed {
    pub(super) flaw: Flaw,
    pub(super) launcher: Pid,
    /// How often this process and its ancestors have forked since the start.
    pub(super) forks: Rc<Cell<u32>>,
    /// What was last asked for, so that reading back confirms the lie.
    pretended: Rc<Pretended>,
    /// Whether the conf file's stand-in has been read.
    pub(super) told: Rc<Cell<bool>>,
    /// What is carried out late.
    pub(super) held: order::Held,
}

#[derive(Default)]
struct Pretended {
    groups: Cell<Option<Vec<Gid>>>,
    uid: Cell<Option<u32>>,
    gid: Cell<Option<u32>>,
    capabilities: Cell<bool>,
}

impl Flawed {
    /// The kernel with this flaw, to be made by the launcher.
    pub fn new(flaw: Flaw) -> Flawed {
        Flawed {
            flaw,
            launcher: Pid::this(),
            forks: Rc::default(),
            pretended: Rc::default(),
            told: Rc::default(),
            held: Rc::default(),
        }
    }

    pub(super) fn is_launcher(&self) -> bool {
        Pid::this() == self.launcher
    }

    /// Whether this is a launcher that has forked: in the foreground the same
    /// process serves.
    fn waits_for_a_daemon(&self) -> bool {
        self.is_launcher() && self.forks.get() > 0
    }

    /// The answer that the flaw gives instead of the kernel's; `None` where it
    /// has nothing to say.
    fn lie(&self, call: &Call) -> Option<Result<Ret>> {
        let of_each_topic = [
            detaching::lie,
            pid_file::lie,
            privileges::lie,
            waiting::lie,
            lies::lie,
            order::lie,
        ];
        of_each_topic.iter().find_map(|lie| lie(self, call))
    }
}

pub(super) fn all(id: u32) -> Ids {
    Ids {
        real: id,
        effective: id,
        saved: id,
    }
}

pub(super) fn is_pid_line(data: &[u8]) -> bool {
    data.split_last().is_some_and(|(last, digits)| {
        *last == b'\n' && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
    })
}

impl Kernel for Flawed {
    fn call(&self, call: Call) -> Result<Ret> {
        if let Some(answer) = self.lie(&call) {
            return answer;
        }
        let forks = matches!(call, Call::Fork);
        let answer = Linux.call(call);
        if forks && answer.is_ok() {
            self.forks.set(self.forks.get() + 1);
        }
        answer
    }
}

impl Users for Flawed {
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

impl Environment for Flawed {
    fn args(&self) -> Vec<OsString> {
        Linux.args()
    }

    fn var(&self, name: &str) -> Option<OsString> {
        match Linux.var(name) {
            Some(value)
                if value.is_empty()
                    && name == "NOTIFY_SOCKET"
                    && self.flaw == Flaw::BelievesEmptyVariable =>
            {
                Some("/nosuch".into())
            }
            value => value,
        }
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

impl Net for Flawed {}
