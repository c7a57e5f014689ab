//! The daemonizer on the real kernel.
//!
//! Each test runs in a process of its own that is child subreaper: every
//! daemon becomes its child in the end, and is killed and reaped there.

#[path = "../sys_linux/support.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod support;

mod detach;
mod failures;
mod foreground;
mod lab;
mod pid_file;
mod privileges;
mod readiness;
mod service_manager;
mod upgrade;
