//! Daemonize correctly, every time.
//!
//! This crate holds three things that share one table of system calls
//! ([`sys::call::Call`]):
//!
//! - [`daemon`], the daemonizer: it detaches, writes the PID file, gives up
//!   root and tells its launcher when it is ready;
//! - [`sys`], the traits through which it speaks to the kernel, with the real
//!   backend [`sys::linux::Linux`];
//! - `sim` and `explore` (features), the simulated kernel behind the same
//!   traits and the search through every order and every fault.
//!
//! The runner for real, unmodified programs is the package
//! `daemonlab-harness`; this library never depends on it.

#![warn(missing_docs)]

#[cfg(doctest)]
mod book;
pub mod daemon;
#[cfg(feature = "explore")]
pub mod explore;
#[cfg(feature = "sim")]
pub mod sim;
pub mod sys;
