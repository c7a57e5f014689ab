//! The simulated world as scenarios see it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daemonlab::explore::TaskName;
use daemonlab::sim::kernel::Creds;
use daemonlab::sim::{Live, Scene, Start, Stdio as SimStdio};
use daemonlab::sys::call::Call;
use daemonlab::sys::records::{Access, KillTarget};
use daemonlab::sys::{Errno, Pid, Signal, SignalSet};

use super::facts::Started;
use super::faults::Faults;
use super::pilot::{Grain, Pilot};
use super::programs::Programs;
use super::recorder::Recorder;
use super::steering::Steering;
use super::{error, facts, files, refusal, scene};
use crate::world::event::{End, Event, What};
use crate::world::facts::{Captured, FileFacts, LaunchFacts, ProcessFacts, SocketFacts};
use crate::world::spec::{FileSpec, LaunchSpec, SandboxSpec, Stdio, Trace};
use crate::world::{World, WorldError};

/// How much of an output is kept: its head, and its tail.
const HEAD: usize = 64 * 1024;
const TAIL: usize = 64 * 1024;

/// A simulated machine under observation.
pub struct SimWorld {
    programs: Programs,
    pub(super) live: Live,
    /// What the machine's clock showed when the world was made.
    pub(super) begin: Duration,
    pub(super) launches: BTreeMap<String, Launch>,
    pub(super) events: Vec<Event>,
    /// Who has taken the last step.
    pub(super) last: Option<TaskName>,
    /// How many steps were taken since time has passed.
    pub(super) without_time: u32,
    /// What decides, if it is not the fixed schedule.
    pub(super) steering: Option<Steering>,
    /// The call that each process was let begin, by its number.
    pub(super) begun: BTreeMap<TaskName, u64>,
    /// What is told of traced launches.
    pub(super) recorder: Recorder,
}

/// A program that was started by name.
pub(super) struct Launch {
    pub(super) task: TaskName,
    pid: i32,
    /// The session that it was started in.
    session: i32,
    at: Duration,
    started: Started,
    pub(super) faults: Faults,
    output: Output,
    /// When the launcher ended.
    pub(super) ended_at: Option<Duration>,
}

/// Where what a launch writes comes out.
enum Output {
    /// The pipes of stdout and stderr, with what has come out of them.
    Pipes([(RawFd, Vec<u8>); 2]),
    /// The terminal, and how much had been written to it before.
    Terminal { from: usize, seen: usize },
}

impl SimWorld {
    /// The world of a specification, in which these programs can be started.
    /// What it binds of the host is not there.
    ///
    /// # Errors
    /// A file that cannot be made.
    pub fn new(spec: &SandboxSpec, programs: Programs) -> Result<SimWorld, WorldError> {
        SimWorld::on(&scene::scene(spec), spec, programs)
    }

    /// The same, with another deciding who takes each step.
    ///
    /// # Errors
    /// As [`SimWorld::new`].
    pub fn steered_by(
        pilot: Box<dyn Pilot>,
        grain: Grain,
        spec: &SandboxSpec,
        programs: Programs,
    ) -> Result<SimWorld, WorldError> {
        let scene = scene::scene(spec).rules(|rules| {
            // As in the real world, where every end is a step of its own.
            rules.ends_in_two_steps = grain == Grain::Common;
        });
        let world = SimWorld::on(&scene, spec, programs)?;
        Ok(SimWorld {
            steering: Some(Steering::new(pilot, grain)),
            ..world
        })
    }

    fn on(scene: &Scene, spec: &SandboxSpec, programs: Programs) -> Result<SimWorld, WorldError> {
        let mut live = Live::new(scene);
        for file in &spec.files {
            files::write(&mut live, file)?;
        }
        Ok(SimWorld {
            programs,
            begin: live.machine().clock(),
            live,
            launches: BTreeMap::new(),
            events: Vec::new(),
            last: None,
            without_time: 0,
            steering: None,
            begun: BTreeMap::new(),
            recorder: Recorder::default(),
        })
    }

    pub(super) fn launch_of(&self, task: TaskName) -> Option<&Launch> {
        let root = task.root();
        self.launches.values().find(|launch| launch.task == root)
    }

