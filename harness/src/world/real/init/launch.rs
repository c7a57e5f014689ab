//! Starting a program: the side of init.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::signalfd::SignalFd;
use nix::sys::socket::{MsgFlags, recv, send};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;

use super::exec_error;
use super::opened::{Made, Opened};
use super::output::Stream;
use super::plan::{Plan, Start};
use super::report::{Failed, Report};
use crate::world::WorldError;
use crate::world::event::End;
use crate::world::facts::LaunchFacts;
use crate::world::real::failure::{error, refusal};
use crate::world::real::kernel::Stack;
use crate::world::real::tracer::{Recording, Rules, Tracer, bury};
use crate::world::spec::{LaunchSpec, Order};

/// A program that was started.
#[derive(Debug)]
pub struct Launch {
    /// The launcher.
    pub pid: i32,
    /// The session that it was started in.
    session: i32,
    /// The stand-in for a shell, if it was started from a terminal.
    pub shell: Option<i32>,
    /// How and when the launcher ended.
    pub end: Option<(End, Duration)>,
    /// Standard output, or the terminal.
    pub stdout: Stream,
    /// Standard error.
    pub stderr: Stream,
    /// When it began to execute its program.
    pub started: Duration,
    /// Whether its processes are traced.
    traced: bool,
}

/// What matters of init itself.
#[derive(Debug)]
pub struct Own<'a> {
    /// Whether groups can be set here.
    pub groups: bool,
    /// How late timers may be for its children, in nanoseconds.
    pub slack: u64,
    /// The signals that it ignores.
    pub ignored: u64,
    /// What tells it of stops.
    pub signals: &'a SignalFd,
}

/// Nanoseconds of `CLOCK_MONOTONIC`, which is the same inside and outside.
pub fn now() -> u64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |time| Duration::from(time).as_nanos() as u64)
}

impl Launch {
    /// Starts a program and waits until it runs. If calls of it must stop, it is
    /// traced.
    pub fn start(
        spec: &LaunchSpec,
        own: &Own<'_>,
        tracer: &mut Tracer,
        time: impl Fn() -> Duration,
    ) -> Result<Launch, WorldError> {
        let stage = stage(spec);
        if spec.command.is_empty() {
            return Err(refusal(stage, "the command is empty", "name a program"));
        }
        let rules = Rules::new(&spec.faults)?;
        let mut recording = Recording::new(&spec.trace, spec.order)?;
        recording.besides = tracer.besides(spec.order);
        let calls = recording.stops(&rules);
        let start = Start {
            launch: spec,
            calls: &calls,
            slack: own.slack,
            ignored: own.ignored,
            groups: own.groups,
        };
        let opened = Opened::new(spec).map_err(|why| error(&stage, why))?;
        let plan = Plan::new(&start, &opened.ends());
        let plan = plan.map_err(|Failed { errno, what }| {
            exec_error::explain(stage.clone(), (Some(errno), what), &spec.cwd)
        })?;
        let (plan, mut stack) = (opened.placed(plan), Stack::new());
        // SAFETY: both are there until this returns; before it does, the report's
        // end shows that the child has executed or ended, or it is killed and buried.
        // An init has one thread.
        let made = unsafe { opened.make(&plan, &mut stack) };
        let (mut launch, reports) = Launch::of(made.map_err(|why| error(&stage, why))?);
        if spec.order == Order::Steered {
            tracer.hold_still(&spec.id);
        }
        launch.traced = !calls.numbers.is_empty();
        let tracing = (!calls.numbers.is_empty()).then_some((rules, recording));
        let mut way = Way {
            reports: &reports,
            signals: own.signals,
            tracer,
            plan: &plan,
        };
        match launch.until_exec(&spec.id, &mut way, tracing, time) {
            Ok(()) => Ok(launch),
            Err(why) => {
                for pid in [Some(launch.pid), launch.shell]
                    .into_iter()
                    .flatten()
                    .filter(|pid| *pid > 0)
                {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                    bury(pid);
                    way.tracer.forget(pid);
                }
                Err(exec_error::explain(stage, why, &spec.cwd))
            }
        }
    }

    /// Whether everybody is traced who was started for it.
    pub fn is_all_traced(&self) -> bool {
        self.traced && self.shell.is_none()
    }

