//! The handle by which a program speaks to the simulated kernel, and the fork
//! by replay.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;

use corosensei::Yielder;

use super::scene::Names;
use crate::explore::TaskName;
use crate::sys::call::{Call, Ret};
use crate::sys::{Environment, Errno, Gid, Group, Kernel, Result, User, Users};

/// A process's own way to the simulated kernel; clones speak for the same
/// process. It implements [`System`](crate::sys::System).
///
/// A program is a `Fn(Sys)`. It must do the same whenever its calls are
/// answered the same: the child of a fork is the program run afresh, its calls
/// answered from its parent's record up to the fork. So it captures no handle,
/// touches no static, and reads no clock but this one.
#[derive(Clone)]
pub struct Sys(pub(super) Rc<Side>);

/// What a coroutine tells the scheduler.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    /// It makes a call.
    Call(Call),
    /// It does not repeat itself: the replay has gone astray.
    Astray(Astray),
}

/// A replayed call that is not the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Astray {
    /// How many calls were replayed before.
    pub after: usize,
    /// The call that the record has.
    pub recorded: Call,
    /// The call that the program made.
    pub made: Option<Call>,
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the child of a fork is its parent's program run afresh, and after {} calls that were \
             the same it should have made the call {}, but ",
            self.after, self.recorded
        )?;
        match &self.made {
            Some(made) => write!(f, "made {made}")?,
            None => f.write_str("returned")?,
        }
        f.write_str(
            "; look for a clock, a random number, an unordered map, a static, or captured state",
        )
    }
}

/// A call and its answer.
pub(super) type Entry = (Call, Result<Ret>);

pub(super) type Link = Yielder<Result<Ret>, Ask>;

/// The program's side of a process.
pub(super) struct Side {
    pub task: TaskName,
    link: Cell<Option<NonNull<Link>>>,
    /// Whether this process's coroutine is the one that runs.
    pub running: Cell<bool>,
    /// Whether the process has ended, and its calls do nothing.
    pub over: Cell<bool>,
    /// The record to replay, and how far the replay is.
    script: Rc<Vec<Rc<Entry>>>,
    replayed: Cell<usize>,
    env: RefCell<BTreeMap<OsString, OsString>>,
    pub given: Rc<Given>,
    names: Arc<Names>,
}

/// What a program was given when it started.
pub(super) struct Given {
    pub args: Vec<OsString>,
    pub env: BTreeMap<OsString, OsString>,
}

impl Side {
    pub fn new(
        task: TaskName,
        script: Rc<Vec<Rc<Entry>>>,
        given: Rc<Given>,
        names: Arc<Names>,
    ) -> Side {
        Side {
            task,
            link: Cell::new(None),
            running: Cell::new(false),
            over: Cell::new(false),
            script,
            replayed: Cell::new(0),
            env: RefCell::new(given.env.clone()),
            given,
            names,
        }
    }

    pub fn attach(&self, link: &Link) {
        self.link.set(Some(NonNull::from(link)));
    }

    /// What is left of the record when the program has returned.
    pub fn unreplayed(&self) -> Option<Astray> {
        let after = self.replayed.get();
        self.script.get(after).map(|entry| Astray {
            after,
            recorded: entry.0.clone(),
            made: None,
        })
    }

    fn suspend(&self, ask: Ask) -> Result<Ret> {
        assert!(
            self.running.get(),
            "a handle of the process {} was used outside of it: a program must capture no handle \
             and leave none in a static",
            self.task
        );
        let link = self.link.get().expect("a coroutine that runs is attached");
        // SAFETY: the link lives on the stack of the coroutine for as long as
        // the program runs, and `running` says that this is where we are.
        unsafe { link.as_ref() }.suspend(ask)
    }
}

impl Kernel for Sys {
    fn call(&self, call: Call) -> Result<Ret> {
        let side = &*self.0;
        // Destructors of a process that is over, or that panics, which is as
        // good as over: the real one would not run them, or could not be
        // relied upon to.
        if side.over.get() || std::thread::panicking() {
            return Err(Errno::ESRCH);
        }
        let place = side.replayed.get();
        let Some(entry) = side.script.get(place) else {
            return side.suspend(Ask::Call(call));
        };
        let (recorded, answer) = &**entry;
        if *recorded != call {
            // Nobody resumes this one.
            return side.suspend(Ask::Astray(Astray {
                after: place,
                recorded: recorded.clone(),
                made: Some(call),
            }));
        }
        side.replayed.set(place + 1);
        answer.clone()
    }
}

impl Users for Sys {
    fn user(&self, name: &str) -> Result<Option<User>> {
        Ok(self.0.names.user(name))
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        Ok(self.0.names.group(name))
    }

    fn group_list(&self, user: &str, gid: Gid) -> Result<Vec<Gid>> {
        Ok(self.0.names.group_list(user, gid))
    }
}

impl Environment for Sys {
    fn args(&self) -> Vec<OsString> {
        self.0.given.args.clone()
    }

    fn var(&self, name: &str) -> Option<OsString> {
        self.0.env.borrow().get(OsStr::new(name)).cloned()
    }

    fn vars(&self) -> Vec<(OsString, OsString)> {
        let env = self.0.env.borrow();
        env.iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn set_var(&self, name: &OsStr, value: &OsStr) {
        let mut env = self.0.env.borrow_mut();
        env.insert(name.to_owned(), value.to_owned());
    }

    fn remove_var(&self, name: &OsStr) {
        self.0.env.borrow_mut().remove(name);
    }
}
