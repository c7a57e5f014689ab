//! After a failure nothing of the start is left running.

use std::time::Duration;

use super::watch::{Absent, Child, ChildState, End, Watch, Woken, reap};
use crate::daemon::record::Record;
use crate::daemon::retry::uninterrupted;
use crate::daemon::{Cause, Failure, OnTimeout, Stage};
use crate::sys::records::{Ended, KillTarget, WaitFor, WaitMode, Waited};
use crate::sys::{Errno, Pid, Signal, System};

/// How long a process may take that has said that it ends, or was killed.
const END_GRACE: Duration = Duration::from_secs(5);

impl<S: System> Watch<S> {
    /// Sees to it that everything has ended, and completes the failure with
    /// what is known of that.
    pub(super) fn clean_up(&mut self, end: End) -> Failure {
        let (ending, mut failure) = match end {
            End::Ending(failure) => (true, failure),
            End::Running(failure) => (false, failure),
        };
        let timed_out = matches!(failure.cause, Cause::TimedOut(_));
        if timed_out && self.launcher.on_timeout == OnTimeout::Leave {
            failure.aftermath = self.daemon.as_ref().map(left_running);
            return failure;
        }
        if ending && self.all_end() {
            failure = self.explain(failure);
        } else {
            self.kill();
            if !self.all_end() && self.trouble.is_none() {
                let survivor = self.survivor();
                self.trouble = survivor.map(|pid| format!("PID {pid} has not ended after SIGKILL"));
            }
        }
        if self.reap_orphans() && self.survivor().is_none() {
            // What could not be signalled has ended all the same.
            self.trouble = None;
        }
        self.sweep();
        failure.aftermath = self.trouble.take();
        failure
    }

    /// Waits for the daemon's workers, which are the launcher's by now and have
    /// been killed with their group; false if there is a child left. Children
    /// of another kind are not waited for any longer than that.
    fn reap_orphans(&mut self) -> bool {
        let Ok(now) = self.launcher.sys.now() else {
            return false;
        };
        let deadline = now.saturating_add(END_GRACE);
        loop {
            let sys = &self.launcher.sys;
            match uninterrupted(|| sys.wait(WaitFor::Any, WaitMode::NoHang)) {
                Ok(Some(waited)) => self.note(waited),
                Ok(None) => match self.wake(deadline) {
                    Ok(Woken::Record(_) | Woken::Something) => {}
                    Ok(Woken::Late) | Err(_) => return false,
                },
                Err(errno) => return errno == Errno::ECHILD,
            }
        }
    }

    /// One of ours may be among them, if what watched it has failed.
    fn note(&mut self, waited: Waited) {
        let ours = self.daemon.iter_mut().chain([&mut self.intermediate]);
        for child in ours.filter(|child| !child.reaped() && child.pid == waited.pid) {
            *child = Child::ended(waited.pid, waited.end);
        }
    }

    /// A daemon that was killed, or died, has left its PID file, and has kept
    /// the name of the instance that it was to take over from.
    fn sweep(&mut self) {
        let Some(daemon) = self.daemon.as_ref().filter(|daemon| daemon.reaped()) else {
            return;
        };
        if let Err(kept) = self.launcher.place.sweep(daemon.pid) {
            let kept = format!("its PID file stays behind ({})", kept.cause);
            self.trouble.get_or_insert(kept);
        }
    }

    /// Waits until all have ended; false if they take too long.
    fn all_end(&mut self) -> bool {
        let Ok(now) = self.launcher.sys.now() else {
            return false;
        };
        let deadline = now.saturating_add(END_GRACE);
        loop {
            match self.all_have_ended() {
                Ok(false) => {}
                Ok(true) => return true,
                Err(_) => return false,
            }
            match self.wake(deadline) {
                Ok(Woken::Record(Record::Started(pid))) => self.daemon_is(pid),
                Ok(Woken::Record(_) | Woken::Something) => {}
                Ok(Woken::Late) | Err(_) => return false,
            }
        }
    }

