//! Starting a program: the side of init.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, socketpair,
};
use nix::sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr};
use nix::sys::wait::waitpid;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{ForkResult, Gid, Pid, Uid, fchown, fork};

use super::child::{self, Report, Start};
use super::output::Stream;
use super::{exec_error, shell};
use crate::world::WorldError;
use crate::world::event::End;
use crate::world::facts::LaunchFacts;
use crate::world::real::failure::{error, refusal};
use crate::world::real::faults::{Listener, Rules, Watch};
use crate::world::real::kernel::exit_now;
use crate::world::spec::{LaunchSpec, Stdio};

/// A program that was started.
#[derive(Debug)]
pub struct Launch {
    /// The launcher.
    pub pid: i32,
    /// The stand-in for a shell, if it was started from a terminal.
    pub shell: Option<i32>,
    /// How and when the launcher ended.
    pub end: Option<(End, u64)>,
    /// Standard output, or the terminal.
    pub stdout: Stream,
    /// Standard error.
    pub stderr: Stream,
    /// Its faults, if it has any.
    pub watch: Option<Watch>,
    started: u64,
}

/// Nanoseconds of `CLOCK_MONOTONIC`, which is the same inside and outside.
pub fn now() -> u64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |time| Duration::from(time).as_nanos() as u64)
}

impl Launch {
    /// Starts a program and waits until it runs. `groups` says whether groups
    /// can be set here.
    pub fn start(spec: &LaunchSpec, groups: bool) -> Result<Launch, WorldError> {
        let stage = stage(spec);
        if spec.command.is_empty() {
            return Err(refusal(stage, "the command is empty", "name a program"));
        }
        let rules = Rules::new(&spec.faults)?;
        let calls: Vec<i64> = rules.numbers().into_iter().collect();
        let start = Start {
            launch: spec,
            calls: &calls,
            groups,
        };
        let kind = (
            AddressFamily::Unix,
            SockType::SeqPacket,
            SockFlag::SOCK_CLOEXEC,
        );
        let (ours, theirs) =
            socketpair(kind.0, kind.1, None, kind.2).map_err(|errno| error(&stage, errno))?;
        let mut launch = match spec.stdio {
            Stdio::Pipes => Launch::with_pipes(&start, theirs),
            Stdio::Terminal => Launch::with_terminal(&start, theirs),
        }
        .map_err(|why| error(&stage, why))?;
        match launch.until_exec(&ours) {
            Ok(listener) => {
                let session = launch.shell.unwrap_or(launch.pid);
                launch.watch = listener.map(|l| Watch::new(l, rules, launch.pid, session));
                Ok(launch)
            }
            Err(why) => {
                for pid in [Some(launch.pid), launch.shell]
                    .into_iter()
                    .flatten()
                    .filter(|pid| *pid > 0)
                {
                    let pid = Pid::from_raw(pid);
                    let _ = kill(pid, Signal::SIGKILL);
                    let _ = waitpid(pid, None);
                }
                Err(exec_error::explain(stage, why, &spec.cwd))
            }
        }
    }

    fn new(pid: i32, shell: Option<i32>, stdout: Stream, stderr: Stream) -> Launch {
        Launch {
            pid,
            shell,
            end: None,
            stdout,
            stderr,
            watch: None,
            started: now(),
        }
    }

