//! Lies of the switch of users.

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::Capabilities;
use daemonlab::sys::{Errno, Gid, Kernel, Result};

use super::super::flaws::Flaw;
use super::{Flawed, all};

/// The answer that the flaw gives instead of the kernel's; `None` where it has
/// nothing to say.
pub fn lie(kernel: &Flawed, call: &Call) -> Option<Result<Ret>> {
    let done = Some(Ok(Ret::Unit));
    match (kernel.flaw, call) {
        (Flaw::KeepsGroups, Call::SetGroups { groups }) if !kernel.is_launcher() => {
            kernel.pretended.groups.set(Some(groups.clone()));
            done
        }
        (Flaw::KeepsGroups, Call::GetGroups) => {
            let groups = kernel.pretended.groups.take()?;
            kernel.pretended.groups.set(Some(groups.clone()));
            Some(Ok(Ret::Groups(groups)))
        }
        (Flaw::LauncherKeepsGroups, Call::SetGroups { .. } | Call::SetResGid { .. })
            if kernel.is_launcher() =>
        {
            done
        }
        (Flaw::KeepsGid, Call::SetResGid { real, .. }) if !kernel.is_launcher() => {
            kernel.pretended.gid.set(real.map(Gid::as_raw));
            done
        }
        (Flaw::KeepsGid, Call::GetResGid) => {
            kernel.pretended.gid.get().map(|id| Ok(Ret::Ids(all(id))))
        }
        (
            Flaw::KeepsSavedUid,
            Call::SetResUid {
                real: Some(uid),
                effective,
                saved: Some(_),
            },
        ) if !kernel.is_launcher() => {
            kernel.pretended.uid.set(Some(uid.as_raw()));
            Some(Linux.call(Call::SetResUid {
                real: Some(*uid),
                effective: *effective,
                saved: None,
            }))
        }
        (Flaw::KeepsSavedUid, Call::SetResUid { .. }) if kernel.pretended.uid.get().is_some() => {
            Some(Err(Errno::EPERM))
        }
        (Flaw::KeepsSavedUid, Call::GetResUid) => {
            kernel.pretended.uid.get().map(|id| Ok(Ret::Ids(all(id))))
        }
        (Flaw::KeepsCapabilities, Call::SetResUid { real: Some(_), .. })
            if !kernel.is_launcher() =>
        {
            // SAFETY: PR_SET_KEEPCAPS takes one number and no pointer.
            unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0) };
            kernel.pretended.capabilities.set(true);
            None
        }
        (Flaw::KeepsCapabilities, Call::SetResUid { .. })
            if kernel.pretended.capabilities.get() =>
        {
            Some(Err(Errno::EPERM))
        }
        (Flaw::KeepsCapabilities, Call::SetCapabilities { .. })
            if kernel.pretended.capabilities.get() =>
        {
            done
        }
        (Flaw::KeepsCapabilities, Call::GetCapabilities) if kernel.pretended.capabilities.get() => {
            Some(Ok(Ret::Capabilities(Capabilities::default())))
        }
        _ => None,
    }
}
