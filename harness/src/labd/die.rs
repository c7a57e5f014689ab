//! Ending before one's time, at a named stage.

use daemonlab::sys::records::KillTarget;
use daemonlab::sys::{Signal, System};
use serde::Deserialize;

use super::log::Log;

/// An early end.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Die {
    /// Where.
    pub at: Stage,
    /// How.
    pub how: How,
}

/// A point of the start.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// In the launcher, before it forks.
    BeforeFork,
    /// In the daemon, once it has its PID file and no privileges.
    Detached,
    /// In the daemon, once it listens and `ready-after` has passed.
    BeforeReady,
    /// In the daemon, once it has said that it is ready.
    AfterReady,
    /// In the daemon, once it has been told to stop.
    Stopping,
}

/// A way to end.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub enum How {
    /// `exit N`: at once, as `_exit(2)` does.
    Exit(u8),
    /// `signal NAME`, sent to itself.
    Signal(Signal),
}

impl TryFrom<String> for How {
    type Error = String;

    fn try_from(text: String) -> Result<How, String> {
        let how = match text.split_once(' ') {
            Some(("exit", status)) => status.parse().ok().map(How::Exit),
            Some(("signal", name)) => Signal::from_name(name).map(How::Signal),
            _ => None,
        };
        how.ok_or_else(|| format!("`{text}` is neither `exit N` nor `signal NAME`"))
    }
}

impl Die {
    /// Ends the process, if `stage` is where it is to end. A signal that does
    /// not end it leaves it running.
    pub fn at<S: System>(die: Option<Die>, stage: Stage, sys: &S, log: &Log<S>) {
        let Some(die) = die.filter(|die| die.at == stage) else {
            return;
        };
        log.warn(format_args!(
            "ending here, {stage:?}, as the conf file says"
        ));
        match die.how {
            How::Exit(status) => sys.exit(status.into()),
            How::Signal(signal) => {
                let own = sys.getpid().map(KillTarget::Process);
                if let Err(errno) = own.and_then(|own| sys.kill(own, Some(signal))) {
                    log.error(format_args!("cannot send {signal} to itself: {errno}"));
                }
            }
        }
    }
}
