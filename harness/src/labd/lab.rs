//! The section `lab:` of the conf file.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use super::die::Die;

/// How the server is to behave.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lab {
    /// The addresses that it listens on.
    #[serde(deserialize_with = "one_or_more")]
    pub listen: Vec<SocketAddr>,
    /// When it binds them.
    pub bind: Bind,
    /// The first word of its answer.
    pub text: String,
    /// The time between a connection and its answer.
    #[serde(deserialize_with = "time")]
    pub answer_after: Duration,
    /// When it is ready.
    pub ready_after: ReadyAfter,
    /// Where and how it ends before its time.
    pub die: Option<Die>,
}

impl Default for Lab {
    fn default() -> Lab {
        Lab {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8080))],
            bind: Bind::AfterDrop,
            text: "hello".to_owned(),
            answer_after: Duration::ZERO,
            ready_after: ReadyAfter::Time(Duration::ZERO),
            die: None,
        }
    }
}

/// When the addresses are bound.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Bind {
    /// In the daemon, as `user`.
    AfterDrop,
    /// In the launcher, as whoever starts: low ports can be had.
    BeforeFork,
}

/// When the server is ready.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub enum ReadyAfter {
    /// After this time.
    Time(Duration),
    /// Never.
    Never,
}

impl TryFrom<String> for ReadyAfter {
    type Error = String;

    fn try_from(text: String) -> Result<ReadyAfter, String> {
        match text.as_str() {
            "never" => Ok(ReadyAfter::Never),
            text => duration(text)
                .map(ReadyAfter::Time)
                .map_err(|error| format!("{error}, nor `never`")),
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| format!("`{text}` is no time, such as `200ms`"))
}

fn time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map_err(serde::de::Error::custom)
}

fn one_or_more<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<SocketAddr>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(String),
        More(Vec<String>),
    }
    let addresses = match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    };
    let addresses = addresses.iter().map(|text| {
        SocketAddr::from_str(text)
            .map_err(|_| format!("`{text}` is no address, such as `127.0.0.1:8080`"))
    });
    addresses
        .collect::<Result<_, _>>()
        .map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use daemonlab::sys::Signal;
    use rstest::rstest;

    use super::super::die::{How, Stage};
    use super::*;

    fn lab(text: &str) -> Result<Lab, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_has_its_meaning() {
        let read = lab("
listen: [127.0.0.1:1, '[::1]:2']
bind: before-fork
text: hi
answer-after: 1s
ready-after: 200ms
die: {at: before-ready, how: signal KILL}
");
        let expected = Lab {
            listen: vec!["127.0.0.1:1".parse().unwrap(), "[::1]:2".parse().unwrap()],
            bind: Bind::BeforeFork,
            text: "hi".into(),
            answer_after: Duration::from_secs(1),
            ready_after: ReadyAfter::Time(Duration::from_millis(200)),
            die: Some(Die {
                at: Stage::BeforeReady,
                how: How::Signal(Signal::KILL),
            }),
        };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn a_key_alone_leaves_the_others_as_they_are() {
        let expected = Lab {
            ready_after: ReadyAfter::Never,
            ..Lab::default()
        };
        assert_eq!(lab("ready-after: never"), Ok(expected));
        let expected = Lab {
            listen: vec!["127.0.0.1:9".parse().unwrap()],
            ..Lab::default()
        };
        assert_eq!(lab("listen: 127.0.0.1:9"), Ok(expected));
    }

    #[rstest]
    #[case("ready-after: soon", "`soon` is no time, such as `200ms`, nor `never`")]
    #[case("answer-after: 3", "`3` is no time")]
    #[case("listen: localhost", "`localhost` is no address")]
    #[case("listen: [127.0.0.1:1, x]", "`x` is no address")]
    #[case("die: {at: sometime, how: exit 1}", "sometime")]
    #[case(
        "die: {at: detached, how: exit}",
        "`exit` is neither `exit N` nor `signal NAME`"
    )]
    #[case("die: {at: detached, how: exit 256}", "neither `exit N`")]
    #[case("die: {at: detached, how: signal FOO}", "neither `exit N`")]
    #[case("lisen: 127.0.0.1:1", "lisen")]
    fn nonsense_is_named(#[case] text: &str, #[case] message: &str) {
        let error = lab(text).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}
