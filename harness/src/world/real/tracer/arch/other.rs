//! Machines that programs cannot be traced on yet.

use std::ops::Range;

use nix::errno::Errno;

/// Whether programs can be traced here.
pub const SUPPORTED: bool = false;

/// No machine's name.
pub const AUDIT_ARCH: u32 = 0;

/// There are none.
pub const OTHER_NUMBERS: Range<u32> = 0..0;

/// Nothing is ever stopped here.
///
/// # Errors
/// ENOSYS.
pub fn skip(_: i32, _: i64) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// As [`skip`].
///
/// # Errors
/// ENOSYS.
pub fn set_number(_: i32, _: i64) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// As [`skip`].
///
/// # Errors
/// ENOSYS.
pub fn take_back(_: i32, _: i64) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// As [`skip`].
///
/// # Errors
/// ENOSYS.
pub fn set_result(_: i32, _: i64) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// As [`skip`].
///
/// # Errors
/// ENOSYS.
pub fn set_argument(_: i32, _: usize, _: u64) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}
