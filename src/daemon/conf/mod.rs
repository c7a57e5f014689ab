//! The YAML conf file that Pingora's servers share, `version: 1`.
//!
//! | key | default |
//! |---|---|
//! | `version` | required: 1 |
//! | `daemon` | `false` |
//! | `pid_file` | `/tmp/pingora.pid` |
//! | `error_log`, `user`, `group`, `working_directory` | none |
//! | `upgrade_sock` | `/tmp/pingora_upgrade.sock` |
//! | `daemon_wait_for_ready` | `false` |
//! | `daemon_ready_timeout_seconds` | 600 |
//! | `daemon_notify_timeout_seconds` | 60 |
//!
//! and of our own, each as [`Settings`](super::settings::Settings) describes it:
//!
//! | key | values; the first is the default |
//! |---|---|
//! | `pid_file_owner` | `starter`, `user` |
//! | `on_timeout` | `kill`, `leave` |
//! | `on_lost_launcher` | `exit`, `stay` |
//! | `groups_denied` | `error`, `keep` |
//! | `environment` | `keep`, or the list of the variables to keep |
//! | `keep_fds` | a list of numbers |
//!
//! Any other key is ignored, by Pingora's contract, and named in a warning,
//! unless it is one that the program reads itself.

mod file;
mod keys;
mod place;
mod read;

pub use read::{Conf, ConfWarning};