    /// Reaps who has ended: the daemon, then the intermediate.
    fn all_have_ended(&mut self) -> Result<bool, Failure> {
        self.reap_daemon()?;
        match &self.daemon {
            Some(daemon) if daemon.reaped() => {
                // Its workers, while the group's number is still ours.
                self.kill();
                self.reap_intermediate()
            }
            Some(_) => Ok(false),
            // While somebody lives to be the daemon, it holds the pipe.
            None if self.pipe.is_some() => Ok(false),
            None => Ok(self.reap_intermediate()? && self.reap_unknown()),
        }
    }

    fn reap_intermediate(&mut self) -> Result<bool, Failure> {
        reap(&self.launcher.sys, &mut self.intermediate, Absent::Gone)?;
        Ok(self.intermediate.reaped())
    }

    /// An intermediate that has done its work had a child. If that ended before
    /// it said its PID, it is the launcher's to reap by now.
    fn reap_unknown(&mut self) -> bool {
        if self.intermediate.state != EXITED {
            return true;
        }
        let sys = &self.launcher.sys;
        match uninterrupted(|| sys.wait(WaitFor::Any, WaitMode::NoHang)) {
            Ok(Some(waited)) => {
                self.daemon = Some(Child::ended(waited.pid, waited.end));
                true
            }
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// SIGKILL for the intermediate first, which then forks no more; then for
    /// its process group, in which the daemon was born; then for the daemon,
    /// which may have left it. Once.
    fn kill(&mut self) {
        if self.killed {
            return;
        }
        self.killed = true;
        let sys = &self.launcher.sys;
        let mut lost = None;
        if let Some(root) = &mut self.root
            && let Err(errno) = root.take_back(sys)
        {
            lost = Some(format!(
                "root could not be taken back to end it ({errno:?})"
            ));
        }
        let mut targets = Vec::new();
        if !self.intermediate.reaped() {
            let pid = self.intermediate.pid;
            targets.extend([KillTarget::Process(pid), KillTarget::Group(pid)]);
        }
        if let Some(daemon) = self.daemon.as_ref().filter(|daemon| !daemon.reaped()) {
            let pid = daemon.pid;
            targets.extend([KillTarget::Group(pid), KillTarget::Process(pid)]);
        }
        let mut refused = None;
        for target in targets {
            match sys.kill(target, Some(Signal::KILL)) {
                // ESRCH: no such group, or nobody in it any more.
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(errno) => {
                    let (KillTarget::Process(pid) | KillTarget::Group(pid)) = target;
                    refused = Some(format!("PID {pid} could not be killed ({errno:?})"));
                }
            }
        }
        self.trouble = match (lost, refused) {
            (Some(lost), Some(refused)) => Some(format!("{lost}: {refused}")),
            (lost, refused) => lost.or(refused),
        };
    }

    fn survivor(&self) -> Option<Pid> {
        let children = self.daemon.iter().chain([&self.intermediate]);
        children
            .filter(|child| !child.reaped())
            .map(|child| child.pid)
            .next()
    }

    /// Says how the daemon ended, where nothing else is known.
    fn explain(&self, failure: Failure) -> Failure {
        if failure.cause != Cause::Vanished {
            return failure;
        }
        let ended = |child: &Child<S>| match child.state {
            ChildState::Reaped(Some(end)) => Some((child.pid, end)),
            _ => None,
        };
        if let Some((pid, end)) = self.daemon.as_ref().and_then(ended) {
            return Failure::new(Stage::Readiness, "daemon", Cause::Ended { pid, end });
        }
        match ended(&self.intermediate) {
            Some((pid, end)) => {
                Failure::new(Stage::Detach, "intermediate", Cause::Ended { pid, end })
            }
            None => failure,
        }
    }
}

/// An intermediate that has done its work.
const EXITED: ChildState = ChildState::Reaped(Some(Ended::Exited(0)));

fn left_running<S: System>(daemon: &Child<S>) -> String {
    format!("PID {} was left running", daemon.pid)
}
