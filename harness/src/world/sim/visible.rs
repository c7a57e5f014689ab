//! Which calls of simulated processes others can notice: the same as the
//! tracer's rule has them.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use daemonlab::sim::kernel::{Machine, Process};
use daemonlab::sys::call::Call;
use daemonlab::sys::records::Access;

use super::about::{descriptor, paths};
use super::facts::descriptor_of;
use crate::world::common::Seen;
use crate::world::real::tracer::visible;

/// What the sandbox has on read-only mounts.
const READ_ONLY: [&str; 3] = ["/usr", "/dev/null", "/dev/zero"];

/// A visible call that a process is about to make or is in.
pub struct VisibleCall {
    pub name: &'static str,
    pub shown: String,
    pub paths: Vec<PathBuf>,
    pub object: Option<String>,
}

impl VisibleCall {
    /// What a call is about, before it is made; `None` if nobody else can notice it, nor does its
    /// order with visible ones matter.
    pub fn of(machine: &Machine, process: &Process, call: &Call) -> Option<VisibleCall> {
        let name = call.name();
        if !visible::is_named(name) && !visible::prepares(name) {
            return None;
        }
        let fd = descriptor(call);
        let object = fd.and_then(|fd| object(machine, process, fd));
        if fd.is_some() && object.is_none() {
            // EBADF concerns nobody else.
            return None;
        }
        let paths = match (call, fd) {
            (Call::Bind { .. } | Call::Connect { .. }, _) | (_, None) => {
                paths(machine, process, call)
            }
            _ => Vec::new(),
        };
        let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
        if visible::is_by_file(name) && is_noise(call, &paths, object.as_deref()) {
            return None;
        }
        Some(VisibleCall {
            name,
            shown: call.to_string(),
            paths,
            object,
        })
    }

    /// As either world shows it.
    pub fn seen(&self) -> Seen<'_> {
        Seen {
            name: self.name,
            shown: &self.shown,
            in_table: true,
            object: self.object.as_deref(),
        }
    }
}

/// What a descriptor of a process refers to.
pub fn object(machine: &Machine, process: &Process, fd: RawFd) -> Option<String> {
    let found = process.fds.get(&fd)?;
    Some(descriptor_of(machine, found.file))
}

/// Whether nobody can change or notice what a call is about, as the real
/// world's rule has it.
fn is_noise(call: &Call, paths: &[PathBuf], object: Option<&str>) -> bool {
    let changes = match call {
        Call::Open { how, .. } => {
            how.create || how.truncate || matches!(how.access, Access::Write | Access::ReadWrite)
        }
        Call::Stat { .. } | Call::Connect { .. } => false,
        _ => true,
    };
    if !paths.is_empty() {
        return !changes && paths.iter().all(|path| is_nobodys(path));
    }
    match object {
        // A file that has lost its name: which one it was is not known here.
        Some("/ (deleted)") => false,
        Some(object) if object.starts_with('/') => {
            is_nobodys(Path::new(object.trim_end_matches(" (deleted)")))
        }
        Some(_) => false,
        None => descriptor(call).is_some(),
    }
}

fn is_nobodys(path: &Path) -> bool {
    visible::is_nobodys(path) || READ_ONLY.iter().any(|mount| path.starts_with(mount))
}
