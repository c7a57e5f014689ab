//! Conf files that are wrong: by hand, and as chance makes them. Each is read,
//! or refused with its name, a place that is in it, and the status of a wrong
//! conf file; nothing panics.

use std::path::Path;

use daemonlab::daemon::exit_code;
use daemonlab::daemon::{Conf, Failure};
use proptest::prelude::*;

const OWN: &[&str] = &["lab"];

fn read(text: &str) -> Result<Conf, Failure> {
    Conf::parse(Path::new("c.yaml"), text.to_owned(), OWN)
}

/// What is refused says why, and where in the text.
fn refused(text: &str, failure: &Failure) -> String {
    let told = failure.to_string();
    assert!(!told.trim().is_empty(), "refused without a word: {text:?}");
    let status = failure.status();
    assert!(status == exit_code::CONF, "{status}: {told}");
    for rust in ["u64", "i32", "serde", "Options"] {
        assert!(!told.contains(rust), "{told}");
    }
    if let Some((_, rest)) = told.split_once("c.yaml:") {
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let line: usize = number.parse().expect("a line follows the name");
        // A carriage return alone breaks a line of YAML as well.
        let lines = text.split(['\n', '\r']).count();
        assert!(
            (1..=lines).contains(&line),
            "line {line} of {lines}: {told}"
        );
    }
    told
}

