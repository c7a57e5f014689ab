//! Pingora's flags.

use std::path::PathBuf;

use clap::Parser;

/// A small TCP server that puts itself in the background correctly
///
/// Made to be started, watched and ended by daemonlab; knows the flags and the keys of Pingora's
/// servers. Says `hello from PID` to whoever connects.
#[derive(Debug, Parser)]
#[command(name = "labd", version, after_long_help = AFTER, max_term_width = 100)]
pub struct Args {
    /// Go into the background
    ///
    /// As `daemon: true` in the conf file. Without either it stays in the foreground: the same PID
    /// file, privileges and readiness, and no fork.
    #[arg(short, long)]
    pub daemon: bool,

    /// Read this YAML file
    #[arg(short, long, value_name = "FILE")]
    pub conf: Option<PathBuf>,

    /// Test the conf file, names and directories, touch nothing, and exit
    #[arg(short, long)]
    pub test: bool,

    /// Take over from the running instance
    ///
    /// Asks it for its listening sockets over `upgrade_sock`; its PID file becomes `.old`. Once this
    /// one is ready, send the old one SIGQUIT. No connection is refused in between.
    #[arg(short, long)]
    pub upgrade: bool,
}

const AFTER: &str = "\
Signals:
  SIGTERM  stop: answer who is connected, remove the PID file, exit with 0
  SIGINT   stop at once: nobody is answered any more
  SIGQUIT  stop as with SIGTERM, after another instance has taken over

The conf file, with the defaults:
  version: 1                          # must be there
  daemon: false
  pid_file: /tmp/pingora.pid
  upgrade_sock: /tmp/pingora_upgrade.sock
  error_log:                          # in the background: where stderr goes
  user:                               # names, switched to before the first connection
  group:                              # by default the primary group of `user`
  working_directory: /                # in the background
  daemon_wait_for_ready: false        # the launcher exits once labd is ready
  daemon_ready_timeout_seconds: 600
  daemon_notify_timeout_seconds: 60
  grace_period_seconds: 300           # how long a stop waits for connections,
  graceful_shutdown_timeout_seconds: 5  # and how much longer
  pid_file_owner: starter             # or, as Pingora does: user
  on_timeout: kill                    # a daemon that is not ready in time; or: leave
  on_lost_launcher: exit              # a daemon whose launcher is gone; or: stay
  lab:
    listen: 127.0.0.1:8080            # or a list
    bind: after-drop                  # or, as root and for low ports: before-fork
    text: hello                       # the first word of the answer
    answer-after: 0s                  # time between connection and answer
    ready-after: 0s                   # or: never
    die: {at: before-ready, how: exit 3}  # not by default; how may be: signal KILL
                                      # at: before-fork (in the launcher), detached,
                                      # before-ready, after-ready, stopping
Other keys are ignored, with a warning.

Exit statuses of the launcher (and of labd in the foreground):
   0  in the background, or ready where it waits for that; -t: all is well
   1  cannot listen, or was told to stop before it was ready
  64  usage
  67  user or group is unknown
  69  an instance is running already
  71  the kernel refused a fork, a pipe, a session
  72  the working directory
  73  the PID file
  74  the error log or the standard streams
  75  not ready in time
  76  the launcher or the service manager could not be told
  77  privileges could not be dropped
  78  the conf file
  79  the daemon ended before it was ready
  81  the running instance did not hand its sockets over

Environment:
  RUST_LOG  what is logged, to stderr: off, error, warn (the default), info

Try it:
  printf 'version: 1\\npid_file: /tmp/labd.pid\\n' > /tmp/labd.yaml
  labd -d -c /tmp/labd.yaml && nc 127.0.0.1 8080; kill $(cat /tmp/labd.pid)";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use daemonlab::daemon::exit_code;

    use super::*;

    #[test]
    fn the_flags_are_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_help_tells_every_status_of_a_launcher() {
        for status in [
            exit_code::READY,
            exit_code::USAGE,
            exit_code::UNKNOWN_USER,
            exit_code::RUNNING_ALREADY,
            exit_code::SYSTEM,
            exit_code::WORKING_DIRECTORY,
            exit_code::PID_FILE,
            exit_code::STREAMS,
            exit_code::TIMED_OUT,
            exit_code::NOTIFY,
            exit_code::PRIVILEGES,
            exit_code::CONF,
            exit_code::DIED_EARLY,
            exit_code::UPGRADE,
        ] {
            assert!(AFTER.contains(&format!("\n  {status:>2}  ")), "{status}");
        }
    }
}
