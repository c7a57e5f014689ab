//! What a call is about: paths and descriptors.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use daemonlab::sim::kernel::{Machine, Process};
use daemonlab::sys::call::Call;
use daemonlab::sys::records::{At, UnixAddr};

use super::facts::descriptor_of;

/// The paths that a call names, made absolute, and what its descriptor refers
/// to.
pub fn paths(machine: &Machine, process: &Process, call: &Call) -> Vec<String> {
    let from = |dir: &At, path: &Path| {
        let base = match dir {
            At::Cwd => machine.name_of(process.cwd),
            At::Fd(fd) => process
                .fds
                .get(fd)
                .map(|descriptor| PathBuf::from(descriptor_of(machine, descriptor.file))),
        };
        base.unwrap_or_default().join(path).display().to_string()
    };
    match call {
        Call::Open { dir, path, .. }
        | Call::Stat { dir, path, .. }
        | Call::Unlink { dir, path }
        | Call::Mkdir { dir, path, .. } => vec![from(dir, path)],
        Call::Rename {
            dir, from: a, to, ..
        }
        | Call::Link { dir, from: a, to } => vec![from(dir, a), from(dir, to)],
        Call::Chdir { path } => vec![from(&At::Cwd, path)],
        Call::Bind {
            address: UnixAddr::Path(path),
            ..
        }
        | Call::Connect {
            address: UnixAddr::Path(path),
            ..
        } => vec![from(&At::Cwd, path)],
        _ => file(call)
            .and_then(|fd| process.fds.get(&fd))
            .map(|descriptor| descriptor_of(machine, descriptor.file))
            .into_iter()
            .collect(),
    }
}

/// The descriptor that a call is about.
pub fn descriptor(call: &Call) -> Option<RawFd> {
    match call {
        Call::Dup2 { from: fd, .. }
        | Call::SetCloseOnExec { fd, .. }
        | Call::Bind { fd, .. }
        | Call::Listen { fd, .. }
        | Call::Connect { fd, .. }
        | Call::EndSending { fd }
        | Call::Accept { fd }
        | Call::Send { fd, .. }
        | Call::Receive { fd, .. }
        | Call::PidfdSendSignal { pidfd: fd, .. } => Some(*fd),
        _ => file(call),
    }
}

/// The descriptor of the file that a call uses.
fn file(call: &Call) -> Option<RawFd> {
    match call {
        Call::Read { fd, .. }
        | Call::Write { fd, .. }
        | Call::Close { fd }
        | Call::Fstat { fd }
        | Call::Flock { fd, .. }
        | Call::Ftruncate { fd, .. }
        | Call::Fchown { fd, .. }
        | Call::Fchmod { fd, .. }
        | Call::Fsync { fd } => Some(*fd),
        _ => None,
    }
}
