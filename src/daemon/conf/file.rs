//! The daemonizer's own keys.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Location, Spanned};

use crate::daemon::{
    EnvironmentPolicy, GroupsDenied, LauncherWaits, Mode, OnLostLauncher, OnTimeout, PidFileOwner,
    Settings,
};

/// Their names.
pub(super) const KEYS: &[&str] = &[
    "version",
    "daemon",
    "pid_file",
    "error_log",
    "user",
    "group",
    "working_directory",
    "upgrade_sock",
    "daemon_wait_for_ready",
    "daemon_ready_timeout_seconds",
    "daemon_notify_timeout_seconds",
    "pid_file_owner",
    "on_timeout",
    "on_lost_launcher",
    "groups_denied",
    "environment",
    "keep_fds",
];

/// The file, as far as it is the daemonizer's.
#[derive(Deserialize)]
pub(super) struct File {
    pub(super) version: Spanned<u64>,
    #[serde(default)]
    daemon: bool,
    pid_file: Option<PathBuf>,
    error_log: Option<PathBuf>,
    user: Option<String>,
    group: Option<String>,
    working_directory: Option<PathBuf>,
    upgrade_sock: Option<PathBuf>,
    #[serde(default)]
    daemon_wait_for_ready: bool,
    daemon_ready_timeout_seconds: Option<Spanned<u64>>,
    daemon_notify_timeout_seconds: Option<Spanned<u64>>,
    pid_file_owner: Option<Spanned<String>>,
    on_timeout: Option<Spanned<String>>,
    on_lost_launcher: Option<Spanned<String>>,
    groups_denied: Option<Spanned<String>>,
    environment: Option<Variables>,
    keep_fds: Option<Vec<i32>>,
}

impl File {
    /// # Errors
    /// What is wrong with a value, and where.
    pub(super) fn settings(self) -> Result<Settings, (Location, String)> {
        let default = Settings::default();
        Ok(Settings {
            mode: match self.daemon {
                true => Mode::Background,
                false => Mode::Foreground,
            },
            pid_file: self.pid_file.unwrap_or(default.pid_file),
            error_log: self.error_log,
            user: self.user,
            group: self.group,
            working_directory: self.working_directory,
            launcher_waits: match self.daemon_wait_for_ready {
                true => LauncherWaits::ForReady,
                false => LauncherWaits::ForDetached,
            },
            ready_timeout: seconds(self.daemon_ready_timeout_seconds)?
                .unwrap_or(default.ready_timeout),
            notify_timeout: seconds(self.daemon_notify_timeout_seconds)?
                .unwrap_or(default.notify_timeout),
            start: default.start,
            upgrade_sock: self.upgrade_sock.unwrap_or(default.upgrade_sock),
            pid_file_owner: word(
                self.pid_file_owner,
                [
                    ("starter", PidFileOwner::Starter),
                    ("user", PidFileOwner::User),
                ],
            )?,
            on_timeout: word(
                self.on_timeout,
                [("kill", OnTimeout::Kill), ("leave", OnTimeout::Leave)],
            )?,
            on_lost_launcher: word(
                self.on_lost_launcher,
                [
                    ("exit", OnLostLauncher::Exit),
                    ("stay", OnLostLauncher::Stay),
                ],
            )?,
            groups_denied: word(
                self.groups_denied,
                [("error", GroupsDenied::Error), ("keep", GroupsDenied::Keep)],
            )?,
            environment: self.environment.map_or(default.environment, |wish| wish.0),
            keep_fds: self.keep_fds.unwrap_or(default.keep_fds),
        })
    }
}

fn seconds(given: Option<Spanned<u64>>) -> Result<Option<Duration>, (Location, String)> {
    match given {
        None => Ok(None),
        Some(zero) if zero.value == 0 => {
            Err((zero.referenced, "the time must not be zero".to_owned()))
        }
        Some(seconds) => Ok(Some(Duration::from_secs(seconds.value))),
    }
}

/// The value that a word stands for; that of the first word, with none.
fn word<T, const N: usize>(
    given: Option<Spanned<String>>,
    words: [(&str, T); N],
) -> Result<T, (Location, String)> {
    let known = words
        .each_ref()
        .map(|(word, _)| format!("`{word}`"))
        .join(" or ");
    let mut words = words.into_iter();
    match given {
        None => Ok(words.next().expect("there are words").1),
        Some(given) => match words.find(|(word, _)| *word == given.value) {
            Some((_, value)) => Ok(value),
            None => Err((
                given.referenced,
                format!("`{}` is unknown, {known} is meant", given.value),
            )),
        },
    }
}

/// `keep`, or a list of names.
struct Variables(EnvironmentPolicy);

impl<'de> Deserialize<'de> for Variables {
    fn deserialize<D: Deserializer<'de>>(yaml: D) -> Result<Self, D::Error> {
        struct Wish;
        impl<'de> Visitor<'de> for Wish {
            type Value = Variables;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`keep` or a list of variables")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Variables, E> {
                match word {
                    "keep" => Ok(Variables(EnvironmentPolicy::Keep)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Variables, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Variables(EnvironmentPolicy::Only(names)))
            }
        }
        yaml.deserialize_any(Wish)
    }
}
