//! The section `lab:` of the conf file, a key that Pingora ignores.
//!
//! ```yaml
//! lab:
//!   listen: [127.0.0.1:8080]
//!   text: hello
//!   ready-after: 200ms      # or: never
//!   die: {at: before-ready, how: exit 3}
//! ```

use std::str::FromStr;
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// How the server is to behave.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lab {
    /// The addresses that it listens on.
    #[serde(deserialize_with = "one_or_more")]
    pub listen: Vec<String>,
    /// The first word of its answer.
    pub text: String,
    /// When the warm-up is over.
    #[serde(deserialize_with = "from_text")]
    pub ready_after: ReadyAfter,
    /// Where and how it ends before its time.
    pub die: Option<Die>,
}

impl Default for Lab {
    fn default() -> Lab {
        Lab {
            listen: vec!["127.0.0.1:8080".to_owned()],
            text: "hello".to_owned(),
            ready_after: ReadyAfter::Time(Duration::ZERO),
            die: None,
        }
    }
}

impl Lab {
    /// Reads the section from the conf file at `path`. A file that cannot be
    /// read is left for Pingora to complain of; a wrong section ends the start
    /// with status 1.
    pub fn read(path: &str) -> Lab {
        #[derive(Deserialize)]
        struct Conf {
            #[serde(default)]
            lab: Lab,
        }
        let Ok(text) = std::fs::read_to_string(path) else {
            return Lab::default();
        };
        match serde_saphyr::from_str::<Conf>(&text) {
            Ok(conf) => conf.lab,
            Err(error) => {
                eprintln!("daemonlab-peer: {path}: {error}");
                std::process::exit(1)
            }
        }
    }

    /// Ends the process, if this is the stage to do so.
    pub fn die_at(&self, stage: Stage) {
        if let Some(die) = self.die.as_ref().filter(|die| die.at == stage) {
            die.how.end();
        }
    }
}

/// When the warm-up is over.
#[derive(Clone, Copy)]
pub enum ReadyAfter {
    /// After this time.
    Time(Duration),
    /// Never.
    Never,
}

impl FromStr for ReadyAfter {
    type Err = String;

    fn from_str(text: &str) -> Result<ReadyAfter, String> {
        if text == "never" {
            return Ok(ReadyAfter::Never);
        }
        let time = humantime::parse_duration(text);
        time.map(ReadyAfter::Time)
            .map_err(|error| format!("{text:?} is neither a time, as 200ms, nor never: {error}"))
    }
}

/// An early end.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Die {
    /// Where.
    pub at: Stage,
    /// How.
    #[serde(deserialize_with = "from_text")]
    pub how: How,
}

/// A point of the start.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// In the launcher, before it forks.
    BeforeFork,
    /// In the daemon, detached and unprivileged, at the end of the warm-up.
    BeforeReady,
    /// In the daemon, once the bootstrap has sent the signal.
    AfterReady,
}

/// A way to end.
#[derive(Clone, Copy)]
pub enum How {
    /// `exit N`.
    Exit(i32),
    /// `signal NAME`, sent to itself.
    Signal(Signal),
}

impl How {
    /// Ends the process.
    pub fn end(self) {
        log::warn!("ending early, as the conf file says");
        match self {
            How::Exit(status) => std::process::exit(status),
            How::Signal(signal) => raise(signal).expect("a process may signal itself"),
        }
    }
}

impl FromStr for How {
    type Err = String;

    fn from_str(text: &str) -> Result<How, String> {
        let how = match text.split_once(' ') {
            Some(("exit", status)) => status.parse().ok().map(How::Exit),
            Some(("signal", name)) => {
                let name = name.trim_start_matches("SIG");
                format!("SIG{name}").parse().ok().map(How::Signal)
            }
            _ => None,
        };
        how.ok_or_else(|| format!("{text:?} is neither \"exit N\" nor \"signal NAME\""))
    }
}

fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = String>,
{
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(String),
        More(Vec<String>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    })
}
