//! The lies that leave everything as it should be in the end: only what happens
//! on the way there, and in which order, is wrong.

use std::cell::RefCell;
use std::net::TcpListener;
use std::os::fd::RawFd;
use std::rc::Rc;

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Capabilities, KillTarget};
use daemonlab::sys::{Errno, Kernel, Pid, Result, Signal};

use super::flawed::{Flawed, all, is_pid_line};
use super::flaws::Flaw;

/// A call that was said to be carried out, and is not yet.
pub type Held = Rc<RefCell<Option<Call>>>;

/// The answer that the flaw gives instead of the kernel's; `None` where it has
/// nothing to say.
pub fn lie(kernel: &Flawed, call: &Call) -> Option<Result<Ret>> {
    let done = Some(Ok(Ret::Unit));
    let in_daemon = kernel.forks.get() == 2;
    match (kernel.flaw, call) {
        (Flaw::MakesPidFileFirst, Call::SetSid) => {
            let _ = std::fs::write("/run/lab.pid", format!("{}\n", Pid::this()));
            None
        }

        (Flaw::WritesLate, Call::Write { data, .. }) if is_pid_line(data) => {
            kernel.held.replace(Some(call.clone()));
            Some(Ok(Ret::Size(data.len())))
        }
        (Flaw::LocksLate, Call::Flock { fd, .. }) if is_being_made(*fd) => {
            kernel.held.replace(Some(call.clone()));
            done
        }
        (Flaw::WritesLate | Flaw::LocksLate, Call::Rename { .. }) if in_daemon => {
            Some(with_held_after(kernel, call))
        }

        (Flaw::GidBeforeGroups, Call::SetGroups { .. }) if in_daemon => {
            kernel.held.replace(Some(call.clone()));
            done
        }
        (Flaw::GidBeforeGroups, Call::SetResGid { .. }) if in_daemon => {
            Some(with_held_after(kernel, call))
        }
        (Flaw::UidBeforeGid, Call::SetResGid { .. }) if in_daemon => {
            kernel.held.replace(Some(call.clone()));
            done
        }
        (Flaw::UidBeforeGid, Call::GetResGid) => match &*kernel.held.borrow() {
            Some(Call::SetResGid { real: Some(id), .. }) => Some(Ok(Ret::Ids(all(id.as_raw())))),
            _ => None,
        },
        (Flaw::UidBeforeGid, Call::SetResUid { real: Some(_), .. }) if in_daemon => {
            // SAFETY: PR_SET_KEEPCAPS takes one number and no pointer.
            unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0) };
            let changed = Linux.call(call.clone());
            make_effective();
            let held = kernel.held.take();
            Some(changed.and_then(|answer| carry_out(held).map(|()| answer)))
        }
        (
            Flaw::NoProof,
            Call::SetResUid {
                real: None,
                effective: Some(uid),
                saved: None,
            },
        ) if uid.as_raw() == 0 => Some(Err(Errno::EPERM)),
        (Flaw::ServesAsRoot, Call::SetGroups { .. }) if in_daemon => {
            serve_once();
            None
        }

        (Flaw::SignalsEarly, Call::Listen { .. }) if in_daemon => {
            signal(KillTarget::Process(kernel.launcher));
            None
        }
        (
            Flaw::SignalsEarly,
            Call::PidfdSendSignal {
                signal: Some(_), ..
            },
        ) => done,
        (
            Flaw::SignalsGroup,
            Call::PidfdSendSignal {
                signal: Some(_), ..
            },
        ) => {
            // A shell gives what it starts a group of its own.
            signal(KillTarget::Group(kernel.launcher));
            None
        }
        _ => None,
    }
}

/// Carries out the call, then the one that is held.
fn with_held_after(kernel: &Flawed, call: &Call) -> Result<Ret> {
    let answer = Linux.call(call.clone())?;
    carry_out(kernel.held.take())?;
    Ok(answer)
}

fn carry_out(held: Option<Call>) -> Result<()> {
    held.map_or(Ok(()), |call| Linux.call(call).map(drop))
}

/// Whether it is the PID file before it has its name.
fn is_being_made(fd: RawFd) -> bool {
    let target = std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap_or_default();
    target.extension().is_some_and(|end| end == "starting")
}

/// Makes effective what is permitted still.
fn make_effective() {
    if let Ok(Ret::Capabilities(kept)) = Linux.call(Call::GetCapabilities) {
        let _ = Linux.call(Call::SetCapabilities {
            sets: Capabilities {
                effective: kept.permitted,
                ..kept
            },
        });
    }
}

/// Looks once whether somebody connects.
fn serve_once() {
    if let Ok(listener) = TcpListener::bind("127.0.0.1:8079") {
        let _ = listener.set_nonblocking(true);
        let _ = listener.accept();
    }
}

fn signal(target: KillTarget) {
    let _ = Linux.call(Call::Kill {
        target,
        signal: Some(Signal::USR1),
    });
}
