//! The exit statuses of the launcher, and of a start that ends in the daemon.
//!
//! | status | the end of the start |
//! |---|---|
//! | 0 | detached, or ready where the launcher waits for that |
//! | 64 | usage: for the program's own command line |
//! | 67 | `user` or `group` is unknown, or the name service failed |
//! | 69 | a living instance holds the PID file |
//! | 70 | internal: a record on the pipe that nobody wrote |
//! | 71 | the kernel refused a pipe, a fork, a session, a signal mask |
//! | 72 | the working directory cannot be entered |
//! | 73 | the PID file cannot be made |
//! | 74 | the error log, `/dev/null` or an inherited descriptor |
//! | 75 | not ready in time |
//! | 76 | the launcher or the service manager could not be told |
//! | 77 | the privileges could not be dropped, or could be regained |
//! | 78 | the conf file or a setting is wrong |
//! | 79 | the daemon ended before it was ready |
//! | 80 | the launcher was gone (status of the daemon; nobody else can see it) |
//! | 81 | the upgrade: the old instance did not hand its sockets over |
//! | any | what the program gave to `Ready::fail` |
//!
//! The numbers up to 78 are those of `sysexits.h(3head)` where one fits.

/// Detached, or ready.
pub const READY: i32 = 0;
/// The program's command line is wrong (`EX_USAGE`).
pub const USAGE: i32 = 64;
/// An unknown `user` or `group` (`EX_NOUSER`).
pub const UNKNOWN_USER: i32 = 67;
/// A living instance holds the PID file (`EX_UNAVAILABLE`).
pub const RUNNING_ALREADY: i32 = 69;
/// What must not happen (`EX_SOFTWARE`).
pub const INTERNAL: i32 = 70;
/// The kernel refused (`EX_OSERR`).
pub const SYSTEM: i32 = 71;
/// The working directory.
pub const WORKING_DIRECTORY: i32 = 72;
/// The PID file cannot be made (`EX_CANTCREAT`).
pub const PID_FILE: i32 = 73;
/// The error log, the standard streams, inherited descriptors (`EX_IOERR`).
pub const STREAMS: i32 = 74;
/// Not ready in time (`EX_TEMPFAIL`).
pub const TIMED_OUT: i32 = 75;
/// The launcher or the service manager could not be told (`EX_PROTOCOL`).
pub const NOTIFY: i32 = 76;
/// Privileges (`EX_NOPERM`).
pub const PRIVILEGES: i32 = 77;
/// The conf file, or a setting (`EX_CONFIG`).
pub const CONF: i32 = 78;
/// The daemon ended before it was ready.
pub const DIED_EARLY: i32 = 79;
/// The launcher was gone.
pub const LAUNCHER_GONE: i32 = 80;
/// The upgrade.
pub const UPGRADE: i32 = 81;
