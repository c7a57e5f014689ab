//! The system calls that a daemon's start needs, as traits over one table.
//!
//! A backend implements one method, [`Kernel::call`]: a [`call::Call`] goes
//! in, a [`call::Ret`] or an [`Errno`] comes out. Everything typed and
//! pleasant is written once, as provided methods of small traits by topic
//! ([`Process`], [`Signals`], [`Credentials`], [`Files`], [`Pipes`],
//! [`Sockets`], [`Waiting`], [`Clock`]), which every backend has for free.
//! Because a call is plain data, recording, replay, faults, schedules and the
//! scripted mock all speak the same table.
//!
//! What is not a system call is not in the table: the name service
//! ([`Users`]) and the process's own memory ([`Environment`]).
//!
//! | backend | where | for |
//! |---|---|---|
//! | [`linux::Linux`] | `sys/linux` | the real kernel |
//! | `scripted::Scripted` | `sys/scripted`, feature `scripted` | unit tests: a list of expected calls with their answers |
//! | `sim` | `src/sim`, feature `sim` | every interleaving and every fault |

pub mod call;
mod clock;
mod credentials;
mod environment;
mod fd;
mod files;
mod kernel;
pub mod linux;
mod pipes;
mod process;
pub mod records;
#[cfg(feature = "scripted")]
pub mod scripted;
mod show;
mod signal;
mod signals;
mod sockets;
mod users;
mod waiting;

pub use clock::Clock;
pub use credentials::Credentials;
pub use environment::Environment;
pub use fd::Fd;
pub use files::Files;
pub use kernel::{Kernel, System};
pub use nix::errno::Errno;
pub use nix::unistd::{Gid, Pid, Uid};
pub use pipes::Pipes;
pub use process::{Forked, Process};
pub use signal::{Signal, SignalSet};
pub use signals::Signals;
pub use sockets::Sockets;
pub use users::{Group, User, Users};
pub use waiting::Waiting;

/// What a call gives: an answer, or the errno that the kernel gave.
pub type Result<T> = std::result::Result<T, Errno>;
