//! The one method that makes a backend.

use super::call::{Call, Ret};
use super::{
    Clock, Credentials, Environment, Files, Pipes, Process, Result, Signals, Sockets, Users,
    Waiting,
};

/// A kernel: the real one, a scripted one, or a simulated one.
///
/// # Contract of a backend
///
/// - `call` answers with the [`Ret`] that [`Call`]'s documentation names for
///   that call, or with the errno that Linux would give. Another kind of
///   answer is a bug of the backend, and the typed methods panic on it.
/// - [`Call::Fork`] answers twice, as in C: `Ret::Pid(0)` in the child.
/// - [`Call::Exit`] never returns. The real backend ends the process; others
///   unwind or suspend whoever called. After it, and after SIGKILL, every
///   further call of that task does nothing and is not recorded: unwinding
///   runs destructors, and the real `_exit` does not.
/// - A value of the type is a handle, cheap to clone; clones speak to the same
///   kernel on behalf of whichever process runs them.
pub trait Kernel: Clone {
    /// Does one system call.
    ///
    /// # Errors
    /// The errno, as the call's man page lists them.
    fn call(&self, call: Call) -> Result<Ret>;
}

/// All that a daemon's start needs: the kernel, the name service, and the
/// process's own environment. Implemented for whatever has all three.
pub trait System:
    Kernel
    + Process
    + Signals
    + Credentials
    + Files
    + Pipes
    + Sockets
    + Waiting
    + Clock
    + Users
    + Environment
{
}

impl<S: Kernel + Users + Environment> System for S {}
