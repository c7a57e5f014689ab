//! Seeded mistakes: the simulated kernel, lying in one way each.

use std::ffi::{OsStr, OsString};

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::{Environment, Gid, Group, Kernel, Result, User, Users};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// umask(2) changes nothing.
    UmaskIsForgotten,
}

impl Lie {
    /// Every one.
    pub const ALL: &[Lie] = &[Lie::UmaskIsForgotten];
}

/// A kernel that makes a mistake.
#[derive(Clone)]
pub struct Lying<S> {
    truth: S,
    lie: Lie,
}

impl<S: Kernel> Lying<S> {
    pub fn new(truth: S, lie: Lie) -> Lying<S> {
        Lying { truth, lie }
    }
}

impl<S: Kernel> Kernel for Lying<S> {
    fn call(&self, call: Call) -> Result<Ret> {
        match (self.lie, call) {
            (Lie::UmaskIsForgotten, Call::Umask { .. }) => Ok(Ret::Mode(0o022)),
            (_, call) => self.truth.call(call),
        }
    }
}

impl<S: Users> Users for Lying<S> {
    fn user(&self, name: &str) -> Result<Option<User>> {
        self.truth.user(name)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        self.truth.group(name)
    }

    fn group_list(&self, user: &str, gid: Gid) -> Result<Vec<Gid>> {
        self.truth.group_list(user, gid)
    }
}

impl<S: Environment> Environment for Lying<S> {
    fn args(&self) -> Vec<OsString> {
        self.truth.args()
    }

    fn var(&self, name: &str) -> Option<OsString> {
        self.truth.var(name)
    }

    fn vars(&self) -> Vec<(OsString, OsString)> {
        self.truth.vars()
    }

    fn set_var(&self, name: &OsStr, value: &OsStr) {
        self.truth.set_var(name, value);
    }

    fn remove_var(&self, name: &OsStr) {
        self.truth.remove_var(name);
    }
}
