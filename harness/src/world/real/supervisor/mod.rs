//! The supervisor: one process that owns a user namespace and makes templates
//! in it. It has one thread, so that it may fork.
//!
//! - [`userns`]: the user namespaces;
//! - [`mapper`]: `newuidmap(1)`, from outside them;
//! - [`tree`]: the read-only tree that every world is made of;
//! - [`start`]: a template, from the fork to its exec.

mod mapper;
mod start;
mod tree;
mod userns;

pub use tree::{enter, mount_point, outermost};

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::wait;

use super::failure::{At, Failure};
use super::stage::StageId;
use super::wire::Channel;
use super::wire::message::{HostReply, HostRequest};
use userns::Namespaces;

/// Serves the harness of this name until it is gone, then waits until every
/// template is.
pub fn run(channel: Channel, harness: &OsStr) -> ExitCode {
    let mut namespaces = None;
    while let Ok(Some(frame)) = channel.receive() {
        let sent = match answer(&mut namespaces, harness, frame.message) {
            Ok((reply, None)) => channel.send(&Ok::<_, Failure>(reply)),
            Ok((reply, Some(socket))) => {
                channel.send_with(&Ok::<_, Failure>(reply), &[], &[socket.as_fd()])
            }
            Err(failure) => channel.send(&Err::<HostReply, _>(failure)),
        };
        if sent.is_err() {
            break;
        }
    }
    drop(channel);
    while wait() != Err(Errno::ECHILD) {}
    ExitCode::SUCCESS
}

fn answer(
    namespaces: &mut Option<Namespaces>,
    harness: &OsStr,
    request: HostRequest,
) -> Result<(HostReply, Option<Channel>), Failure> {
    match request {
        HostRequest::Start => {
            let made = Namespaces::make()?;
            let single = made.single.clone();
            *namespaces = Some(made);
            // From now on the only children are templates, whose end says nothing.
            // SAFETY: ignoring a signal runs no code.
            unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }
                .at(StageId::Userns, "ignore SIGCHLD")?;
            Ok((HostReply::Started { single }, None))
        }
        HostRequest::Template { binds } => {
            let namespaces = namespaces.as_ref().ok_or_else(|| {
                let why = "no user namespace has been made yet".to_owned();
                Failure::new(StageId::Mounts, "make a template", why)
            })?;
            let (pid, channel) = start::template(namespaces, harness, &binds)?;
            Ok((HostReply::Template { pid: pid.as_raw() }, Some(channel)))
        }
    }
}
