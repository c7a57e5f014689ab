//! Why a start failed: stage, path or name, cause, and what to do next.

use std::fmt;
use std::time::Duration;

use super::exit_code;
use crate::sys::records::Ended;
use crate::sys::{Errno, Pid};

macro_rules! stages {
    ($($(#[$doc:meta])* $name:ident = $phrase:literal, $status:ident;)*) => {
        /// Where in the start it failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Stage { $($(#[$doc])* $name,)* }

        impl Stage {
            /// Every stage; its place is its number on the pipe.
            pub(super) const ALL: &'static [Stage] = &[$(Stage::$name),*];

            fn phrase(self) -> &'static str {
                match self { $(Stage::$name => $phrase,)* }
            }

            fn status(self) -> i32 {
                match self { $(Stage::$name => exit_code::$status,)* }
            }
        }
    };
}

stages! {
    /// A setting makes no sense. Subject: its key.
    Settings = "settings", CONF;
    /// The conf file. Subject: its path.
    Conf = "conf file", CONF;
    /// Looking up `user` or `group`. Subject: the name.
    Names = "name look-up", UNKNOWN_USER;
    /// Finding or entering the working directory. Subject: the path.
    WorkingDirectory = "working directory", WORKING_DIRECTORY;
    /// Opening the error log. Subject: the path.
    ErrorLog = "error log", STREAMS;
    /// Pointing the standard streams elsewhere. Subject: what at.
    Streams = "standard streams", STREAMS;
    /// Noting or closing the inherited descriptors. Subject: which.
    Descriptors = "inherited descriptors", STREAMS;
    /// Making the PID file. Subject: its path.
    PidFile = "PID file", PID_FILE;
    /// What the launcher does around the first fork. Subject: the call.
    Launch = "launch", SYSTEM;
    /// What the intermediate does. Subject: the call.
    Detach = "detach", SYSTEM;
    /// Resetting mask and dispositions in the daemon. Subject: the call.
    Signals = "signals", SYSTEM;
    /// Dropping the daemon's privileges, or proving it. Subject: the call.
    Privileges = "privileges", PRIVILEGES;
    /// Giving up root in the waiting launcher. Subject: the call.
    LauncherPrivileges = "privileges of the launcher", PRIVILEGES;
    /// The launcher's wait for the daemon.
    Readiness = "readiness", DIED_EARLY;
    /// Telling the launcher. Subject: the call.
    Notify = "telling the launcher", NOTIFY;
    /// Telling the service manager. Subject: `NOTIFY_SOCKET`.
    ServiceManager = "telling the service manager", NOTIFY;
    /// Taking over the listening sockets. Subject: `upgrade_sock`.
    Upgrade = "upgrade", UPGRADE;
    /// The program's own start.
    Program = "program", DIED_EARLY;
    /// What must not happen.
    Internal = "internal", INTERNAL;
}

/// What went wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The kernel, or the name service, said no.
    Errno(Errno),
    /// There is no user or group of that name.
    NoSuchName,
    /// A living instance holds the PID file, which names this PID.
    Held(Option<Pid>),
    /// A process of the start ended before the daemon was ready.
    Ended {
        /// Which one.
        pid: Pid,
        /// How.
        end: Ended,
    },
    /// The daemon closed its end of the pipe, and nobody saw how it ended.
    Vanished,
    /// It took longer than this.
    TimedOut(Duration),
    /// The launcher had ended.
    LauncherGone,
    /// For this long, the signal to the launcher met EPERM.
    WindowPassed(Duration),
    /// The program gave up, with a status of its own.
    Program {
        /// The launcher's exit status.
        status: i32,
        /// Why, in the program's words.
        why: String,
    },
    /// In words.
    Text(String),
}

/// A start that failed. `Display` gives one line: stage, path or name, cause,
/// and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where.
    pub stage: Stage,
    /// The path, the name or the call it is about.
    pub subject: Option<String>,
    /// What went wrong.
    pub cause: Cause,
    /// What is left, where that is not nothing: a process that could not be
    /// ended, say.
    pub aftermath: Option<String>,
}

impl Failure {
    /// A failure at `stage`, about `subject`.
    pub fn new(stage: Stage, subject: impl Into<String>, cause: Cause) -> Failure {
        Failure {
            stage,
            subject: Some(subject.into()),
            cause,
            aftermath: None,
        }
    }

    /// A failure at `stage` that is about nothing in particular.
    pub fn bare(stage: Stage, cause: Cause) -> Failure {
        Failure {
            stage,
            subject: None,
            cause,
            aftermath: None,
        }
    }

    /// The exit status that [`exit_code`] documents for it.
    pub fn status(&self) -> i32 {
        match (&self.cause, self.stage) {
            (Cause::Held(_), _) => exit_code::RUNNING_ALREADY,
            (Cause::TimedOut(_), Stage::Readiness) => exit_code::TIMED_OUT,
            (Cause::LauncherGone, _) => exit_code::LAUNCHER_GONE,
            (Cause::Program { status, .. }, _) => *status,
            (_, stage) => stage.status(),
        }
    }

    /// The errno, where the kernel gave one.
    pub fn errno(&self) -> Option<Errno> {
        match self.cause {
            Cause::Errno(errno) => Some(errno),
            Cause::WindowPassed(_) => Some(Errno::EPERM),
            _ => None,
        }
    }

