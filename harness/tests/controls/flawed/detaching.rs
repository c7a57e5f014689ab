//! Lies of detaching: session, forks, directory, descriptors, mask, dispositions.

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Disposition, Ended, MaskHow, WaitFor, Waited};
use daemonlab::sys::{Kernel, Pid, Result, Signal, SignalSet};

use super::super::flaws::Flaw;
use super::Flawed;

/// The answer that the flaw gives instead of the kernel's; `None` where it has
/// nothing to say.
pub fn lie(kernel: &Flawed, call: &Call) -> Option<Result<Ret>> {
    let done = Some(Ok(Ret::Unit));
    match (kernel.flaw, call) {
        (Flaw::NoSetsid, Call::SetSid) => Some(Ok(Ret::Pid(Pid::this()))),
        (Flaw::OneFork, Call::Fork) if kernel.forks.get() == 1 => {
            Some(Ok(Ret::Pid(Pid::from_raw(0))))
        }
        (
            Flaw::OneFork,
            Call::Wait {
                target: WaitFor::Pid(pid),
                ..
            },
        ) if kernel.is_launcher() => Some(Ok(Ret::Waited(Some(Waited {
            pid: *pid,
            end: Ended::Exited(0),
        })))),
        (Flaw::KeepsDirectory, Call::Chdir { .. }) => done,
        (Flaw::KeepsUmask, Call::Umask { .. }) => Some(Ok(Ret::Mode(0o022))),
        (Flaw::KeepsStdio, Call::Dup2 { to: 0..=2, .. }) => done,
        (Flaw::KeepsDescriptors, Call::CloseRange { .. }) => done,
        (
            Flaw::KeepsDescriptors,
            Call::Close {
                fd: 3 | 7 | 42 | 63 | 255 | 1000,
            },
        ) => done,
        (
            Flaw::KeepsMask,
            Call::SigMask {
                how: MaskHow::Set, ..
            },
        ) => Some(Ok(Ret::Signals(SignalSet::EMPTY))),
        (Flaw::KeepsDispositions, Call::SigAction { signal, .. })
            if *signal == Signal::CHLD && kernel.is_launcher() =>
        {
            Some(keep_ignored(call))
        }
        (Flaw::KeepsDispositions, Call::SigAction { .. }) => {
            Some(Ok(Ret::Disposition(Disposition::Default)))
        }
        _ => None,
    }
}

/// Sets the disposition, unless the signal was ignored: that is kept. A launcher
/// that kept the default one would see the daemon's end by chance.
fn keep_ignored(call: &Call) -> Result<Ret> {
    let before = Linux.call(call.clone())?;
    if let Call::SigAction { signal, .. } = call
        && before == Ret::Disposition(Disposition::Ignore)
    {
        Linux.call(Call::SigAction {
            signal: *signal,
            disposition: Disposition::Ignore,
        })?;
    }
    Ok(before)
}
