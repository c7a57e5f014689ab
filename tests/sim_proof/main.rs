//! The daemonizer proven: every order of launcher, intermediate and daemon,
//! and every single fault in any of them.
//!
//! Each scenario is explored three times. Each exploration runs to its end and
//! prints the bounds of what it claims:
//!
//! 1. without faults, every order, reduced;
//! 2. with every single fault on the plain run, once and for good;
//! 3. with every single fault (each errno of each call, short reads and writes,
//!    SIGKILL of any process at any call, a timeout while others could still go
//!    on), in every order with as many preemptions as the scenario says, reduced
//!    as well.
//!
//! Two starts at once, and an upgrade, have too many orders: the first with at
//! most one preemption, the third with none, and of two starts with SIGKILL as
//! the only fault.
//!
//! With `DAEMONLAB_PROOF=full` the third has no bound on preemptions, two starts
//! meet every fault, and it takes far longer.
//!
//! - [`handshake`]: with and without waiting, with a user and without, early
//!   death, timeout, the window of EPERM;
//! - [`others`]: a stranger, a second start, PIDs that are used again;
//! - [`upgrade`]: an old instance that is to be taken over from.

mod handshake;
mod others;
mod proof;
mod start;
mod upgrade;