    /// One that has not executed its program yet, and where its reports come from.
    fn of(made: Made) -> (Launch, OwnedFd) {
        let pid = made.launcher.unwrap_or(0);
        let launch = Launch {
            pid,
            session: made.shell.unwrap_or(pid),
            shell: made.shell,
            end: None,
            stdout: made.stdout,
            stderr: made.stderr,
            started: Duration::ZERO,
            traced: false,
        };
        (launch, made.reports)
    }

    /// Follows the child up to its exec. Whatever else is traced goes on.
    fn until_exec(
        &mut self,
        id: &str,
        way: &mut Way<'_>,
        mut tracing: Option<(Rules, Recording)>,
        time: impl Fn() -> Duration,
    ) -> Result<(), (Option<Errno>, String)> {
        let broken = |errno| (Some(errno), "hear from the new process".to_owned());
        let mut started = false;
        loop {
            let mut fds = [
                PollFd::new(way.reports.as_fd(), PollFlags::POLLIN),
                PollFd::new(way.signals.as_fd(), PollFlags::POLLIN),
            ];
            // No signal tells of those stops any more.
            let more = way.tracer.has_more();
            let timeout = match more {
                true => PollTimeout::ZERO,
                false => PollTimeout::NONE,
            };
            match poll(&mut fds, timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(broken(errno)),
            }
            let [reported, stopped] = fds.map(|fd| fd.any().unwrap_or(false));
            if stopped || more {
                while let Ok(Some(_)) = way.signals.read_signal() {}
                way.tracer.turn(time());
            }
            if !reported {
                continue;
            }
            match receive(way.reports).map_err(broken)? {
                Some(Report::Started { pid, at }) => {
                    self.pid = pid;
                    let since = Duration::from_nanos(now().saturating_sub(at));
                    let real = || time().saturating_sub(since);
                    self.started = way.tracer.time().unwrap_or_else(real);
                    self.session = self.shell.unwrap_or(pid);
                    started = true;
                    if let Some((rules, recording)) = tracing.take() {
                        way.tracer
                            .seize(pid, self.session, id, rules, recording)
                            .map_err(|errno| (Some(errno), "trace the new process".to_owned()))?;
                        send(way.reports.as_raw_fd(), &[1], MsgFlags::MSG_NOSIGNAL)
                            .map_err(broken)?;
                    }
                }
                Some(Report::Broken {
                    errno,
                    step,
                    chosen,
                }) => {
                    let what = way.plan.what(step as usize, chosen as usize);
                    return Err((Some(Errno::from_raw(errno)), what));
                }
                Some(Report::Failed { errno, what }) => {
                    return Err((Some(Errno::from_raw(errno)), what));
                }
                None if started => return Ok(()),
                None => return Err((None, "hear from the new process: it ended early".to_owned())),
            }
        }
    }

    /// What is known of it now.
    pub fn facts(&self, now: Duration, rules: Option<&Rules>) -> LaunchFacts {
        let until = self.end.map_or(now, |(_, at)| at);
        LaunchFacts {
            pid: self.pid,
            session: self.session,
            end: self.end.map(|(end, _)| end),
            duration: until.saturating_sub(self.started),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            matched: rules.map(Rules::matched).unwrap_or_default(),
            matched_at: rules.map(Rules::matched_at).unwrap_or_default(),
        }
    }

    /// Notes that a process has ended, if it is this launch's: its launcher or
    /// its stand-in for a shell. Gives whether it was the stand-in.
    pub fn ended(&mut self, pid: i32, end: End, at: Duration) -> bool {
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

/// A child on its way to its exec.
struct Way<'a> {
    reports: &'a OwnedFd,
    signals: &'a SignalFd,
    tracer: &'a mut Tracer,
    plan: &'a Plan,
}

/// The next report; nothing once the child has executed, or is gone.
fn receive(from: &OwnedFd) -> Result<Option<Report>, Errno> {
    let mut bytes = [0; 4096];
    match recv(from.as_raw_fd(), &mut bytes, MsgFlags::empty()) {
        Ok(count) => Ok(Report::parse(&bytes[..count])),
        // It was killed with a report unread on its side.
        Err(Errno::ECONNRESET) => Ok(None),
        Err(errno) => Err(errno),
    }
}
