//! The wait for the outcome.

use std::time::Duration;

use crate::daemon::identity::Identity;
use crate::daemon::pid_file::Place;
use crate::daemon::privileges::LauncherRoot;
use crate::daemon::record::{Decoder, Garbled, Record};
use crate::daemon::retry::{Interruptions, uninterrupted};
use crate::daemon::{Cause, Failure, GroupsDenied, LauncherWaits, OnTimeout, Stage};
use crate::sys::records::{Ended, PollEvents, PollFd, WaitFor, WaitMode};
use crate::sys::{Errno, Fd, Pid, SignalSet, System};

/// What the launcher keeps of the plan.
pub(in crate::daemon) struct Launcher<S: System> {
    pub(in crate::daemon) sys: S,
    pub(in crate::daemon) identity: Option<Identity>,
    pub(in crate::daemon) groups_denied: GroupsDenied,
    pub(in crate::daemon) waits: LauncherWaits,
    pub(in crate::daemon) on_timeout: OnTimeout,
    pub(in crate::daemon) place: Place<S>,
    pub(in crate::daemon) ready_timeout: Duration,
}

/// The wait.
pub(in crate::daemon) struct Watch<S: System> {
    pub(super) launcher: Launcher<S>,
    /// The pipe's read end; None after its end.
    pub(super) pipe: Option<Fd<S>>,
    decoder: Decoder,
    pub(super) intermediate: Child<S>,
    /// None until it has said its PID.
    pub(super) daemon: Option<Child<S>>,
    pub(super) root: Option<LauncherRoot>,
    deadline: Duration,
    mask: SignalSet,
    interruptions: Interruptions,
    /// Whether what was left has been killed, and what went wrong with that.
    pub(super) killed: bool,
    pub(super) trouble: Option<String>,
}

/// A process that is waited for.
pub(super) struct Child<S: System> {
    pub(super) pid: Pid,
    pub(super) state: ChildState,
    /// Readable once it has ended, until that has been seen: another thread of
    /// the launcher may get the SIGCHLD. None where the kernel refuses it:
    /// SIGCHLD is all there is then.
    pidfd: Option<Fd<S>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChildState {
    /// Not reaped: its PID is its own, whether it lives or not.
    Ours,
    /// Reaped, after which its PID may be anybody's; None where it was not for
    /// us to reap.
    Reaped(Option<Ended>),
}

impl<S: System> Child<S> {
    /// A process that has not been reaped.
    pub(super) fn new(sys: &S, pid: Pid) -> Child<S> {
        Child {
            pid,
            state: ChildState::Ours,
            pidfd: sys.pidfd_open(pid).ok(),
        }
    }

    /// One that has been reaped.
    pub(super) fn ended(pid: Pid, end: Ended) -> Child<S> {
        Child {
            pid,
            state: ChildState::Reaped(Some(end)),
            pidfd: None,
        }
    }

    pub(super) fn reaped(&self) -> bool {
        self.state != ChildState::Ours
    }
}

/// How the wait ended without success.
pub(super) enum End {
    /// Whoever failed is ending by itself.
    Ending(Failure),
    /// The launcher must see to it that it ends.
    Running(Failure),
}

/// What one wait brought.
pub(super) enum Woken {
    Record(Record),
    /// Somebody has ended, or the pipe has: look at everything again.
    Something,
    /// The time has passed.
    Late,
}

impl<S: System> Watch<S> {
    pub(in crate::daemon) fn new(
        launcher: Launcher<S>,
        pipe: Fd<S>,
        intermediate: Pid,
        deadline: Duration,
        mask: SignalSet,
    ) -> Watch<S> {
        Watch {
            intermediate: Child::new(&launcher.sys, intermediate),
            launcher,
            pipe: Some(pipe),
            decoder: Decoder::default(),
            daemon: None,
            root: None,
            deadline,
            mask,
            interruptions: Interruptions::default(),
            killed: false,
            trouble: None,
        }
    }

