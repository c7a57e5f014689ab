//! A template, from the fork to its exec.

use std::ffi::CString;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
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
use crate::world::real::helper::TEMPLATE;
use crate::world::real::kernel::exit_now;
use crate::world::real::probe::StageId;
use crate::world::real::wire::Channel;

/// Starts a template with these folders bound in, and gives its PID and the
/// harness's end of the conversation with it.
pub fn template(namespaces: &Namespaces, binds: &[PathBuf]) -> Result<(Pid, Channel), Failure> {
    let what = "start a template";
    let (ours, theirs) = Channel::pair().at(StageId::Mounts, what)?;
    let (mut failed, report) = io::pipe().at(StageId::Mounts, what)?;
    let supervisor = getpid();
    // SAFETY: a supervisor has one thread.
    let child = match unsafe { fork() }.at(StageId::Mounts, what)? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            drop(ours);
            let failure = become_template(namespaces, binds, theirs, supervisor);
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

/// The child: from here to exec. Comes back only with why it failed.
fn become_template(
    namespaces: &Namespaces,
    binds: &[PathBuf],
    channel: Channel,
    supervisor: Pid,
) -> Failure {
    let end = |done: Result<(), Failure>| done.err();
    let ready = unshare(CloneFlags::CLONE_NEWNS)
        .at(StageId::Mounts, "make a mount namespace")
        .and_then(|()| tree::build(namespaces, binds))
        .and_then(|()| step_down(namespaces));
    if let Some(failure) = end(ready) {
        return failure;
    }
    exec(channel, supervisor)
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
fn exec(channel: Channel, supervisor: Pid) -> Failure {
    let what = format!("execute {EXECUTABLE}");
    let socket: std::os::fd::OwnedFd = channel.into();
    let prepared = || -> Result<(), nix::errno::Errno> {
        set_pdeathsig(Signal::SIGKILL)?;
        if socket.as_raw_fd() == 0 {
            fcntl(&socket, FcntlArg::F_SETFD(FdFlag::empty())).map(drop)
        } else {
            dup2_stdin(&socket)
        }
    };
    if let Err(errno) = prepared() {
        return Failure::new(StageId::Processes, what, errno);
    }
    let path = CString::new(EXECUTABLE).unwrap_or_default();
    let marker = CString::new(TEMPLATE).unwrap_or_default();
    let parent = CString::new(supervisor.to_string()).unwrap_or_default();
    match execve(&path, &[marker, parent], &[] as &[CString]) {
        Ok(never) => match never {},
        Err(errno) => Failure::new(StageId::Processes, what, errno),
    }
}
