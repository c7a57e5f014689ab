//! What the small programs have in common.

use std::path::Path;
use std::time::Duration;

use daemonlab::sim::{Invariant, Sys};
use daemonlab::sys::records::{Access, At, Ended, KillTarget, MaskHow, OpenHow};
use daemonlab::sys::*;

/// Where the PID file is.
pub const PID_FILE: &str = "/run/d.pid";

/// The user that the daemon becomes.
pub const USER: u32 = 33;

pub const USR1: SignalSet = SignalSet::EMPTY.with(Signal::USR1);

/// The launcher's statuses.
pub const FAILED: i32 = 1;
pub const TIMED_OUT: i32 = 75;

/// Serves until a signal ends it.
pub fn serve(sys: &Sys) -> i32 {
    loop {
        let _ = sys.poll(&[], None, None);
    }
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Blocks SIGUSR1 and gives the mask as it was.
pub fn block_usr1(sys: &Sys) -> Result<SignalSet> {
    sys.sigmask(MaskHow::Block, USR1)
}

pub fn tell(sys: &Sys, pid: Pid) -> Result<()> {
    sys.kill(KillTarget::Process(pid), Some(Signal::USR1))
}

pub fn opened(create: bool) -> OpenHow {
    OpenHow {
        create,
        ..OpenHow::new(if create {
            Access::ReadWrite
        } else {
            Access::Read
        })
    }
}

/// Writes the caller's PID in one call, so that nobody reads a part of it: a
/// file of another name gets the name when it is complete.
pub fn write_pid_file(sys: &Sys) -> Result<()> {
    let making = Path::new("/run/d.pid.new");
    let file = sys.open(At::Cwd, making, opened(true), 0o644)?;
    let text = format!("{}\n", sys.getpid()?);
    if sys.write(file.raw(), text.as_bytes())? != text.len() {
        return Err(Errno::EIO);
    }
    sys.rename(At::Cwd, making, Path::new(PID_FILE), records::Replace::Yes)
}

/// Whether a byte comes through the pipe before its end.
pub fn hears(sys: &Sys, pipe: &Fd<Sys>) -> bool {
    sys.read(pipe.raw(), 1).is_ok_and(|bytes| !bytes.is_empty())
}

/// The launcher says that all is well: what a start without faults must come
/// to.
pub fn comes_through() -> Invariant {
    Invariant::new(COMES_THROUGH, |facts| match facts.launcher() {
        Some(Ended::Exited(0)) => Ok(()),
        Some(end) => Err(format!("the launcher {end}")),
        None => Err("the launcher waits for something that never comes".to_owned()),
    })
}

pub const COMES_THROUGH: &str = "a start without faults comes through";
