//! The hook by which one executable is harness and helpers.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::unistd::{Pid, chdir, setsid};

use super::kernel::close_all_from;
use super::names::{SUPERVISOR, TEMPLATE};
use super::wire::Channel;
use super::{supervisor, template};

/// Runs as a helper, if this process was started as one: by `argv[0]`, with
/// the socket to who started it as standard input. It must be called on the
/// first line of `main` of every executable that makes a
/// [`Host`](super::Host), before any thread exists.
///
/// Gives `None` in every other process, and the exit status in a helper, which
/// then has nothing left to do.
pub fn helper_main() -> Option<ExitCode> {
    let mut arguments = env::args_os();
    let marker = arguments.next()?;
    let status = match marker.to_str()? {
        SUPERVISOR => channel().map(|channel| {
            // Ctrl-C is for the harness: a signal from its terminal must not
            // end the supervisor before the harness has said what it saw. The
            // leader of a group cannot have a session of its own, but needs none.
            let _ = setsid();
            supervisor::run(channel, &arguments.next().unwrap_or_default())
        }),
        TEMPLATE => {
            let parent = pid(arguments.nth(1))?;
            channel().and_then(|channel| template::run(channel, parent))
        }
        _ => return None,
    };
    Some(status.unwrap_or_else(|error| {
        eprintln!("{}: {error}", marker.to_string_lossy());
        ExitCode::FAILURE
    }))
}

fn pid(argument: Option<OsString>) -> Option<Pid> {
    Some(Pid::from_raw(argument?.to_str()?.parse().ok()?))
}

/// Takes the socket, and leaves behind what else came along from the harness:
/// descriptors, a signal mask, a working directory.
fn channel() -> io::Result<Channel> {
    // SAFETY: nothing in this process has opened anything yet.
    unsafe { close_all_from(3) }?;
    let socket: OwnedFd = io::stdin().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    chdir("/")?;
    Ok(socket.into())
}
