//! A supervisor, from the harness's side.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::unistd::Pid;

use super::diagnosis::explain;
use super::failure::{Failure, With, refusal};
use super::heard::{PATIENCE, confused};
use super::kernel::Pidfd;
use super::left::Watched;
use super::names::SUPERVISOR;
use super::reserved::is_own;
use super::stage::StageId;
use super::supervisor::outermost;
use super::warm::Template;
use super::wire::message::{HostReply, HostRequest, Request};
use super::wire::{Channel, Frame};
use super::world::RealWorld;
use crate::world::WorldError;
use crate::world::spec::SandboxSpec;

/// How many templates are kept warm. Scenarios of one folder share one.
const TEMPLATES: usize = 8;

/// How often a world is begun whose init or template ends before it is made:
/// once for each of the two, and once more.
const TRIES: usize = 3;

/// A supervisor: a process that owns one user namespace and makes worlds in
/// it, one after the other or at a time. One for each thread of the runner.
///
/// Dropping it ends it and every world that it made.
#[derive(Debug)]
pub struct Host {
    supervisor: Child,
    channel: Option<Channel>,
    single: Option<Failure>,
    /// The last one used is the last.
    templates: Vec<Template>,
}

impl Host {
    /// Starts a supervisor by executing this process's own executable, whose
    /// `main` calls [`helper_main`](super::helper_main) first.
    ///
    /// # Errors
    /// The stage that failed, the errno, what was read that bears on it, and
    /// what to do next; as [`probe`](super::probe) says it.
    pub fn start() -> Result<Host, WorldError> {
        Host::start_with(Path::new("/proc/self/exe"))
    }

