//! The real backend against the real kernel: every call of the table, with
//! the errors that can be had on purpose.
//!
//! What touches the whole process runs in a process of its own (`support`).

mod attributes;
mod clock;
mod credentials;
mod descriptors;
mod environment;
mod fallbacks;
mod folder;
mod names;
mod opening;
mod process;
mod signals;
mod sockets;
mod support;
mod users;
mod waiting;
