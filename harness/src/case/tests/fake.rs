//! A world that follows a script, in virtual time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use daemonlab::sys::Signal;
use nix::errno::Errno;

use crate::case::maker::WorldMaker;
use crate::world::event::{End, Event, What};
use crate::world::facts::{FileFacts, LaunchFacts, ProcessFacts, SocketFacts};
use crate::world::spec::{FileContent, FileSpec, LaunchSpec, SandboxSpec};
use crate::world::{World, WorldError, WorldKind};

/// Something that happens in the script.
#[derive(Clone, Debug)]
pub enum Beat {
    /// A process is there from now on, in place of one with that PID.
    Process(Box<ProcessFacts>),
    /// A process ends, and is reaped by init.
    Ends(i32, End),
    /// A launcher ends.
    LauncherEnds(&'static str, End),
    /// A launch writes to stderr.
    Writes(&'static str, &'static str),
    /// A file has this content from now on. There is no event for it.
    File(&'static str, &'static str),
    /// A fault of a launch matches a call.
    Matches(&'static str, &'static str),
    /// Something listens.
    Listens(SocketFacts),
    /// The harness panics, as a bug of it would.
    Panics,
}

/// What happens when, counted from the first launch.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Beats by their time, in milliseconds.
    pub beats: Vec<(u64, Beat)>,
    /// What a process does when it gets a signal: how it ends.
    pub on_signal: Option<End>,
    /// Programs that cannot be started.
    pub missing_program: bool,
    /// Worlds that cannot be ended.
    pub endless: bool,
    /// Makers that cannot make one.
    pub no_world: bool,
    /// Each wait takes this long by the wall clock as well, so that it can be
    /// interrupted.
    pub real_time: Option<Duration>,
    /// Each wait says that it begins, and takes until this can be locked.
    pub stuck: Option<(Sender<()>, Arc<Mutex<()>>)>,
}

/// What was asked of the worlds of one test, in order.
pub type Log = Arc<Mutex<Vec<String>>>;

/// Makes worlds that follow a script.
pub struct FakeMaker {
    pub script: Script,
    pub log: Log,
}

impl WorldMaker for FakeMaker {
    fn make(
        &mut self,
        _: WorldKind,
        _: &SandboxSpec,
        folder: &str,
    ) -> Result<Box<dyn World + '_>, WorldError> {
        note(&self.log, format!("make {folder}"));
        if self.script.no_world {
            return Err(error("make a world", Errno::ENOSPC));
        }
        Ok(Box::new(FakeWorld {
            script: self.script.clone(),
            log: Arc::clone(&self.log),
            ..FakeWorld::default()
        }))
    }
}

#[derive(Default)]
struct FakeWorld {
    script: Script,
    log: Log,
    now: Duration,
    begin: Option<Duration>,
    processes: BTreeMap<i32, ProcessFacts>,
    launches: BTreeMap<String, LaunchFacts>,
    files: BTreeMap<PathBuf, FileFacts>,
    sockets: Vec<SocketFacts>,
    events: Vec<Event>,
    next_pid: i32,
}

fn note(log: &Log, what: impl Into<String>) {
    log.lock()
        .expect("no test panics with it")
        .push(what.into());
}

fn error(stage: &str, errno: Errno) -> WorldError {
    WorldError {
        stage: stage.to_owned(),
        errno: Some(errno as i32),
        evidence: "the script says so".to_owned(),
        remedy: "change the script".to_owned(),
    }
}

impl FakeWorld {
    fn tell(&mut self, what: What) {
        self.events.push(Event { at: self.now, what });
    }

    fn play(&mut self, beat: Beat) {
        match beat {
            Beat::Process(process) => {
                self.processes.insert(process.pid, *process);
            }
            Beat::Ends(pid, end) => {
                self.processes.remove(&pid);
                self.tell(What::Ended { pid, end });
            }
            Beat::LauncherEnds(id, end) => {
                let launch = self
                    .launches
                    .get_mut(id)
                    .expect("the script knows its launches");
                launch.end = Some(end);
                launch.duration = self.now;
                let pid = launch.pid;
                self.play(Beat::Ends(pid, end));
            }
            Beat::Writes(id, text) => {
                let launch = self
                    .launches
                    .get_mut(id)
                    .expect("the script knows its launches");
                launch.stderr.head.push_str(text);
                self.tell(What::Output {
                    id: id.to_owned(),
                    stderr: true,
                    bytes: text.len(),
                });
            }
            Beat::File(path, content) => {
                let facts = FileFacts {
                    kind: Some("regular".to_owned()),
                    content: Some(content.to_owned()),
                    mode: 0o644,
                    ..FileFacts::default()
                };
                self.files.insert(path.into(), facts);
            }
            Beat::Matches(id, label) => {
                let launch = self
                    .launches
                    .get_mut(id)
                    .expect("the script knows its launches");
                *launch.matched.entry(label.to_owned()).or_default() += 1;
            }
            Beat::Listens(socket) => self.sockets.push(socket),
            Beat::Panics => panic!("the script says so"),
        }
    }