    /// Waits for the outcome. Gives the daemon's PID.
    ///
    /// # Errors
    /// Why the start failed. Nothing of it runs any more, unless
    /// [`Failure::aftermath`] says so.
    pub(in crate::daemon) fn run(mut self) -> Result<Pid, Failure> {
        let given_up = self.give_up_root().map_err(End::Running);
        match given_up.and_then(|()| self.watch()) {
            Ok(daemon) => {
                self.see_intermediate_off();
                Ok(daemon)
            }
            Err(end) => Err(self.clean_up(end)),
        }
    }

    fn give_up_root(&mut self) -> Result<(), Failure> {
        let Some(identity) = &self.launcher.identity else {
            return Ok(());
        };
        let denied = self.launcher.groups_denied;
        let (root, result) = LauncherRoot::give_up(&self.launcher.sys, identity, denied);
        self.root = root;
        result
    }

    fn watch(&mut self) -> Result<Pid, End> {
        loop {
            match self.wake(self.deadline).map_err(End::Running)? {
                Woken::Record(record) => {
                    if let Some(daemon) = self.take(record)? {
                        return Ok(daemon);
                    }
                }
                Woken::Late => {
                    let time = self.launcher.ready_timeout;
                    let late = Failure::bare(Stage::Readiness, Cause::TimedOut(time));
                    return Err(End::Running(late));
                }
                Woken::Something => {
                    self.reap_daemon().map_err(End::Running)?;
                    let ended = self.daemon.as_ref().is_some_and(Child::reaped);
                    if ended || self.pipe.is_none() {
                        return self.last_words();
                    }
                }
            }
        }
    }

    /// Takes a record; gives the daemon's PID when the wait is over.
    fn take(&mut self, record: Record) -> Result<Option<Pid>, End> {
        match record {
            Record::Started(pid) => {
                self.daemon_is(pid);
                Ok(None)
            }
            Record::Detached => {
                if let Some(root) = &mut self.root {
                    root.finish(&self.launcher.sys).map_err(End::Running)?;
                }
                match self.launcher.waits {
                    LauncherWaits::ForReady => Ok(None),
                    LauncherWaits::ForDetached => self.daemon_pid().map(Some),
                }
            }
            Record::Ready => self.daemon_pid().map(Some),
            Record::Failed(failure) => Err(End::Ending(failure)),
        }
    }

    pub(super) fn daemon_is(&mut self, pid: Pid) {
        self.daemon = Some(Child::new(&self.launcher.sys, pid));
    }

    fn daemon_pid(&self) -> Result<Pid, End> {
        match &self.daemon {
            Some(daemon) => Ok(daemon.pid),
            None => Err(End::Running(internal("the daemon never said its PID"))),
        }
    }

    /// The daemon has ended, or has closed the pipe: what it said before that
    /// explains it.
    fn last_words(&mut self) -> Result<Pid, End> {
        while self.pipe.is_some() {
            match self.wake(Duration::ZERO).map_err(End::Running)? {
                Woken::Record(record) => {
                    if let Some(daemon) = self.take(record)? {
                        return Ok(daemon);
                    }
                }
                Woken::Something => {}
                // A child of the daemon's has the pipe open.
                Woken::Late => break,
            }
        }
        let vanished = Failure::bare(Stage::Readiness, Cause::Vanished);
        Err(End::Ending(vanished))
    }

    /// Waits until the intermediate has exited, so that the daemon has its
    /// final parent before the launcher exits. It is ready in any case.
    fn see_intermediate_off(&mut self) {
        while !self.intermediate.reaped() {
            let reaped = reap(&self.launcher.sys, &mut self.intermediate, Absent::Gone);
            if reaped.is_err() || self.intermediate.reaped() {
                return;
            }
            if let Err(_) | Ok(Woken::Late) = self.wake(self.deadline) {
                return;
            }
        }
    }

