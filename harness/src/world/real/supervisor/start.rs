//! A template, from the fork to its exec.

use std::ffi::{CString, OsStr};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::wait::waitpid;
use nix::unistd::{
    ForkResult, Gid, Pid, Uid, dup2_stdin, execve, fork, getpid, setgroups, setresgid, setresuid,
};

use super::tree;
use super::userns::Namespaces;
use crate::world::real::EXECUTABLE;
use crate::world::real::failure::{At, Failure};
use crate::world::real::kernel::exit_now;
use crate::world::real::names::TEMPLATE;
use crate::world::real::stage::StageId;
use crate::world::real::wire::Channel;

/// Starts a template with these folders bound in, and gives its PID and the
/// harness's end of the conversation with it.
pub fn template(
    namespaces: &Namespaces,
    harness: &OsStr,
    binds: &[PathBuf],
) -> Result<(Pid, Channel), Failure> {
    let what = "start a template";
    let (ours, theirs) = Channel::pair().at(StageId::Mounts, what)?;
    let (mut failed, report) = io::pipe().at(StageId::Mounts, what)?;
    let supervisor = getpid();
    // SAFETY: a supervisor has one thread.
    let child = match unsafe { fork() }.at(StageId::Mounts, what)? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            drop(ours);
            let failure = match become_template(namespaces, binds) {
                Ok(()) => exec(theirs, harness, supervisor),
                Err(failure) => failure,
            };
            let told = serde_json::to_vec(&failure).unwrap_or_default();
            let said = { report }.write_all(&told);
            exit_now(if said.is_ok() { 1 } else { 2 });
        }
    };
    drop((theirs, report));
    let mut told = Vec::new();
    failed.read_to_end(&mut told).at(StageId::Mounts, what)?;
    if told.is_empty() {
        return Ok((child, ours));
    }
    // ECHILD is as good: SIGCHLD is ignored by now.
    let _ = waitpid(child, None);
    let failure = serde_json::from_slice(&told).map_err(io::Error::from);
    Err(failure.at(StageId::Mounts, "read why a template did not start")?)
}

/// The child, but for its exec.
fn become_template(namespaces: &Namespaces, binds: &[PathBuf]) -> Result<(), Failure> {
    unshare(CloneFlags::CLONE_NEWNS).at(StageId::Mounts, "make a mount namespace")?;
    tree::build(namespaces, binds)?;
    step_down(namespaces)
}

/// Into the lower user namespace, as its root, and into a copy of the tree
/// whose mounts are locked there.
fn step_down(namespaces: &Namespaces) -> Result<(), Failure> {
    setns(&namespaces.inner, CloneFlags::CLONE_NEWUSER)
        .at(StageId::Userns, "enter the lower user namespace")?;
    unshare(CloneFlags::CLONE_NEWNS).at(
        StageId::Mounts,
        "make a mount namespace in the lower user namespace",
    )?;
    // Denied where there is one group id only; the groups that stay are unmapped.
    let _ = setgroups(&[]);
    let (uid, gid) = (Uid::from_raw(0), Gid::from_raw(0));
    setresgid(gid, gid, gid).at(StageId::Ids, "become group 0 of the sandbox")?;
    setresuid(uid, uid, uid).at(StageId::Ids, "become root of the sandbox")
}

/// Executes the template. Before an exec inside, the kernel takes this memory
/// for the upper namespace's and hides `/proc/PID/exe` and its like
/// (`ptrace(2)`, access mode checking); after it, every fork is visible.
fn exec(channel: Channel, harness: &OsStr, supervisor: Pid) -> Failure {
    let what = format!("execute {EXECUTABLE}");
    let at = |errno: Errno| Failure::new(StageId::Processes, &what, errno);
    let string = |bytes: &[u8]| CString::new(bytes).unwrap_or_default();
    let path = string(EXECUTABLE.as_bytes());
    let arguments = [
        string(TEMPLATE.as_bytes()),
        string(harness.as_bytes()),
        string(supervisor.to_string().as_bytes()),
    ];
    let ready = set_pdeathsig(Signal::SIGKILL).and_then(|()| dup2_stdin(&channel));
    match ready.and_then(|()| execve(&path, &arguments, &[] as &[CString])) {
        Ok(never) => match never {},
        Err(errno) => at(errno),
    }
}
