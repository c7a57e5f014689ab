//! Starting a program: what init opens for the child, and the child's making.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::openpty;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::{ForkResult, Gid, Uid, fchown, fork};

use super::child::follow;
use super::output::Stream;
use super::plan::{Ends, Plan};
use super::shell;
use crate::world::real::kernel::{Stack, spawn};
use crate::world::spec::{LaunchSpec, Stdio};

/// Both sides of what a launch talks by.
#[derive(Debug)]
pub struct Opened {
    /// Standard output, or the terminal; standard error.
    ours: [Stream; 2],
    theirs: Theirs,
    /// Where reports come from, and where they go.
    reports: (OwnedFd, OwnedFd),
    /// What is left open.
    null: Option<File>,
}

/// A launch whose child was made.
#[derive(Debug)]
pub struct Made {
    /// The launcher, if its PID is known: behind a terminal it comes with its report.
    pub launcher: Option<i32>,
    /// The stand-in for a shell.
    pub shell: Option<i32>,
    /// Standard output, or the terminal.
    pub stdout: Stream,
    /// Standard error.
    pub stderr: Stream,
    /// Where reports come from.
    pub reports: OwnedFd,
}

/// The launch's side.
#[derive(Debug)]
enum Theirs {
    Pipes([OwnedFd; 3]),
    Terminal(OwnedFd),
}

impl Opened {
    /// What this launch is to have.
    ///
    /// # Errors
    /// The system's.
    pub fn new(spec: &LaunchSpec) -> io::Result<Opened> {
        let reports = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )?;
        let (ours, theirs) = match spec.stdio {
            Stdio::Pipes => pipes()?,
            Stdio::Terminal => terminal(spec.uid)?,
        };
        let null = || OpenOptions::new().read(true).write(true).open("/dev/null");
        Ok(Opened {
            ours,
            theirs,
            reports,
            null: match spec.stray_fds.is_empty() {
                true => None,
                false => Some(null()?),
            },
        })
    }

    /// The child's side, by number.
    pub fn ends(&self) -> Ends {
        Ends {
            streams: match &self.theirs {
                Theirs::Pipes(pipes) => pipes.each_ref().map(AsRawFd::as_raw_fd),
                Theirs::Terminal(terminal) => [terminal.as_raw_fd(); 3],
            },
            report: self.reports.1.as_raw_fd(),
            null: self.null.as_ref().map(AsRawFd::as_raw_fd),
        }
    }

    /// The plan of who is started in the place that belongs to it: a session of its
    /// own, or one that it finds.
    pub fn placed(&self, plan: Plan) -> Plan {
        match &self.theirs {
            Theirs::Pipes(_) => plan.in_a_session(),
            Theirs::Terminal(_) => plan,
        }
    }

    /// Makes the child that follows this plan.
    ///
    /// # Errors
    /// The system's.
    ///
    /// # Safety
    /// Plan and stack stay as they are until the child has executed its program, or
    /// is gone. The caller has one thread.
    pub unsafe fn make(self, plan: &Plan, stack: &mut Stack) -> io::Result<Made> {
        let [stdout, stderr] = self.ours;
        let (reports, report) = self.reports;
        let (launcher, shell) = match self.theirs {
            Theirs::Pipes(_) => {
                // SAFETY: that both stay is the caller's promise; what follows a plan
                // makes system calls by hand, and nothing else.
                let child = unsafe { spawn(stack, follow, plan) }?;
                (Some(child.as_raw()), None)
            }
            // SAFETY: that it has one thread is the caller's promise, too.
            Theirs::Terminal(terminal) => match unsafe { fork() }? {
                ForkResult::Parent { child } => (None, Some(child.as_raw())),
                ForkResult::Child => shell::run(plan, terminal, report),
            },
        };
        Ok(Made {
            launcher,
            shell,
            stdout,
            stderr,
            reports,
        })
    }
}

fn pipes() -> io::Result<([Stream; 2], Theirs)> {
    let stdin = File::open("/dev/null")?.into();
    let (stdout, stdout_write) = io::pipe()?;
    let (stderr, stderr_write) = io::pipe()?;
    let ours = [Stream::new(stdout.into())?, Stream::new(stderr.into())?];
    Ok((
        ours,
        Theirs::Pipes([stdin, stdout_write.into(), stderr_write.into()]),
    ))
}

fn terminal(uid: u32) -> io::Result<([Stream; 2], Theirs)> {
    let pty = openpty(None, None)?;
    let (master, slave) = (close_on_exec(pty.master)?, close_on_exec(pty.slave)?);
    // What is captured is what was written, without carriage returns.
    let mut settings = tcgetattr(&slave)?;
    settings.output_flags.remove(OutputFlags::OPOST);
    tcsetattr(&slave, SetArg::TCSANOW, &settings)?;
    // Like a login: it is the user's, who may open it again by its name.
    fchown(&slave, Some(Uid::from_raw(uid)), None::<Gid>)?;
    Ok((
        [Stream::new(master)?, Stream::default()],
        Theirs::Terminal(slave),
    ))
}

fn close_on_exec(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    fcntl(&fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(fd)
}