    fn with_pipes(start: &Start<'_>, report: OwnedFd) -> io::Result<Launch> {
        let stdin = File::open("/dev/null")?.into();
        let (stdout, stdout_write) = io::pipe()?;
        let (stderr, stderr_write) = io::pipe()?;
        let streams = (Stream::new(stdout.into())?, Stream::new(stderr.into())?);
        // SAFETY: an init has one thread.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => {
                Ok(Launch::new(child.as_raw(), None, streams.0, streams.1))
            }
            ForkResult::Child => {
                let _ = nix::unistd::setsid();
                let given = [stdin, stdout_write.into(), stderr_write.into()];
                let (report, failed) = child::exec(start, given, report);
                child::report_failure(report.as_fd(), failed);
                exit_now(127);
            }
        }
    }

    fn with_terminal(start: &Start<'_>, report: OwnedFd) -> io::Result<Launch> {
        let pty = openpty(None, None)?;
        let (master, slave) = (close_on_exec(pty.master)?, close_on_exec(pty.slave)?);
        // What is captured is what was written, without carriage returns.
        let mut settings = tcgetattr(&slave)?;
        settings.output_flags.remove(OutputFlags::OPOST);
        tcsetattr(&slave, SetArg::TCSANOW, &settings)?;
        // Like a login: it is the user's, who may open it again by its name.
        fchown(&slave, Some(Uid::from_raw(start.launch.uid)), None::<Gid>)?;
        let stdout = Stream::new(master)?;
        // SAFETY: an init has one thread.
        match unsafe { fork() }? {
            // The launcher's PID comes with its report.
            ForkResult::Parent { child } => Ok(Launch::new(
                0,
                Some(child.as_raw()),
                stdout,
                Stream::default(),
            )),
            ForkResult::Child => shell::run(start, slave, report),
        }
    }

    /// Follows the child up to its exec. Its own calls may stop already: they
    /// pass, uncounted.
    fn until_exec(
        &mut self,
        reports: &OwnedFd,
    ) -> Result<Option<Listener>, (Option<Errno>, String)> {
        let broken = |errno| (Some(errno), "hear from the new process".to_owned());
        let mut listener: Option<Listener> = None;
        let mut started = false;
        loop {
            let mut fds = vec![PollFd::new(reports.as_fd(), PollFlags::POLLIN)];
            fds.extend(
                listener
                    .iter()
                    .map(|l| PollFd::new(l.as_fd(), PollFlags::POLLIN)),
            );
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(broken(errno)),
            }
            let reported = fds[0].any().unwrap_or(false);
            if !reported {
                if let Some(listener) = &listener {
                    pass_before_exec(reports, listener).map_err(broken)?;
                }
                continue;
            }
            let (report, fd) = receive(reports).map_err(broken)?;
            match report {
                Some(Report::Started { pid, at }) => {
                    (self.pid, self.started) = (pid, at);
                    started = true;
                }
                Some(Report::Filtered) => {
                    let fd = fd.ok_or((None, "receive the listener".to_owned()))?;
                    listener = Some(Listener::new(fd).map_err(broken)?);
                }
                Some(Report::Failed { errno, what }) => {
                    return Err((Some(Errno::from_raw(errno)), what));
                }
                None if started => return Ok(listener),
                None => return Err((None, "hear from the new process: it ended early".to_owned())),
            }
        }
    }

    /// What is known of it now.
    pub fn facts(&self) -> LaunchFacts {
        let until = self.end.map_or_else(now, |(_, at)| at);
        LaunchFacts {
            pid: self.pid,
            end: self.end.map(|(end, _)| end),
            duration: Duration::from_nanos(until.saturating_sub(self.started)),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            matched: self.watch.as_ref().map(Watch::matched).unwrap_or_default(),
            matched_at: self
                .watch
                .as_ref()
                .map(Watch::matched_at)
                .unwrap_or_default(),
        }
    }

    /// Notes that a process has ended, if it is this launch's: its launcher or
    /// its stand-in for a shell. Gives whether it was the stand-in.
    pub fn ended(&mut self, pid: i32, end: End, at: u64) -> bool {
        if pid == self.pid && self.end.is_none() {
            self.end = Some((end, at));
        }
        if self.shell == Some(pid) {
            self.shell = None;
            return true;
        }
        false
    }
}

fn stage(spec: &LaunchSpec) -> String {
    format!(
        "start {:?} as launch {:?}",
        spec.command.first().map_or("", String::as_str),
        spec.id
    )
}

/// A call that has stopped while the socket is still open was made before
/// exec, which closes it: the thread waits, so that this cannot change between
/// the two looks.
fn pass_before_exec(reports: &OwnedFd, listener: &Listener) -> Result<(), Errno> {
    let mut waiting = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
    poll(&mut waiting, PollTimeout::ZERO)?;
    if !waiting[0].any().unwrap_or(false) {
        return Ok(());
    }
    let mut open = [PollFd::new(reports.as_fd(), PollFlags::POLLIN)];
    poll(&mut open, PollTimeout::ZERO)?;
    if open[0].any().unwrap_or(false) {
        return Ok(());
    }
    match listener.take()? {
        Some(notice) => listener.pass(notice.id),
        None => Ok(()),
    }
}

fn receive(from: &OwnedFd) -> Result<(Option<Report>, Option<OwnedFd>), Errno> {
    let mut bytes = [0; 4096];
    let mut space = nix::cmsg_space!([RawFd; 1]);
    let mut slices = [IoSliceMut::new(&mut bytes)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let received = match recvmsg::<()>(from.as_raw_fd(), &mut slices, Some(&mut space), flags) {
        Ok(received) => received,
        // It was killed with a report unread on its side.
        Err(Errno::ECONNRESET) => return Ok((None, None)),
        Err(errno) => return Err(errno),
    };
    let mut fd = None;
    for message in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = message {
            for number in numbers {
                // SAFETY: the kernel has just put this descriptor in our table.
                fd = Some(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
    }
    let count = received.bytes;
    Ok((Report::parse(&bytes[..count]), fd))
}

fn close_on_exec(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    fcntl(&fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(fd)
}
