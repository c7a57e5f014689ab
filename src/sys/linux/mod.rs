//! The real backend, on nix.
//!
//! One file a topic, one function a call; `kernel.rs` sends each
//! [`Call`](super::call::Call) to its function. Where nix has no wrapper, or
//! one that hides part of what the kernel says (real-time signals, signal
//! sets, truncated control messages), the function calls libc itself.

mod capabilities;
mod clock;
mod credentials;
mod descriptors;
mod environment;
mod files;
mod kernel;
mod pipes;
mod process;
mod signals;
mod sockets;
mod users;
mod waiting;

/// The kernel that this process runs on.
///
/// # What it does where the man pages leave room
///
/// - Credentials change as the C library's wrappers change them: for every
///   thread of the process (`nptl(7)`). Capabilities and the signal mask are
///   the calling thread's alone.
/// - The signals that the C library keeps for its own threads (32 and 33 with
///   glibc) are never blocked. Of their dispositions only one that was
///   inherited as ignored can be changed: it can be reset.
/// - After [`Call::Fork`](super::call::Call::Fork) in a process with several
///   threads, the child may hold locks that nobody will ever release. The
///   backend's own calls allocate memory, which the C libraries of Linux allow
///   there, and take no other lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Linux;
