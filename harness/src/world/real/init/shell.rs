//! The stand-in for a shell: it leads the session of a launch on a terminal,
//! and does nothing else. Without it the launcher would lead that session, and
//! its exit, which is what launchers are for, would hang the terminal up
//! (`disassociate_ctty` in `drivers/tty/tty_jobctrl.c`).

use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, pause, setpgid, setsid, tcsetpgrp};

use super::child::follow;
use super::plan::Plan;
use super::report::Failed;
use crate::world::real::kernel::{Cloned, clone_into, close_all_from, exit_now};

/// In a forked child of init: leads a session on `terminal`, starts the
/// program as a sibling, in a process group of its own in the foreground, and
/// stays until the terminal hangs up.
pub fn run(plan: &Plan, terminal: OwnedFd, report: OwnedFd) -> ! {
    if let Err((report, failed)) = lead(plan, &terminal, report) {
        failed.report(report.as_fd());
        exit_now(127);
    }
    // What init had open is of no use here, and would keep it open.
    // SAFETY: nothing is used any more that owns a descriptor.
    let closed = unsafe { close_all_from(3) };
    if closed.is_err() {
        exit_now(127);
    }
    loop {
        pause();
    }
}

fn lead(plan: &Plan, terminal: &OwnedFd, report: OwnedFd) -> Result<(), (OwnedFd, Failed)> {
    let prepared = || -> Result<(io::PipeReader, io::PipeWriter), Errno> {
        setsid()?;
        control(terminal.as_fd())?;
        dup2_stdin(terminal)?;
        dup2_stdout(terminal)?;
        dup2_stderr(terminal)?;
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
        default_hang_up()?;
        io::pipe().map_err(|_| Errno::last())
    };
    let (go, release) = match prepared() {
        Ok(pipe) => pipe,
        Err(errno) => return Err((report, Failed::new(errno, "lead a session on a terminal"))),
    };
    // SAFETY: init, and so this child of it, has one thread.
    match unsafe { clone_into(CloneFlags::CLONE_PARENT) } {
        Err(errno) => Err((report, Failed::new(errno, "fork the launcher"))),
        Ok(Cloned::Parent(..)) => {
            // The launcher waits for that: from its exec on, nobody must hold
            // the other end of what init reads.
            drop(report);
            drop(release);
            Ok(())
        }
        Ok(Cloned::Child) => {
            drop(release);
            match be_a_job(terminal, go) {
                Ok(()) => {
                    let plan: *const Plan = plan;
                    exit_now(follow(plan.cast_mut().cast()));
                }
                Err(errno) => {
                    Failed::new(errno, "be a job on a terminal").report(report.as_fd());
                    exit_now(127);
                }
            }
        }
    }
}

/// In a process group of its own in the foreground, once nobody else holds the
/// other end of what init reads.
fn be_a_job(terminal: &OwnedFd, mut go: io::PipeReader) -> Result<(), Errno> {
    setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
    // From the background, this would stop the process otherwise.
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGTTOU);
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&mask), None)?;
    tcsetpgrp(terminal, nix::unistd::getpgrp())?;
    go.read(&mut [0]).map_err(|_| Errno::last())?;
    Ok(())
}

/// Makes it the controlling terminal (`ioctl_tty(2)`, `TIOCSCTTY`).
fn control(terminal: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: numbers only.
    let done = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) };
    Errno::result(done).map(drop)
}

fn default_hang_up() -> Result<(), Errno> {
    use nix::sys::signal::{SigHandler, signal};
    // SAFETY: the default disposition runs no code of this process.
    unsafe { signal(Signal::SIGHUP, SigHandler::SigDfl) }.map(drop)
}
