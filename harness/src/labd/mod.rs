//! `labd`: a small server on the daemonizer, and the embedded default target.
//!
//! It has Pingora's flags and keys, says one line with its PID to whoever
//! connects, and can be told by the section `lab:` of its conf file to be slow,
//! never ready, or to end at a named stage. [`main`] is the program on the real
//! kernel, [`run`] the same on any other backend of the daemonizer's traits, and
//! [`program`] what a simulated process runs: there is one `labd` for every world.
//!
//! ```text
//! args ─▶ conf file ─▶ Settings, Lab ─▶ Daemon ─fork─▶ program: sockets ─▶ ready ─▶ serve
//! ```

mod args;
mod conf;
mod die;
mod guest;
mod lab;
mod listen;
mod log;
mod net;
mod program;
mod serve;
mod start;
mod stop;
mod takeover;

pub use net::{Net, SIMULATED_TCP, simulated};
pub use start::{main, program, run};