    /// The same, by another executable that calls the hook.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub fn start_with(executable: &Path) -> Result<Host, WorldError> {
        Host::try_start(executable).map_err(explain)
    }

    /// The same, with the stage that failed.
    pub(super) fn try_start(executable: &Path) -> Result<Host, Failure> {
        let what = format!("start the supervisor {executable:?}");
        let at = |why: io::Error| Failure::new(StageId::Userns, &what, why);
        let (ours, theirs) = Channel::pair().map_err(at)?;
        let supervisor = Command::new(executable)
            .arg0(SUPERVISOR)
            .arg(std::process::id().to_string())
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .map_err(at)?;
        let mut host = Host {
            supervisor,
            channel: Some(ours),
            single: None,
            templates: Vec::new(),
        };
        match host.ask(&HostRequest::Start)?.message {
            HostReply::Started { single } => host.single = single,
            other => return Err(confused(&what, &other)),
        }
        Ok(host)
    }

    fn ask(&self, request: &HostRequest) -> Result<Frame<HostReply>, Failure> {
        let what = "make a sandbox by the supervisor";
        let channel = self
            .channel
            .as_ref()
            .ok_or_else(|| confused(what, &"it has ended"))?;
        let at = |why: io::Error| Failure::new(StageId::Userns, what, why);
        // If it has ended, that shows when its answer is waited for.
        let _ = channel.send(request);
        let answer = channel
            .receive_within::<Result<HostReply, Failure>>(PATIENCE)
            .map_err(at)?;
        let frame = answer.ok_or_else(|| {
            let why = "it ended without an answer; does its `main` call helper_main first?";
            Failure::new(StageId::Userns, what, why.to_owned())
        })?;
        Ok(Frame {
            message: frame.message?,
            bytes: frame.bytes,
            fds: frame.fds,
        })
    }

    /// Whether there is more than one user id and group id in its worlds, so
    /// that they can be switched.
    pub fn has_many_ids(&self) -> bool {
        self.single.is_none()
    }

    /// Why there is only one id, if so.
    pub(super) fn single(&self) -> Option<&Failure> {
        self.single.as_ref()
    }

    /// Makes a world: new PID, mount, IPC and UTS namespaces, a fresh root and an
    /// init; and a new network namespace, unless it certainly could not be told
    /// from the last world's.
    ///
    /// # Errors
    /// What could not be made: a folder that is not there, an id that has no
    /// mapping. The host stays usable.
    pub fn world(&mut self, spec: &SandboxSpec) -> Result<RealWorld, WorldError> {
        self.world_on(None, spec)
    }

    /// The same, on this processor alone, if one is given.
    ///
    /// # Errors
    /// As [`Host::world`].
    pub(crate) fn world_on(
        &mut self,
        processor: Option<usize>,
        spec: &SandboxSpec,
    ) -> Result<RealWorld, WorldError> {
        for bind in &spec.binds {
            check(bind)?;
        }
        let binds = outermost(&spec.binds);
        // A template and the init of its next world wait unattended, so that
        // whatever ends them shows only here. Both can be made anew.
        for _ in 0..TRIES {
            self.warm_up(&binds).map_err(explain)?;
            let Some(world) = self.init(processor, spec).map_err(explain)? else {
                self.templates.pop();
                continue;
            };
            if let Some(world) = world.made(spec)? {
                return Ok(world);
            }
        }
        Err(refusal(
            "make a world",
            format_args!("its init or its template ended before it was made, {TRIES} times"),
            "look at what they say on stderr, and at what may kill them (`dmesg`)",
        ))
    }

    /// Makes a world with nothing in it but these folders, as far as they can
    /// be bound; gives the stage that fails.
    pub(super) fn bare_world(&mut self, binds: &[PathBuf]) -> Result<RealWorld, Failure> {
        // That one of them cannot be is for the world that asks for it to say.
        let bound = binds.iter().all(|bind| check(bind).is_ok());
        if !bound || self.warm_up(&outermost(binds)).is_err() {
            self.warm_up(&[])?;
        }
        match self.init(None, &SandboxSpec::default())? {
            Some(world) => world.try_made(),
            None => Err(confused("make a world", &"its template has ended")),
        }
    }

    /// Has a template for these folders as the last of all.
    fn warm_up(&mut self, binds: &[PathBuf]) -> Result<(), Failure> {
        if let Some(at) = self
            .templates
            .iter()
            .position(|template| template.binds == binds)
        {
            let template = self.templates.remove(at);
            self.templates.push(template);
            return Ok(());
        }
        let what = "make a template by the supervisor";
        let frame = self.ask(&HostRequest::Template {
            binds: binds.to_vec(),
        })?;
        let HostReply::Template { pid } = frame.message else {
            return Err(confused(what, &frame.message));
        };
        let socket = frame.fds.into_iter().next();
        let socket = socket.ok_or_else(|| confused(what, &"no socket came along"))?;
        let template = Template::new(binds, socket.into(), pid)?;
        if self.templates.len() >= TEMPLATES {
            self.templates.remove(0);
        }
        self.templates.push(template);
        Ok(())
    }

    /// Makes an init by the last template, and asks it for the world; `None`
    /// if the template is gone.
    fn init(
        &mut self,
        processor: Option<usize>,
        spec: &SandboxSpec,
    ) -> Result<Option<RealWorld>, Failure> {
        let Some(template) = self.templates.last_mut() else {
            let why = "there is no template";
            return Err(confused("make an init by the template", &why));
        };
        let (network, left) = Watched::new(spec);
        let Some((channel, pidfd)) = template.init(left)? else {
            return Ok(None);
        };
        // What does not reach it shows when it is to answer.
        let _ = channel.send(&Request::Make {
            spec: spec.clone(),
            processor,
        });
        template.ask_ahead();
        let ids = (template.users.clone(), template.groups.clone());
        Ok(Some(RealWorld::new(channel, pidfd, ids, network)))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Each helper ends when the socket to it closes, once those below it have.
        self.templates.clear();
        self.channel = None;
        let ended = match Pidfd::open(Pid::from_raw(self.supervisor.id() as i32)) {
            Ok(pidfd) => pidfd.wait(Duration::from_secs(5)),
            Err(_) => true,
        };
        if !ended {
            let _ = self.supervisor.kill();
        }
        let _ = self.supervisor.wait();
    }
}

fn check(bind: &Path) -> Result<(), WorldError> {
    let stage = format!("bind {bind:?} into the sandbox");
    let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
    if !bind.components().all(plain) || !bind.is_absolute() {
        return Err(refusal(
            stage,
            "it is not absolute, or goes back by `..`",
            "give the whole path",
        ));
    }
    if is_own(bind) {
        let remedy = "put what is needed into a folder of its own, or bind the file alone";
        return Err(refusal(
            stage,
            "every sandbox has that folder of its own",
            remedy,
        ));
    }
    fs::metadata(bind)
        .map(drop)
        .with("bind into the sandbox", bind)
}