    pub(super) fn launch_of_mut(&mut self, task: TaskName) -> Option<&mut Launch> {
        let root = task.root();
        self.launches
            .values_mut()
            .find(|launch| launch.task == root)
    }

    fn launch_named(&mut self, id: &str) -> Result<&mut Launch, WorldError> {
        self.launches.get_mut(id).ok_or_else(|| {
            refusal(
                format_args!("look at the launch {id:?}"),
                "nothing was started by that name",
                "launch it first",
            )
        })
    }
}

impl Launch {
    /// Takes in what has come out; gives whether it was stderr, and how many
    /// bytes.
    pub(super) fn read(&mut self, live: &mut Live) -> Vec<(bool, usize)> {
        match &mut self.output {
            Output::Pipes(ends) => {
                let ends = ends.iter_mut().enumerate();
                let came = ends.map(|(number, (end, so_far))| {
                    let bytes = live.read(*end);
                    so_far.extend(&bytes);
                    (number == 1, bytes.len())
                });
                came.filter(|(_, bytes)| *bytes > 0).collect()
            }
            Output::Terminal { seen, .. } => {
                let length = live.machine().terminal().output.len();
                let more = length - *seen;
                *seen = length;
                if more > 0 {
                    vec![(false, more)]
                } else {
                    Vec::new()
                }
            }
        }
    }

    fn captured(&self, live: &Live, stderr: bool) -> Captured {
        match (&self.output, stderr) {
            (Output::Pipes([(_, out), _]), false) => captured(out),
            (Output::Pipes([_, (_, err)]), true) => captured(err),
            (Output::Terminal { from, .. }, false) => {
                captured(&live.machine().terminal().output[*from..])
            }
            (Output::Terminal { .. }, true) => Captured::default(),
        }
    }
}

fn captured(bytes: &[u8]) -> Captured {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (head, rest) = bytes.split_at(bytes.len().min(HEAD));
    let (omitted, tail) = rest.split_at(rest.len().saturating_sub(TAIL));
    Captured {
        head: text(head),
        tail: text(tail),
        omitted: omitted.len() as u64,
    }
}

fn start_of(spec: &LaunchSpec) -> Start {
    let mut creds = match spec.uid {
        0 => Creds::root(),
        uid => Creds::user(uid, spec.gid),
    };
    creds.gid.real = spec.gid;
    creds.gid.effective = spec.gid;
    creds.gid.saved = spec.gid;
    creds.groups = spec.groups.clone();
    creds.groups.sort_unstable();
    let signals =
        |numbers: &[i32]| -> SignalSet { numbers.iter().filter_map(|n| Signal::new(*n)).collect() };
    let null = PathBuf::from("/dev/null");
    let mut inherited: Vec<(RawFd, PathBuf, Access)> = spec
        .stray_fds
        .iter()
        .map(|fd| (*fd, null.clone(), Access::ReadWrite))
        .collect();
    let stdio = match spec.stdio {
        Stdio::Terminal => SimStdio::Terminal,
        Stdio::Pipes => {
            inherited.push((0, null, Access::Read));
            SimStdio::Closed
        }
    };
    Start {
        creds,
        cwd: spec.cwd.clone(),
        umask: spec.umask,
        args: spec.command.iter().map(OsString::from).collect(),
        env: spec
            .env
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        stdio,
        inherited,
        blocked: signals(&spec.blocked),
        ignored: signals(&spec.ignored),
    }
}

