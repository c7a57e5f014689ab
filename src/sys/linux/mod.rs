//! The real backend, on nix.

use super::call::{Call, Ret};
use super::{Kernel, Result};

/// The kernel that this process runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Linux;

impl Kernel for Linux {
    fn call(&self, _call: Call) -> Result<Ret> {
        Err(super::Errno::ENOSYS)
    }
}
