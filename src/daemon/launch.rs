//! The three processes: launcher, intermediate, daemon.

use super::launcher::Watch;
use super::line::Line;
use super::pid_file::PidFile;
use super::plan::{Plan, Rest};
use super::privileges;
use super::record::Record;
use super::say::say;
use super::{Cause, Failure, LauncherWaits, Ready, Stage, Started, clean};
use crate::sys::records::{Disposition, MaskHow};
use crate::sys::{Errno, Fd, Forked, Pid, Signal, SignalSet, System};

/// Forks twice. Returns in the launcher and in the daemon.
///
/// # Errors
/// In the launcher alone: why the start failed, in whichever process.
pub(super) fn background<S: System>(plan: Plan<S>) -> Result<Started<S>, Failure> {
    let sys = plan.sys.clone();
    let (read, write) = at("pipe2", sys.pipe())?;
    // Whoever writes to a reader that is gone is to be told, not killed.
    at(
        "sigaction",
        sys.sigaction(Signal::PIPE, Disposition::Ignore),
    )?;
    // Also where it was ignored, which would reap the daemon unseen.
    at(
        "sigaction",
        sys.sigaction(Signal::CHLD, Disposition::Interrupt),
    )?;
    // From here on a SIGUSR1 can neither be lost nor kill (not even through
    // another thread, which does not block it), and of this thread's a SIGCHLD
    // is seen by ppoll(2) alone.
    at(
        "sigaction",
        sys.sigaction(Signal::USR1, Disposition::Ignore),
    )?;
    let blocked = SignalSet::EMPTY.with(Signal::USR1).with(Signal::CHLD);
    let before = at("sigprocmask", sys.sigmask(MaskHow::Block, blocked))?;
    let launcher = at("getpid", sys.getpid())?;
    let pidfd = match plan.settings.launcher_waits {
        LauncherWaits::ForDetached => None,
        LauncherWaits::ForReady => own_pidfd(&sys, launcher)?,
    };
    at("prctl", sys.set_child_subreaper(true))?;
    let start = at("clock_gettime", sys.now())?;
    let deadline = start.saturating_add(plan.settings.ready_timeout);
    match at("fork", sys.fork())? {
        Forked::Parent(intermediate) => {
            // Or the end of the daemon would never be seen on the pipe.
            drop(write);
            drop(pidfd);
            let mask = before.without(Signal::CHLD).with(Signal::USR1);
            Watch::new(plan.launcher(), read, intermediate, deadline, mask)
                .run()
                .map(|daemon| Started::Launcher { daemon })
        }
        Forked::Child => {
            drop(read);
            let line = Line {
                pipe: write,
                launcher,
                pidfd,
                lost: plan.settings.on_lost_launcher,
                notify_timeout: plan.settings.notify_timeout,
                sys,
            };
            Ok(Started::Daemon(intermediate(plan, line)))
        }
    }
}

/// No fork: the same PID file, the same drop, the same readiness.
///
/// # Errors
/// Why the start failed.
pub(super) fn foreground<S: System>(plan: Plan<S>) -> Result<Ready<S>, Failure> {
    let pid = at("getpid", plan.sys.getpid())?;
    plan.enter_directory()?;
    plan.clean_environment();
    let (file, rest) = settle(plan, pid)?;
    Ok(Ready::new(rest, pid, file, None))
}

/// A descriptor of the launcher, in which a signal can never reach another
/// process that has its PID later. None where the kernel or a filter refuses
/// it: the probe tells, since a filter's EPERM would look like the launcher's.
fn own_pidfd<S: System>(sys: &S, launcher: Pid) -> Result<Option<Fd<S>>, Failure> {
    let refused = |errno| matches!(errno, Errno::ENOSYS | Errno::EPERM);
    let pidfd = match sys.pidfd_open(launcher) {
        Err(errno) if refused(errno) => return Ok(None),
        answer => at("pidfd_open", answer)?,
    };
    match sys.pidfd_send_signal(pidfd.raw(), None) {
        Err(errno) if refused(errno) => Ok(None),
        answer => at("pidfd_send_signal", answer).map(|()| Some(pidfd)),
    }
}

/// Leads a new session, so that it has no controlling terminal, and leaves it
/// to a child that leads none, so that it can never get one.
fn intermediate<S: System>(plan: Plan<S>, line: Line<S>) -> Ready<S> {
    let detach = |call: &str, errno| Failure::new(Stage::Detach, call, Cause::Errno(errno));
    if let Err(errno) = line.sys.setsid() {
        give_up(&line, &detach("setsid", errno));
    }
    match line.sys.fork() {
        Err(errno) => give_up(&line, &detach("fork", errno)),
        Ok(Forked::Parent(_)) => line.sys.exit(0),
        Ok(Forked::Child) => {}
    }
    let waits = plan.settings.launcher_waits;
    match daemon(plan, &line) {
        Err(failure) => give_up(&line, &failure),
        Ok((pid, file, rest)) => {
            let line = match waits {
                LauncherWaits::ForDetached => None,
                LauncherWaits::ForReady => Some(line),
            };
            Ready::new(rest, pid, file, line)
        }
    }
}

/// What the daemon does before the program goes on. On failure, nothing of it
/// is left but the process.
fn daemon<S: System>(
    mut plan: Plan<S>,
    line: &Line<S>,
) -> Result<(Pid, PidFile<S>, Rest<S>), Failure> {
    let sys = &line.sys;
    let pid = detached("getpid", sys.getpid())?;
    line.report(&Record::Started(pid))?;
    plan.enter_directory()?;
    detached("umask", sys.umask(0o007))?;
    plan.clean_environment();
    plan.clean_descriptors(&line.fds())?;
    clean::reset_signals(sys)?;
    let (file, rest) = settle(plan, pid)?;
    line.report(&Record::Detached)?;
    Ok((pid, file, rest))
}

/// The PID file while that is still permitted, then the privileges.
fn settle<S: System>(plan: Plan<S>, pid: Pid) -> Result<(PidFile<S>, Rest<S>), Failure> {
    let (place, wanted, rest) = plan.pid_file(pid);
    let file = place.take(&wanted)?;
    if let Some(identity) = &rest.identity {
        privileges::drop_for_good(&rest.sys, identity, rest.settings.groups_denied)?;
    }
    Ok((file, rest))
}

/// Says why, and ends the intermediate or the daemon.
fn give_up<S: System>(line: &Line<S>, failure: &Failure) -> ! {
    if !line.fail(failure) {
        say(&line.sys, failure);
    }
    line.sys.exit(failure.status())
}

fn at<T>(call: &str, answer: crate::sys::Result<T>) -> Result<T, Failure> {
    answer.map_err(|errno| Failure::new(Stage::Launch, call, Cause::Errno(errno)))
}

fn detached<T>(call: &str, answer: crate::sys::Result<T>) -> Result<T, Failure> {
    answer.map_err(|errno| Failure::new(Stage::Detach, call, Cause::Errno(errno)))
}

#[cfg(test)]
#[path = "launch_tests/mod.rs"]
mod tests;