    /// What whoever reads the message can do about it.
    fn next(&self) -> &'static str {
        match (self.stage, &self.cause) {
            (_, Cause::Held(_)) => "stop that instance first, or take over from it with --upgrade",
            (_, Cause::LauncherGone) => {
                "start it again and leave the launcher alone until it exits"
            }
            (_, Cause::WindowPassed(_)) => {
                "see what keeps the launcher from becoming `user`, or raise daemon_notify_timeout_seconds"
            }
            (_, Cause::Program { .. }) => "see what the program says of it in its log",
            (Stage::Settings | Stage::Conf, _) => "correct it and try again; --test checks it",
            (Stage::Names, Cause::NoSuchName) => "create it, or correct `user` and `group`",
            (Stage::Names, _) => "see what ails the name service (getent passwd)",
            (Stage::WorkingDirectory, _) => "create the directory, or correct `working_directory`",
            (Stage::ErrorLog, _) => "create its directory, or correct `error_log`",
            (Stage::Streams, _) => "see that /dev/null and the error log can be opened",
            (Stage::Descriptors, _) => "see that /proc is mounted, or note no descriptors",
            (Stage::PidFile, _) => {
                "see that its directory exists, is writable for whoever starts, and holds a regular file or none by that name"
            }
            (
                Stage::Launch | Stage::Detach | Stage::Signals,
                Cause::Errno(Errno::EAGAIN | Errno::ENOMEM),
            ) => "see the limits on processes and memory (ulimit -u, pids.max)",
            (
                Stage::Launch | Stage::Detach | Stage::Signals,
                Cause::Errno(Errno::EMFILE | Errno::ENFILE),
            ) => "see the limits on open files (ulimit -n)",
            (Stage::Launch | Stage::Detach | Stage::Signals, _) => {
                "see whether a seccomp filter or a sandbox forbids the call"
            }
            (Stage::Privileges | Stage::LauncherPrivileges, _) => {
                "start it as root or as `user` itself, and see whether the user namespace maps the ids and allows setgroups (groups_denied: keep does without)"
            }
            (Stage::Readiness, Cause::TimedOut(_)) => {
                "see the error log for what it waits for, or raise daemon_ready_timeout_seconds"
            }
            (Stage::Readiness | Stage::Program, _) => "see the error log for its last words",
            (Stage::Notify, _) => "see whether a seccomp filter or a sandbox forbids the call",
            (Stage::ServiceManager, _) => "unset NOTIFY_SOCKET if no service manager listens",
            (Stage::Upgrade, _) => {
                "see that the old instance runs and listens on the same upgrade_sock, or start without --upgrade"
            }
            (Stage::Internal, _) => "this is a bug: please report it",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.stage.phrase())?;
        if let Some(subject) = &self.subject {
            write!(f, "{subject}: ")?;
        }
        write!(f, "{}", self.cause)?;
        if let Some(aftermath) = &self.aftermath {
            write!(f, "; {aftermath}")?;
        }
        write!(f, "; {}", self.next())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Errno(errno) => write!(f, "{} ({errno:?})", errno.desc()),
            Cause::NoSuchName => f.write_str("there is none of that name"),
            Cause::Held(Some(pid)) => write!(f, "a living instance, PID {pid}, holds it"),
            Cause::Held(None) => f.write_str("a living instance holds it"),
            Cause::Ended { pid, end } => {
                write!(f, "PID {pid} {end} before the daemon was ready")
            }
            Cause::Vanished => f.write_str("the daemon was gone before it was ready"),
            Cause::TimedOut(time) => write!(f, "not within {time:?}"),
            Cause::LauncherGone => f.write_str("the launcher is gone"),
            Cause::WindowPassed(time) => write!(
                f,
                "{} ({:?}) for {time:?}",
                Errno::EPERM.desc(),
                Errno::EPERM
            ),
            Cause::Program { status, why } => write!(f, "{why} (status {status})"),
            Cause::Text(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        Failure::new(Stage::PidFile, "/run/a.pid", Cause::Errno(Errno::EACCES)),
        "PID file: /run/a.pid: Permission denied (EACCES); see that its directory",
        exit_code::PID_FILE
    )]
    #[case(
        Failure::new(Stage::PidFile, "/run/a.pid", Cause::Held(Some(Pid::from_raw(7)))),
        "PID file: /run/a.pid: a living instance, PID 7, holds it; stop that",
        exit_code::RUNNING_ALREADY
    )]
    #[case(
        Failure::bare(Stage::Readiness, Cause::TimedOut(Duration::from_secs(600))),
        "readiness: not within 600s; see the error log",
        exit_code::TIMED_OUT
    )]
    #[case(
        Failure::new(Stage::Readiness, "daemon", Cause::Ended { pid: Pid::from_raw(9), end: Ended::Exited(3) }),
        "readiness: daemon: PID 9 exited with status 3 before the daemon was ready; see",
        exit_code::DIED_EARLY
    )]
    #[case(
        Failure::bare(Stage::Program, Cause::Program { status: 3, why: "no port".into() }),
        "program: no port (status 3); see what",
        3
    )]
    fn a_failure_says_where_what_and_what_next(
        #[case] failure: Failure,
        #[case] start: &str,
        #[case] status: i32,
    ) {
        let shown = failure.to_string();
        assert!(shown.starts_with(start), "{shown}");
        assert!(!shown.contains('\n'));
        assert_eq!(failure.status(), status);
    }
}
