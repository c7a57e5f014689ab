//! User ids and group ids.

use nix::unistd;

use crate::sys::records::Ids;
use crate::sys::{Errno, Gid, Result, Uid};

/// The id that tells setresuid(2), setresgid(2) and fchown(2) to keep what
/// there is.
const KEEP: u32 = u32::MAX;

pub(super) fn getresuid() -> Result<Ids> {
    unistd::getresuid().map(|ids| Ids {
        real: ids.real.as_raw(),
        effective: ids.effective.as_raw(),
        saved: ids.saved.as_raw(),
    })
}

pub(super) fn getresgid() -> Result<Ids> {
    unistd::getresgid().map(|ids| Ids {
        real: ids.real.as_raw(),
        effective: ids.effective.as_raw(),
        saved: ids.saved.as_raw(),
    })
}

pub(super) fn setresuid(
    real: Option<Uid>,
    effective: Option<Uid>,
    saved: Option<Uid>,
) -> Result<()> {
    unistd::setresuid(uid(real)?, uid(effective)?, uid(saved)?)
}

pub(super) fn setresgid(
    real: Option<Gid>,
    effective: Option<Gid>,
    saved: Option<Gid>,
) -> Result<()> {
    unistd::setresgid(gid(real)?, gid(effective)?, gid(saved)?)
}

fn uid(uid: Option<Uid>) -> Result<Uid> {
    id(uid.map(Uid::as_raw)).map(Uid::from_raw)
}

fn gid(gid: Option<Gid>) -> Result<Gid> {
    id(gid.map(Gid::as_raw)).map(Gid::from_raw)
}

/// # Errors
/// EINVAL for the id that means "keep": whoever names it wants a change, and
/// must not be told that it happened.
pub(super) fn id(id: Option<u32>) -> Result<u32> {
    match id {
        None => Ok(KEEP),
        Some(KEEP) => Err(Errno::EINVAL),
        Some(id) => Ok(id),
    }
}