/// A text, and what is said of it.
const BAD: &[(&str, &str)] = &[
    (
        "version",
        "conf file: c.yaml:1:1: expected keys with values",
    ),
    ("version:", "conf file: c.yaml:1:8: no whole number from 0"),
    (
        "version: ~",
        "conf file: c.yaml:1:10: no whole number from 0",
    ),
    (
        "version: 1.0",
        "conf file: c.yaml:1:10: no whole number from 0",
    ),
    ("version: [1]", "conf file: c.yaml:1:10: expected a text"),
    ("version: {a: 1}", "conf file: c.yaml:1:10: expected a text"),
    (
        "version: -1",
        "conf file: c.yaml:1:10: no whole number from 0",
    ),
    (
        "version: 18446744073709551616",
        "conf file: c.yaml:1:10: no whole number from 0",
    ),
    ("Version: 1", "conf file: c.yaml:1: `version: 1` is missing"),
    (
        "version : 1\nversion: 1",
        "conf file: c.yaml:2:1: duplicate mapping key `version` is not allowed here",
    ),
    (
        "version: 1\nversion: 1",
        "conf file: c.yaml:2:1: duplicate mapping key `version` is not allowed here",
    ),
    (
        "version: 1\ndaemon: 1",
        "conf file: c.yaml:2:9: neither `true` nor `false`",
    ),
    (
        "version: 1\ndaemon:",
        "conf file: c.yaml:2:7: neither `true` nor `false`",
    ),
    (
        "version: 1\ndaemon: []",
        "conf file: c.yaml:2:9: expected a text",
    ),
    (
        "version: 1\npid_file: [a]",
        "conf file: c.yaml:2:11: expected a text",
    ),
    (
        "version: 1\npid_file: {a: b}",
        "conf file: c.yaml:2:11: expected a text",
    ),
    ("version: 1\npid_file: ''", "settings: pid_file: is empty"),
    (
        "version: 1\npid_file: \"a\\0b\"",
        "settings: pid_file: has a zero byte",
    ),
    (
        "version: 1\nerror_log: {}",
        "conf file: c.yaml:2:12: expected a text",
    ),
    ("version: 1\nerror_log: ''", "settings: error_log: is empty"),
    (
        "version: 1\nuser: {name: a}",
        "conf file: c.yaml:2:7: expected a text",
    ),
    ("version: 1\nuser: ''", "settings: user: is empty"),
    (
        "version: 1\ngroup: [a, b]",
        "conf file: c.yaml:2:8: expected a text",
    ),
    ("version: 1\ngroup: ''", "settings: group: is empty"),
    (
        "version: 1\nworking_directory: [/]",
        "conf file: c.yaml:2:20: expected a text",
    ),
    (
        "version: 1\nworking_directory: ''",
        "settings: working_directory: is empty",
    ),
    (
        "version: 1\nupgrade_sock: {a: 1}",
        "conf file: c.yaml:2:15: expected a text",
    ),
    (
        "version: 1\nupgrade_sock: ''",
        "settings: upgrade_sock: is empty",
    ),
    (
        "version: 1\ndaemon_wait_for_ready: 3",
        "conf file: c.yaml:2:24: neither `true` nor `false`",
    ),
    (
        "version: 1\ndaemon_wait_for_ready: maybe",
        "conf file: c.yaml:2:24: neither `true` nor `false`",
    ),
    (
        "version: 1\ndaemon_ready_timeout_seconds: 0",
        "conf file: c.yaml:2:31: the time must not be zero",
    ),
    (
        "version: 1\ndaemon_ready_timeout_seconds: -5",
        "conf file: c.yaml:2:31: no whole number from 0",
    ),
    (
        "version: 1\ndaemon_ready_timeout_seconds: 1.5",
        "conf file: c.yaml:2:31: no whole number from 0",
    ),
    (
        "version: 1\ndaemon_ready_timeout_seconds: 10s",
        "conf file: c.yaml:2:31: no whole number from 0",
    ),
    (
        "version: 1\ndaemon_ready_timeout_seconds: 99999999999999999999",
        "conf file: c.yaml:2:31: no whole number from 0",
    ),
    (
        "version: 1\ndaemon_ready_timeout_seconds: .inf",
        "conf file: c.yaml:2:31: value `.inf` is not a finite number",
    ),
    (
        "version: 1\ndaemon_notify_timeout_seconds: 0",
        "conf file: c.yaml:2:32: the time must not be zero",
    ),
    (
        "version: 1\ndaemon_notify_timeout_seconds: [60]",
        "conf file: c.yaml:2:32: expected a text",
    ),
    (
        "version: 1\npid_file_owner: root",
        "conf file: c.yaml:2:17: `root` is unknown, `starter` or `user` is meant",
    ),
    (
        "version: 1\npid_file_owner: [user]",
        "conf file: c.yaml:2:17: expected a text",
    ),
    (
        "version: 1\non_timeout: Kill",
        "conf file: c.yaml:2:13: `Kill` is unknown, `kill` or `leave` is meant",
    ),
    (
        "version: 1\non_timeout: true",
        "conf file: c.yaml:2:13: `true` is unknown, `kill` or `leave` is meant",
    ),
    (
        "version: 1\non_lost_launcher: leave",
        "conf file: c.yaml:2:19: `leave` is unknown, `exit` or `stay` is meant",
    ),
    (
        "version: 1\ngroups_denied: ignore",
        "conf file: c.yaml:2:16: `ignore` is unknown, `error` or `keep` is meant",
    ),
    (
        "version: 1\nenvironment: clear",
        "conf file: c.yaml:2:1: invalid value: string \"clear\", expected `keep` or a list of variables",
    ),
    (
        "version: 1\nenvironment: {PATH: /bin}",
        "conf file: c.yaml:2:14: invalid type: map, expected `keep` or a list of variables",
    ),
    (
        "version: 1\nenvironment: [[PATH]]",
        "conf file: c.yaml:2:15: expected a text",
    ),
    (
        "version: 1\nkeep_fds: 3",
        "conf file: c.yaml:2:11: expected sequence start",
    ),
    (
        "version: 1\nkeep_fds: [3.5]",
        "conf file: c.yaml:2:12: no whole number",
    ),
    (
        "version: 1\nkeep_fds: [2147483648]",
        "conf file: c.yaml:2:12: no whole number",
    ),
    (
        "version: 1\n  daemon: true",
        "conf file: c.yaml:2:9: mapping values are not allowed in this context",
    ),
    (
        "version: 1\n\tdaemon: true",
        "conf file: c.yaml:1:10: while scanning a plain scalar, found a tab",
    ),
    (
        "version: 1\ndaemon: true\n user: a",
        "conf file: c.yaml:3:6: mapping values are not allowed in this context",
    ),
    (
        "version: 1\nuser: *nobody",
        "conf file: c.yaml:2:7: reference to unknown value",
    ),
    (
        "version: 1\nuser: 'a",
        "conf file: c.yaml:2:7: unclosed quote",
    ),
    (
        "version: 1\nuser: {a",
        "conf file: c.yaml:2:7: unclosed bracket '{'",
    ),
    (
        "version: 1\nkeep_fds: [3",
        "conf file: c.yaml:2:11: unclosed bracket '['",
    ),
    (
        "version: 1\nuser: !!int a",
        "conf file: c.yaml:2:13: no whole number from 0",
    ),
    (
        "version: 1\nuser: a: b",
        "conf file: c.yaml:2:8: mapping values are not allowed in this context",
    ),
    (
        "version: 1\n- a",
        "conf file: c.yaml:2:3: while parsing a block mapping, did not find expected key",
    ),
    (
        "version: 1\n...\ndaemon: true",
        "conf file: c.yaml:3:1: only single YAML document expected but multiple found",
    ),
    (
        "version: 1\n---\nversion: 1",
        "conf file: c.yaml:3:1: only single YAML document expected but multiple found",
    ),
    (
        "- version: 1",
        "conf file: c.yaml:1:1: expected keys with values",
    ),
    ("1", "conf file: c.yaml:1:1: expected keys with values"),
    ("null", "conf file: c.yaml:1: `version: 1` is missing"),
    (
        "# nothing but this",
        "conf file: c.yaml:1: `version: 1` is missing",
    ),
    ("{version: 1", "conf file: c.yaml:1:1: unclosed bracket '{'"),
    ("? [version]\n: 1", "conf file: c.yaml:1:3: expected a text"),
    (
        "1: 1\nversion: 1\n2: [",
        "conf file: c.yaml:3:4: unclosed bracket '['",
    ),
    (
        "version: 1\na: &a [*a]",
        "conf file: c.yaml:2:8: Recursive reference not allowed here",
    ),
    (
        "%YAML 3.0\n---\nversion: 1",
        "conf file: c.yaml:1:1: unsupported YAML major version",
    ),
    (
        "\u{feff}version: 1\ndaemon: 7",
        "conf file: c.yaml:2:9: neither `true` nor `false`",
    ),
    (
        "version: 1\r\ndaemon: 7\r\n",
        "conf file: c.yaml:2:9: neither `true` nor `false`",
    ),
    (
        "version: 1\nuser: \"\\xzz\"",
        "conf file: c.yaml:2:7: while parsing a quoted scalar, did not find expected hexadecimal number",
    ),
    (
        "version: 1\nuser: \0",
        "conf file: c.yaml:2:7: unexpected character: `\\u{0}'",
    ),
];

