//! Tracing one process for one call: what a probe tries.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::stop::{Next, Reason, bury, next_of};
use super::tracee::Running;
use crate::world::event::End;

/// Traces a child, tells it by `release`, answers the first call that stops by
/// `result`, and gives how the child has ended.
///
/// # Errors
/// What the kernel denies. The child is gone then.
pub fn try_once(
    child: i32,
    result: i64,
    release: impl FnOnce() -> Result<(), Errno>,
) -> Result<End, Errno> {
    let traced = || -> Result<End, Errno> {
        let mut running = Running::seize(child)?;
        release()?;
        loop {
            let reason = match next_of(child).ok_or(Errno::ECHILD)? {
                Next::Ended(end) => return Ok(end),
                Next::Stopped(reason) => reason,
            };
            let mut stopped = running.stopped();
            if reason == Reason::Call {
                stopped.skip_call(result)?;
            }
            running = stopped.go_on(None);
        }
    };
    traced().inspect_err(|_| {
        let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
        bury(child);
    })
}
