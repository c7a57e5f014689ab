//! Real worlds for the runner. Nothing else here knows them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use nix::errno::Errno;

use crate::case;
use crate::case::setting::Target;
use crate::delegate_world;
use crate::scenario::{Capability, Case};
use crate::world::event::Event;
use crate::world::real::probe::{self, Probe, Stage};
use crate::world::real::{Host, RealWorld, bound, folders};
use crate::world::spec::SandboxSpec;
use crate::world::{World, WorldError};

use super::fate::{Missing, Why};

/// Makes sandboxes, one supervisor for all of them.
#[derive(Debug)]
pub struct RealMaker {
    host: Host,
    keep: Option<PathBuf>,
}

impl RealMaker {
    /// Starts the supervisor, if there is no warm one. With `keep`, what lies in
    /// a world when it ends is copied into a folder below that one.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub fn start(warm: &Warm, keep: Option<PathBuf>) -> Result<RealMaker, WorldError> {
        let host = match warm.take() {
            Some(host) => host,
            None => Host::start()?,
        };
        Ok(RealMaker { host, keep })
    }
}

impl RealMaker {
    /// As [`WorldMaker::make`](crate::case::maker::WorldMaker::make).
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn make(
        &mut self,
        spec: &SandboxSpec,
        folder: &str,
    ) -> Result<Box<dyn World + '_>, WorldError> {
        let world = self.host.world(&bound(spec))?;
        Ok(match &self.keep {
            None => Box::new(world),
            Some(keep) => Box::new(Kept {
                world,
                folder: keep.join(folder),
            }),
        })
    }
}

/// The supervisor by which a machine was probed. Whoever comes first takes it
/// on; it ends with the last of whoever could.
#[derive(Clone, Debug, Default)]
pub struct Warm(Arc<Mutex<Option<Host>>>);

impl Warm {
    fn take(&self) -> Option<Host> {
        self.0.lock().ok()?.take()
    }
}

/// As [`missing`], and the supervisor, which can make a world for the first of
/// these cases without delay.
///
/// # Errors
/// If the probe cannot be started.
pub fn survey<'a>(
    cases: impl IntoIterator<Item = &'a Case>,
    target: &Target,
) -> Result<(Missing, Warm), WorldError> {
    let binds = match cases.into_iter().next() {
        Some(first) => case::binds(first, target),
        None => Vec::new(),
    };
    let (probe, host) = probe::probe_for(Path::new(OWN), &folders(binds));
    Ok((lacks(&probe), Warm(Arc::new(Mutex::new(host)))))
}

/// What this machine lacks, with the failed stage as the reason.
///
/// # Errors
/// If the probe cannot be started.
pub fn missing() -> Result<(Probe, Missing), WorldError> {
    let probe = probe::probe(Path::new(OWN));
    let missing = lacks(&probe);
    Ok((probe, missing))
}

/// The executable that supervisors are started by: this one.
const OWN: &str = "/proc/self/exe";

fn lacks(probe: &Probe) -> Missing {
    let mut missing = BTreeMap::new();
    for capability in Capability::OF_MACHINES {
        if let Some(stage) = probe.why_not(capability) {
            missing.insert(capability, why(stage));
        }
    }
    let short = "the real world waits by the clock; `--world sim` has it".to_owned();
    let long = short.clone();
    missing.insert(Capability::VirtualTime, Why { short, long });
    Missing(missing)
}

fn why(stage: &Stage) -> Why {
    let errno = stage.errno.map_or(String::new(), |errno| {
        let errno = Errno::from_raw(errno);
        format!(": {} ({errno:?})", errno.desc())
    });
    let stage_and_errno = format!("{} cannot {}{errno}", stage.name, stage.what);
    let short = match stage.cause.as_str() {
        "" => stage_and_errno.clone(),
        cause => format!("{stage_and_errno}; probably {cause}"),
    };
    let mut long = stage_and_errno;
    for (what, text) in [
        ("evidence", &stage.evidence),
        ("cause", &stage.cause),
        ("help", &stage.remedy),
    ] {
        if !text.is_empty() {
            long += &format!("\n  = {what}: {text}");
        }
    }
    Why { short, long }
}

/// A sandbox whose files are copied out before it ends.
#[derive(Debug)]
struct Kept {
    world: RealWorld,
    folder: PathBuf,
}

impl World for Kept {
    delegate_world!(
        world: launch, launch_facts, processes, remaining, file, sockets, signal, hang_up,
        write_file, connect, wait, tick, now,
    );

    fn finish(mut self: Box<Self>) -> Result<Vec<Event>, WorldError> {
        // An earlier try of the case may have kept something there.
        let _ = std::fs::remove_dir_all(self.folder.join("files"));
        let kept = self.world.keep(&self.folder);
        let events = Box::new(self.world).finish()?;
        kept.map(|()| events)
    }
}
