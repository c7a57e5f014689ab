//! System calls that neither libc nor nix wraps, each made safe on its own.
//!
//! - [`mounts`]: detached trees of mounts (`open_tree(2)` and its like, 5.2 and newer);
//! - [`processes`]: clone into new namespaces, pidfds;
//! - [`bare`]: children that share memory up to their exec, and their calls;
//! - [`descriptors`]: keeping descriptors from those who must not have them.

mod bare;
mod descriptors;
mod mounts;
mod processes;

pub use bare::{Stack, call, spawn};
pub use descriptors::{close_all_from, null_streams};
pub use mounts::{Tree, attributes};
pub use processes::{Cloned, Pidfd, clone_into, exit_now};
