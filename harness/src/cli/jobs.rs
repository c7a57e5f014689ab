//! How much is done at a time.

use std::num::NonZeroUsize;
use std::thread;

/// As much as is wanted, or as there are CPUs.
pub fn jobs(wanted: Option<NonZeroUsize>) -> NonZeroUsize {
    let wanted = wanted.or_else(|| thread::available_parallelism().ok());
    wanted.unwrap_or(NonZeroUsize::MIN)
}