    /// When the next beat is due, if there is one.
    fn due(&self) -> Option<Duration> {
        let begin = self.begin?;
        let next = self.script.beats.iter().map(|(at, _)| *at).min()?;
        Some(begin + Duration::from_millis(next))
    }
}

impl World for FakeWorld {
    fn launch(&mut self, launch: &LaunchSpec) -> Result<i32, WorldError> {
        note(&self.log, format!("launch {}", launch.command.join(" ")));
        if self.script.missing_program {
            return Err(error("start the program", Errno::ENOENT));
        }
        self.begin.get_or_insert(self.now);
        let pid = 2 + self.next_pid;
        self.next_pid += 1;
        let process = ProcessFacts {
            pid,
            parent: 1,
            session: pid,
            group: pid,
            name: "launcher".to_owned(),
            state: 'S',
            ..ProcessFacts::default()
        };
        self.processes.insert(pid, process);
        let facts = LaunchFacts {
            pid,
            session: pid,
            ..LaunchFacts::default()
        };
        self.launches.insert(launch.id.clone(), facts);
        Ok(pid)
    }

    fn launch_facts(&mut self, id: &str) -> Result<LaunchFacts, WorldError> {
        self.launches
            .get(id)
            .cloned()
            .ok_or_else(|| error("find a launch", Errno::ENOENT))
    }

    fn processes(&mut self) -> Result<Vec<ProcessFacts>, WorldError> {
        Ok(self.processes.values().cloned().collect())
    }

    fn file(&mut self, path: &Path) -> Result<FileFacts, WorldError> {
        Ok(self.files.get(path).cloned().unwrap_or_default())
    }

    fn sockets(&mut self) -> Result<Vec<SocketFacts>, WorldError> {
        Ok(self.sockets.clone())
    }

    fn signal(&mut self, pid: i32, signal: Signal) -> Result<(), WorldError> {
        note(&self.log, format!("signal {pid} {signal}"));
        if !self.processes.contains_key(&pid) {
            return Err(error("send a signal", Errno::ESRCH));
        }
        if let Some(end) = self.script.on_signal {
            self.play(Beat::Ends(pid, end));
        }
        Ok(())
    }

    fn hang_up(&mut self, id: &str) -> Result<(), WorldError> {
        note(&self.log, format!("hang up {id}"));
        Ok(())
    }

    fn write_file(&mut self, file: &FileSpec) -> Result<(), WorldError> {
        let FileContent::Regular(content) = &file.content else {
            return Err(error("write that kind of file", Errno::EINVAL));
        };
        let facts = FileFacts {
            kind: Some("regular".to_owned()),
            content: Some(String::from_utf8_lossy(content).into_owned()),
            mode: file.mode,
            ..FileFacts::default()
        };
        self.files.insert(file.path.clone(), facts);
        Ok(())
    }

    fn connect(
        &mut self,
        address: &str,
        data: &[u8],
        _: usize,
        _: Duration,
    ) -> Result<Vec<u8>, WorldError> {
        if self.sockets.iter().any(|socket| socket.address == address) {
            Ok(data.to_ascii_uppercase())
        } else {
            Err(error("connect", Errno::ECONNREFUSED))
        }
    }

    fn wait(&mut self, at_most: Duration) -> Result<Vec<Event>, WorldError> {
        if let Some((begins, stuck)) = &self.script.stuck {
            let _ = begins.send(());
            drop(stuck.lock());
        }
        if let Some(time) = self.script.real_time {
            std::thread::sleep(time);
        }
        let until = self.now + at_most;
        match self.due() {
            Some(due) if due <= until => {
                self.now = self.now.max(due);
                let begin = self.begin.unwrap_or_default();
                let beats = std::mem::take(&mut self.script.beats);
                let (due, later): (Vec<_>, Vec<_>) = beats
                    .into_iter()
                    .partition(|(at, _)| begin + Duration::from_millis(*at) <= self.now);
                self.script.beats = later;
                for (_, beat) in due {
                    self.play(beat);
                }
            }
            _ => self.now = until,
        }
        Ok(std::mem::take(&mut self.events))
    }

    fn tick(&self) -> Duration {
        Duration::from_millis(20)
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn finish(self: Box<Self>) -> Result<Vec<Event>, WorldError> {
        note(&self.log, "finish");
        if self.script.endless {
            return Err(error("end a process", Errno::EPERM));
        }
        Ok(self.events)
    }
}