    /// Waits for the pipe, for the end of a child, or until `deadline`.
    ///
    /// # Errors
    /// What the clock, ppoll(2) or read(2) said; bytes that are no record.
    pub(super) fn wake(&mut self, deadline: Duration) -> Result<Woken, Failure> {
        if let Some(record) = self.decoder.next().map_err(garbled)? {
            return Ok(Woken::Record(record));
        }
        let sys = &self.launcher.sys;
        let now = at("clock_gettime", sys.now())?;
        let ends = children(&mut self.daemon, &mut self.intermediate);
        let ends = ends.filter_map(|child| child.pidfd.as_ref());
        let watched: Vec<PollFd> = self.pipe.iter().chain(ends).map(readable).collect();
        let left = deadline.saturating_sub(now);
        match sys.poll(&watched, Some(left), Some(self.mask)) {
            Err(Errno::EINTR) => {
                at("ppoll", self.interruptions.note(now))?;
                Ok(Woken::Something)
            }
            Err(errno) => at("ppoll", Err(errno)),
            Ok(events) => {
                let (pipe, ends) = events.split_at(self.pipe.iter().len().min(events.len()));
                // Words before ends: these can still be seen afterwards.
                if pipe.iter().any(|events| events.any()) {
                    self.read()
                } else if self.see_ends(ends) {
                    Ok(Woken::Something)
                } else {
                    Ok(Woken::Late)
                }
            }
        }
    }

    /// Gives whether somebody has ended. That is seen once: a daemon whose
    /// intermediate lives cannot be reaped yet, and the intermediate is reaped
    /// last of all.
    fn see_ends(&mut self, events: &[PollEvents]) -> bool {
        let watched = children(&mut self.daemon, &mut self.intermediate)
            .filter(|child| child.pidfd.is_some());
        let mut seen = false;
        for (child, events) in watched.zip(events) {
            if events.any() {
                child.pidfd = None;
                seen = true;
            }
        }
        seen
    }

    fn read(&mut self) -> Result<Woken, Failure> {
        let Some(pipe) = &self.pipe else {
            return Ok(Woken::Something);
        };
        let read = uninterrupted(|| self.launcher.sys.read(pipe.raw(), 4096));
        let bytes = at("read", read)?;
        if bytes.is_empty() {
            self.pipe = None;
            return Ok(Woken::Something);
        }
        self.decoder.push(&bytes);
        let record = self.decoder.next().map_err(garbled)?;
        Ok(record.map_or(Woken::Something, Woken::Record))
    }

    /// Looks whether the daemon has ended.
    ///
    /// # Errors
    /// What wait4(2) said.
    pub(super) fn reap_daemon(&mut self) -> Result<(), Failure> {
        match &mut self.daemon {
            Some(daemon) => reap(&self.launcher.sys, daemon, Absent::Elsewhere),
            None => Ok(()),
        }
    }
}

/// Daemon and intermediate, in the order in which their ends are waited for.
fn children<'a, S: System>(
    daemon: &'a mut Option<Child<S>>,
    intermediate: &'a mut Child<S>,
) -> impl Iterator<Item = &'a mut Child<S>> {
    daemon.iter_mut().chain([intermediate])
}

/// What it means that a process is not our child.
#[derive(Clone, Copy)]
pub(super) enum Absent {
    /// It is still the intermediate's.
    Elsewhere,
    /// Somebody else has reaped it.
    Gone,
}

/// Looks whether `child` has ended, if that is not known.
///
/// # Errors
/// What wait4(2) said.
pub(super) fn reap<S: System>(
    sys: &S,
    child: &mut Child<S>,
    absent: Absent,
) -> Result<(), Failure> {
    if child.reaped() {
        return Ok(());
    }
    match uninterrupted(|| sys.wait(WaitFor::Pid(child.pid), WaitMode::NoHang)) {
        Ok(Some(waited)) => child.state = ChildState::Reaped(Some(waited.end)),
        Ok(None) => {}
        Err(Errno::ECHILD) => {
            if let Absent::Gone = absent {
                child.state = ChildState::Reaped(None);
            }
        }
        Err(errno) => at("wait4", Err(errno))?,
    }
    if child.reaped() {
        child.pidfd = None;
    }
    Ok(())
}

fn readable<S: System>(pipe: &Fd<S>) -> PollFd {
    PollFd {
        fd: pipe.raw(),
        read: true,
        write: false,
    }
}

fn garbled(_: Garbled) -> Failure {
    internal("what came over the pipe is no record")
}

fn internal(what: &str) -> Failure {
    Failure::bare(Stage::Internal, Cause::Text(what.to_owned()))
}

fn at<T>(call: &str, answer: crate::sys::Result<T>) -> Result<T, Failure> {
    answer.map_err(|errno| Failure::new(Stage::Launch, call, Cause::Errno(errno)))
}