#[test]
fn each_is_refused_with_what_is_wrong_and_where() {
    for (text, says) in BAD {
        let failure = read(text).map(drop).expect_err(text);
        let told = refused(text, &failure);
        assert!(
            told.starts_with(&format!("{says}; correct it")),
            "{text:?}: {told}"
        );
    }
}

const GOOD: &str = include_str!("conf_malformed.yaml");

#[test]
fn what_the_others_are_made_of_is_good() {
    let conf = read(GOOD).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(conf.warnings, []);
}

fn any_text() -> impl Strategy<Value = String> {
    let texts: Vec<&'static str> = BAD.iter().map(|(text, _)| *text).chain([GOOD]).collect();
    proptest::sample::select(texts).prop_map(str::to_owned)
}

/// The nearest place from there on where a character begins.
fn at(text: &str, place: prop::sample::Index) -> usize {
    let place = place.index(text.len() + 1);
    (place..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn noise_is_read_or_refused(text in "\\PC{0,60}") {
        if let Err(failure) = read(&text) {
            refused(&text, &failure);
        }
    }

    #[test]
    fn what_looks_like_yaml_is_read_or_refused(
        text in "(version: 1\n)?([a-z_]{0,9}(: |:|- )[\\[\\]{}&*!|>'\"%@`#,0-9a-z~ -]{0,12}\n){0,6}",
    ) {
        if let Err(failure) = read(&text) {
            refused(&text, &failure);
        }
    }

    #[test]
    fn a_piece_that_is_gone_or_doubled_is_read_or_refused(
        text in any_text(), from: prop::sample::Index, to: prop::sample::Index, doubled: bool,
    ) {
        let (from, to) = (at(&text, from), at(&text, to));
        let (from, to) = (from.min(to), from.max(to));
        let piece = if doubled { &text[from..to] } else { "" };
        let broken = format!("{}{piece}{piece}{}", &text[..from], &text[to..]);
        if let Err(failure) = read(&broken) {
            refused(&broken, &failure);
        }
    }

    #[test]
    fn two_that_are_joined_are_read_or_refused(
        one in any_text(), other in any_text(), cut: prop::sample::Index,
    ) {
        let broken = format!("{}{other}", &one[..at(&one, cut)]);
        if let Err(failure) = read(&broken) {
            refused(&broken, &failure);
        }
    }
}