impl World for SimWorld {
    fn launch(&mut self, spec: &LaunchSpec) -> Result<i32, WorldError> {
        let command = spec.command.first().map_or("", String::as_str);
        let stage = format!("start {command:?}");
        let Some(program) = self.programs.get(Path::new(command)).cloned() else {
            return Err(error(stage, Errno::ENOENT));
        };
        if !spec.limits.is_empty() {
            let remedy = "run it in the real world";
            return Err(refusal(stage, "it has no resource limits", remedy));
        }
        if self.live.machine().find(&spec.cwd).is_none() {
            return Err(error(format_args!("enter {:?}", spec.cwd), Errno::ENOENT));
        }
        let start = start_of(spec);
        let (task, output) = match spec.stdio {
            Stdio::Pipes => {
                let started = self.live.start_apart(program, &start);
                let (task, ends) = started.map_err(|errno| error(&stage, errno))?;
                (task, Output::Pipes(ends.map(|end| (end, Vec::new()))))
            }
            Stdio::Terminal => {
                let from = self.live.machine().terminal().output.len();
                let output = Output::Terminal { from, seen: from };
                (self.live.start(program, &start), output)
            }
        };
        let process = self.live.machine().process(task);
        let pid = process.pid;
        let launch = Launch {
            task,
            pid,
            session: process.session,
            at: self.now(),
            started: Started {
                command: spec.command.clone(),
                env: spec.env.clone(),
            },
            faults: Faults::new(&spec.faults, pid, process.session)?,
            output,
            ended_at: None,
        };
        self.launches.insert(spec.id.clone(), launch);
        self.tell(What::Launched {
            id: spec.id.clone(),
            pid,
        });
        if spec.trace != Trace::Off {
            let process = self.live.machine().process(task);
            let told = self.recorder.add(task, spec, process, command);
            self.tell(told);
        }
        self.arrive();
        Ok(pid)
    }

    fn launch_facts(&mut self, id: &str) -> Result<LaunchFacts, WorldError> {
        let now = self.now();
        self.launch_named(id)?;
        let launch = &self.launches[id];
        let end = self.live.machine().ends().get(&launch.task).copied();
        let until = launch.ended_at.unwrap_or(now);
        Ok(LaunchFacts {
            pid: launch.pid,
            session: launch.session,
            end: end.map(End::from),
            duration: until.saturating_sub(launch.at),
            stdout: launch.captured(&self.live, false),
            stderr: launch.captured(&self.live, true),
            matched: launch.faults.rules().matched(),
            matched_at: launch.faults.rules().matched_at(),
        })
    }

    fn processes(&mut self) -> Result<Vec<ProcessFacts>, WorldError> {
        let processes = self.live.machine().processes();
        let mut facts: Vec<ProcessFacts> = processes
            .filter_map(|(task, process)| {
                let started = &self.launch_of(task)?.started;
                Some(facts::process(&self.live, task, process, started))
            })
            .collect();
        facts.sort_by_key(|process| process.pid);
        Ok(facts)
    }

    fn file(&mut self, path: &Path) -> Result<FileFacts, WorldError> {
        files::facts(&mut self.live, path)
    }

    fn sockets(&mut self) -> Result<Vec<SocketFacts>, WorldError> {
        Ok(facts::sockets(self.live.machine()))
    }

    fn signal(&mut self, pid: i32, signal: Signal) -> Result<(), WorldError> {
        let kill = Call::Kill {
            target: KillTarget::Process(Pid::from_raw(pid)),
            signal: Some(signal),
        };
        let sent = self.live.outside(&kill);
        sent.map(drop)
            .map_err(|errno| error(format_args!("send {signal} to PID {pid}"), errno))
    }

    fn hang_up(&mut self, id: &str) -> Result<(), WorldError> {
        let launch = self.launch_named(id)?;
        if matches!(launch.output, Output::Pipes(_)) {
            return Err(refusal(
                format_args!("hang up the launch {id:?}"),
                "it was not started from a terminal",
                "launch it with `terminal: true`",
            ));
        }
        self.live.hang_up();
        Ok(())
    }

    fn write_file(&mut self, file: &FileSpec) -> Result<(), WorldError> {
        files::write(&mut self.live, file)
    }

    fn connect(
        &mut self,
        address: &str,
        data: &[u8],
        enough: usize,
        within: Duration,
    ) -> Result<Vec<u8>, WorldError> {
        self.talk(address, data, enough, within)
    }

    /// A step of a process is what can change a fact.
    fn wait(&mut self, at_most: Duration) -> Result<Vec<Event>, WorldError> {
        if !at_most.is_zero() {
            let until = self.live.machine().clock().saturating_add(at_most);
            self.go_on(until)?;
        }
        Ok(std::mem::take(&mut self.events))
    }

    fn tick(&self) -> Duration {
        Duration::MAX
    }

    fn now(&self) -> Duration {
        self.live.machine().clock() - self.begin
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Event>, WorldError> {
        Ok(std::mem::take(&mut self.events))
    }
}
