//! What a program may ask of the daemonizer, as plain data.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Cause, Failure, Stage};

/// How a daemon is to be started. `Default` is Pingora's documented default
/// for each of its keys, and the strict way for each option of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Pingora's `daemon` and `-d`.
    pub mode: Mode,
    /// Pingora's `pid_file`; a relative path means the directory of the start.
    pub pid_file: PathBuf,
    /// Pingora's `error_log`: what stderr appends to in the background.
    pub error_log: Option<PathBuf>,
    /// Pingora's `user`, a name.
    pub user: Option<String>,
    /// Pingora's `group`, a name. `None` means the primary group of `user`.
    pub group: Option<String>,
    /// Pingora's `working_directory`; `/` if there is none.
    pub working_directory: Option<PathBuf>,
    /// Pingora's `daemon_wait_for_ready`.
    pub launcher_waits: LauncherWaits,
    /// Pingora's `daemon_ready_timeout_seconds`: how long the launcher waits.
    /// Not zero. It bounds the wait for [`LauncherWaits::ForDetached`] as well.
    pub ready_timeout: Duration,
    /// Pingora's `daemon_notify_timeout_seconds`: for how long the daemon tries
    /// again while its signal meets EPERM. Not zero.
    pub notify_timeout: Duration,
    /// Pingora's `-u` and `upgrade`.
    pub start: Start,
    /// Pingora's `upgrade_sock`: where an old instance hands its sockets over.
    pub upgrade_sock: PathBuf,

    /// To whom the PID file belongs.
    pub pid_file_owner: PidFileOwner,
    /// What the launcher does with a daemon that is not ready in time.
    pub on_timeout: OnTimeout,
    /// What a daemon does whose launcher is gone, or whose window has passed.
    pub on_lost_launcher: OnLostLauncher,
    /// What happens where the supplementary groups may not be set.
    pub groups_denied: GroupsDenied,
    /// Which variables the daemon keeps.
    pub environment: EnvironmentPolicy,
    /// Descriptors that were inherited at exec and stay open all the same,
    /// besides 0, 1 and 2.
    pub keep_fds: Vec<RawFd>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            mode: Mode::Foreground,
            pid_file: PathBuf::from("/tmp/pingora.pid"),
            error_log: None,
            user: None,
            group: None,
            working_directory: None,
            launcher_waits: LauncherWaits::ForDetached,
            ready_timeout: Duration::from_secs(600),
            notify_timeout: Duration::from_secs(60),
            start: Start::Fresh,
            upgrade_sock: PathBuf::from("/tmp/pingora_upgrade.sock"),
            pid_file_owner: PidFileOwner::Starter,
            on_timeout: OnTimeout::Kill,
            on_lost_launcher: OnLostLauncher::Exit,
            groups_denied: GroupsDenied::Error,
            environment: EnvironmentPolicy::Keep,
            keep_fds: Vec::new(),
        }
    }
}

/// Where the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the process that was started: no fork, no new session; streams,
    /// descriptors, mask, dispositions and umask as they are. The PID file,
    /// the privileges and the readiness are the same.
    Foreground,
    /// Detached: a daemon.
    Background,
}

/// What the launcher waits for before it exits with 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LauncherWaits {
    /// The daemon is detached, has its PID file and has dropped its privileges.
    ForDetached,
    /// The program has said that it is ready, too.
    ForReady,
}

/// Whether another instance may be running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// None may: a PID file that is held refuses the start.
    Fresh,
    /// This one takes over: a PID file that is held is moved to `.old`.
    Upgrade,
}

/// To whom the PID file belongs; its mode is 0644 either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PidFileOwner {
    /// To whoever started the daemon.
    Starter,
    /// To [`Settings::user`] and its group, as Pingora does: `user` can then
    /// write a PID of its choice into a file that root may trust.
    User,
}

/// What becomes of a daemon that was not ready in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTimeout {
    /// SIGKILL, to it and to its process group.
    Kill,
    /// It is left running, as Pingora does.
    Leave,
}

/// What a daemon does that cannot tell its launcher that it is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLostLauncher {
    /// The start has failed.
    Exit,
    /// It runs on, as Pingora does.
    Stay,
}

/// What happens where `setgroups(2)` is denied, as in a user namespace whose
/// `/proc/PID/setgroups` says `deny`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupsDenied {
    /// The start fails.
    Error,
    /// The daemon keeps the groups of whoever started it.
    Keep,
}

/// Which environment variables the daemon keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentPolicy {
    /// All of them.
    Keep,
    /// Those with these names; the others are removed.
    Only(Vec<String>),
}

impl Settings {
    /// Whether the values make sense by themselves; asks nobody.
    ///
    /// # Errors
    /// A [`Failure`] of [`Stage::Settings`] with the key: a timeout of zero, an
    /// empty name or path, a path that names no file, a zero byte in a name.
    pub fn validate(&self) -> Result<(), Failure> {
        for (key, time) in [
            ("daemon_ready_timeout_seconds", self.ready_timeout),
            ("daemon_notify_timeout_seconds", self.notify_timeout),
        ] {
            if time.is_zero() {
                return Err(invalid(key, "is zero"));
            }
        }
        for (key, name) in [("user", &self.user), ("group", &self.group)] {
            match name.as_deref() {
                Some("") => return Err(invalid(key, "is empty")),
                Some(name) if name.contains('\0') => return Err(invalid(key, "has a zero byte")),
                _ => {}
            }
        }
        self.validate_paths()
    }

    fn validate_paths(&self) -> Result<(), Failure> {
        let paths: [(&str, Option<&Path>); 4] = [
            ("pid_file", Some(&self.pid_file)),
            ("error_log", self.error_log.as_deref()),
            ("working_directory", self.working_directory.as_deref()),
            ("upgrade_sock", Some(&self.upgrade_sock)),
        ];
        for (key, path) in paths {
            let Some(path) = path else { continue };
            if path.as_os_str().is_empty() {
                return Err(invalid(key, "is empty"));
            }
            if path.as_os_str().as_encoded_bytes().contains(&0) {
                return Err(invalid(key, "has a zero byte"));
            }
        }
        if self.pid_file.file_name().is_none() {
            return Err(invalid("pid_file", "names a directory"));
        }
        Ok(())
    }
}

fn invalid(key: &str, why: &str) -> Failure {
    Failure::new(Stage::Settings, key, Cause::Text(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::ready(Settings { ready_timeout: Duration::ZERO, ..Settings::default() }, "daemon_ready_timeout_seconds")]
    #[case::notify(Settings { notify_timeout: Duration::ZERO, ..Settings::default() }, "daemon_notify_timeout_seconds")]
    #[case::user(Settings { user: Some(String::new()), ..Settings::default() }, "user")]
    #[case::group(Settings { group: Some("a\0b".into()), ..Settings::default() }, "group")]
    #[case::no_file(Settings { pid_file: "/run/..".into(), ..Settings::default() }, "pid_file")]
    #[case::empty(Settings { error_log: Some("".into()), ..Settings::default() }, "error_log")]
    #[case::zero(Settings { upgrade_sock: "a\0".into(), ..Settings::default() }, "upgrade_sock")]
    fn a_senseless_value_is_refused_by_its_key(#[case] settings: Settings, #[case] key: &str) {
        let failure = settings.validate().unwrap_err();
        assert_eq!(failure.stage, Stage::Settings);
        assert_eq!(failure.subject.as_deref(), Some(key));
    }

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Settings::default().validate(), Ok(()));
    }
}
