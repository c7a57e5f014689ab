//! Lies of the launcher that waits, and of the daemon that tells it.

use std::time::Duration;

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Disposition, KillTarget, MaskHow};
use daemonlab::sys::{Errno, Kernel, Pid, Result, Signal, SignalSet};

use super::super::flaws::Flaw;
use super::Flawed;

/// The answer that the flaw gives instead of the kernel's; `None` where it has
/// nothing to say.
pub fn lie(kernel: &Flawed, call: &Call) -> Option<Result<Ret>> {
    let done = Some(Ok(Ret::Unit));
    match (kernel.flaw, call) {
        (Flaw::AlwaysZero, Call::Exit { .. }) if kernel.is_launcher() => {
            Some(Linux.call(Call::Exit { status: 0 }))
        }
        (Flaw::DoesNotWait, Call::SetSid) => {
            // So that it is not chance whether the daemon finds it gone.
            while Pid::parent() == kernel.launcher {
                std::thread::yield_now();
            }
            None
        }
        (Flaw::DoesNotWait, Call::Poll { .. }) if kernel.waits_for_a_daemon() => {
            Some(Linux.call(Call::Exit { status: 0 }))
        }
        (Flaw::SignalKills, Call::SigAction { signal, .. })
            if *signal == Signal::USR1 && kernel.is_launcher() =>
        {
            Some(Ok(Ret::Disposition(Disposition::Default)))
        }
        (
            Flaw::SignalKills,
            Call::SigMask {
                how: MaskHow::Block,
                ..
            },
        ) if kernel.is_launcher() => Some(Ok(Ret::Signals(SignalSet::EMPTY))),
        (Flaw::LauncherKeepsAll, Call::Close { .. })
            if kernel.is_launcher() && kernel.forks.get() > 0 =>
        {
            done
        }
        (Flaw::BelievesStrangers, Call::Poll { .. }) if kernel.waits_for_a_daemon() => {
            Some(poll_until_usr1(call))
        }
        (
            Flaw::LeavesDaemon,
            Call::Kill {
                target: KillTarget::Process(_) | KillTarget::Group(_),
                signal: Some(Signal::KILL),
            },
        ) => done,
        (Flaw::LeavesDaemon, Call::Wait { .. })
            if kernel.is_launcher() && kernel.forks.get() > 1 =>
        {
            Some(Err(Errno::ECHILD))
        }

        (Flaw::TriesOnce, Call::PidfdSendSignal { .. }) => {
            Some(Linux.call(call.clone()).map_err(|errno| {
                if errno == Errno::EPERM {
                    Errno::EINVAL
                } else {
                    errno
                }
            }))
        }
        (Flaw::TriesAlways, Call::PidfdSendSignal { .. }) => {
            Some(Linux.call(call.clone()).map_err(|_| Errno::EPERM))
        }
        (
            Flaw::TriesBusily,
            Call::Poll {
                timeout: Some(time),
                fds,
                mask,
            },
        ) if !kernel.is_launcher() && *time <= Duration::from_millis(100) => {
            Some(Linux.call(Call::Poll {
                fds: fds.clone(),
                timeout: Some(Duration::ZERO),
                mask: *mask,
            }))
        }
        _ => None,
    }
}

/// Waits as asked, but leaves with status 0 as soon as any SIGUSR1 is pending.
fn poll_until_usr1(call: &Call) -> Result<Ret> {
    let Call::Poll { fds, timeout, mask } = call.clone() else {
        unreachable!("only asked for Poll");
    };
    let step = Duration::from_millis(10);
    let mut left = timeout;
    loop {
        if let Ok(Ret::Signals(pending)) = Linux.call(Call::SigPending)
            && pending.contains(Signal::USR1)
        {
            return Linux.call(Call::Exit { status: 0 });
        }
        let slice = left.map_or(step, |left| left.min(step));
        let answer = Linux.call(Call::Poll {
            fds: fds.clone(),
            timeout: Some(slice),
            mask,
        })?;
        left = left.map(|left| left.saturating_sub(slice));
        match &answer {
            Ret::Polled(events) if events.iter().any(|e| e.any()) => return Ok(answer),
            _ if left == Some(Duration::ZERO) => return Ok(answer),
            _ => {}
        }
    }
}
