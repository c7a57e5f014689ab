//! The names that helpers are started by.

/// `argv[0]` of a supervisor; `argv[1]` is the harness's PID, for whoever looks
/// at a list of processes.
pub const SUPERVISOR: &str = "daemonlab-supervisor";

/// `argv[0]` of a template; `argv[1]` is the harness's PID, and `argv[2]` its
/// supervisor's.
pub const TEMPLATE: &str = "daemonlab-template";
