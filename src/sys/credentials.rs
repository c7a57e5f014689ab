//! Credentials: user ids, group ids, groups, capabilities.

use super::call::{Call, Ret};
use super::records::{Capabilities, Ids};
use super::{Gid, Kernel, Result, Uid};

/// Credentials (`credentials(7)`, `capabilities(7)`).
pub trait Credentials: Kernel {
    /// Real, effective and saved user id (`getresuid(2)`).
    ///
    /// # Errors
    /// None for valid arguments.
    fn getresuid(&self) -> Result<Ids> {
        self.call(Call::GetResUid).map(Ret::ids)
    }

    /// Real, effective and saved group id (`getresgid(2)`).
    ///
    /// # Errors
    /// None for valid arguments.
    fn getresgid(&self) -> Result<Ids> {
        self.call(Call::GetResGid).map(Ret::ids)
    }

    /// The supplementary groups (`getgroups(2)`).
    ///
    /// # Errors
    /// None for valid arguments.
    fn getgroups(&self) -> Result<Vec<Gid>> {
        self.call(Call::GetGroups).map(Ret::groups)
    }

    /// Sets the supplementary groups (`setgroups(2)`).
    ///
    /// # Errors
    /// EPERM without CAP_SETGID, or where a user namespace denies it; EINVAL.
    fn setgroups(&self, groups: &[Gid]) -> Result<()> {
        self.call(Call::SetGroups {
            groups: groups.to_vec(),
        })
        .map(Ret::unit)
    }

    /// Sets real, effective and saved user id; `None` keeps one
    /// (`setresuid(2)`).
    ///
    /// # Errors
    /// EPERM, EAGAIN, EINVAL for an id without a mapping.
    fn setresuid(
        &self,
        real: Option<Uid>,
        effective: Option<Uid>,
        saved: Option<Uid>,
    ) -> Result<()> {
        self.call(Call::SetResUid {
            real,
            effective,
            saved,
        })
        .map(Ret::unit)
    }

    /// Sets real, effective and saved group id; `None` keeps one
    /// (`setresgid(2)`).
    ///
    /// # Errors
    /// EPERM, EINVAL for an id without a mapping.
    fn setresgid(
        &self,
        real: Option<Gid>,
        effective: Option<Gid>,
        saved: Option<Gid>,
    ) -> Result<()> {
        self.call(Call::SetResGid {
            real,
            effective,
            saved,
        })
        .map(Ret::unit)
    }

    /// `setuid(2)`: with CAP_SETUID all three ids, otherwise the effective one.
    ///
    /// # Errors
    /// EPERM, EAGAIN, EINVAL.
    fn setuid(&self, uid: Uid) -> Result<()> {
        self.call(Call::SetUid { uid }).map(Ret::unit)
    }

    /// `setgid(2)`: with CAP_SETGID all three ids, otherwise the effective one.
    ///
    /// # Errors
    /// EPERM, EINVAL.
    fn setgid(&self, gid: Gid) -> Result<()> {
        self.call(Call::SetGid { gid }).map(Ret::unit)
    }

    /// Every capability set of the caller (`capget(2)`, `prctl(2)`).
    ///
    /// # Errors
    /// None for valid arguments.
    fn capabilities(&self) -> Result<Capabilities> {
        self.call(Call::GetCapabilities).map(Ret::capabilities)
    }

    /// Sets the effective, permitted, inheritable and ambient sets; the
    /// bounding set of the argument is not looked at (`capset(2)`).
    ///
    /// # Errors
    /// EPERM where a set would grow beyond what is permitted.
    fn set_capabilities(&self, sets: Capabilities) -> Result<()> {
        self.call(Call::SetCapabilities { sets }).map(Ret::unit)
    }
}

impl<K: Kernel> Credentials for K {}
