use std::collections::BTreeMap;
use std::time::Duration;

use rstest::rstest;
use serde::Deserialize;

use super::*;
use crate::daemon::{
    EnvironmentPolicy, GroupsDenied, LauncherWaits, Mode, OnLostLauncher, OnTimeout, PidFileOwner,
};

fn parse_conf(text: &str) -> Result<Conf, Failure> {
    Conf::parse(Path::new("c.yaml"), text.to_owned(), &["lab"])
}

#[test]
fn version_alone_is_the_defaults() {
    let conf = parse_conf("version: 1\n").unwrap();
    assert_eq!(conf.settings, Settings::default());
    assert_eq!(conf.warnings, []);
}

#[test]
fn every_key_reaches_its_setting() {
    let text = "\
version: 1
daemon: true
pid_file: /run/a.pid
error_log: /var/log/a
user: a
group: b
working_directory: /srv
upgrade_sock: /run/a.sock
daemon_wait_for_ready: true
daemon_ready_timeout_seconds: 3
daemon_notify_timeout_seconds: 2
pid_file_owner: user
on_timeout: leave
on_lost_launcher: stay
groups_denied: keep
environment: [PATH, LANG]
keep_fds: [3, 5]
";
    let given = text.lines().map(|line| line.split(':').next().unwrap());
    assert_eq!(
        given.collect::<Vec<_>>(),
        KEYS,
        "the table of keys is whole"
    );
    let conf = parse_conf(text).unwrap();
    assert_eq!(conf.warnings, []);
    assert_eq!(
        conf.settings,
        Settings {
            mode: Mode::Background,
            pid_file: "/run/a.pid".into(),
            error_log: Some("/var/log/a".into()),
            user: Some("a".into()),
            group: Some("b".into()),
            working_directory: Some("/srv".into()),
            launcher_waits: LauncherWaits::ForReady,
            ready_timeout: Duration::from_secs(3),
            notify_timeout: Duration::from_secs(2),
            start: Settings::default().start,
            upgrade_sock: "/run/a.sock".into(),
            pid_file_owner: PidFileOwner::User,
            on_timeout: OnTimeout::Leave,
            on_lost_launcher: OnLostLauncher::Stay,
            groups_denied: GroupsDenied::Keep,
            environment: EnvironmentPolicy::Only(vec!["PATH".into(), "LANG".into()]),
            keep_fds: vec![3, 5],
        }
    );
}

#[rstest]
#[case::empty("", "c.yaml:1: `version: 1` is missing")]
#[case::no_version("daemon: true\n", "c.yaml:1: `version: 1` is missing")]
#[case::version_2("daemon: true\nversion: 2\n", "c.yaml:2:10: version 2 is not known")]
#[case::version_word("version: one\n", "c.yaml:1:10: no whole number")]
#[case::no_mapping("[1, 2]\n", "c.yaml:1:1: expected keys with values")]
#[case::duplicate(
    "version: 1\nuser: a\nuser: b\n",
    "c.yaml:3:1: duplicate mapping key `user`"
)]
#[case::duplicate_inside(
    "version: 1\nx: {a: 1, a: 2}\n",
    "c.yaml:2:11: duplicate mapping key `a`"
)]
#[case::boolean(
    "version: 1\ndaemon: maybe\n",
    "c.yaml:2:9: neither `true` nor `false`"
)]
#[case::zero(
    "version: 1\ndaemon_ready_timeout_seconds: 0\n",
    "c.yaml:2:31: the time must not be zero"
)]
#[case::zero_too(
    "version: 1\ndaemon_notify_timeout_seconds: 0\n",
    "c.yaml:2:32: the time must not be zero"
)]
#[case::negative(
    "version: 1\ndaemon_ready_timeout_seconds: -1\n",
    "c.yaml:2:31: no whole number from 0"
)]
#[case::unit(
    "version: 1\ndaemon_ready_timeout_seconds: 1s\n",
    "c.yaml:2:31: no whole number from 0"
)]
#[case::list("version: 1\nuser: [a]\n", "c.yaml:2:7: expected a text")]
#[case::word(
    "version: 1\non_timeout: no\n",
    "c.yaml:2:13: `no` is unknown, `kill` or `leave` is meant"
)]
#[case::environment(
    "version: 1\nenvironment: x\n",
    "c.yaml:2:1: invalid value: string \"x\", expected `keep` or a list"
)]
#[case::fds("version: 1\nkeep_fds: [a]\n", "c.yaml:2:12: no whole number")]
#[case::syntax("version: 1\nerror_log: \"a\n", "c.yaml:2:12: unclosed quote")]
#[case::documents(
    "version: 1\n---\nversion: 1\n",
    "c.yaml:3:1: only single YAML document"
)]
fn what_is_wrong_is_named_with_its_place(#[case] text: &str, #[case] message: &str) {
    let failure = parse_conf(text).unwrap_err();
    let shown = failure.to_string();
    assert!(
        shown.starts_with(&format!("conf file: {message}")),
        "{shown}"
    );
    assert_eq!(failure.status(), crate::daemon::exit_code::CONF);
    for rust in ["u64", "i32", "DuplicateKeyPolicy", "from_str", "Options"] {
        assert!(!shown.contains(rust), "{shown}");
    }
}

#[test]
fn a_value_that_makes_no_sense_is_refused_by_its_key() {
    let failure = parse_conf("version: 1\nuser: ''\n").unwrap_err();
    assert_eq!(
        (failure.stage, failure.subject.as_deref()),
        (Stage::Settings, Some("user"))
    );
}

#[test]
fn an_unknown_key_is_a_warning_with_its_line() {
    let conf = parse_conf("version: 1\n\nthreads: 2\nlab: {}\nDaemon: true\n").unwrap();
    let warnings: Vec<String> = conf.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "c.yaml:3: unknown key `threads` is ignored",
            "c.yaml:5: unknown key `Daemon` is ignored"
        ]
    );
    assert_eq!(conf.settings.mode, Mode::Foreground);
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lab {
    port: u16,
}

#[test]
fn a_program_reads_its_own_section_from_the_same_file() {
    let conf = parse_conf("version: 1\nlab:\n  port: 80\n").unwrap();
    assert_eq!(conf.section::<Lab>("lab"), Ok(Some(Lab { port: 80 })));
    assert_eq!(conf.section::<Lab>("other"), Ok(None));
    let wrong = parse_conf("version: 1\nlab:\n  prot: 80\n").unwrap();
    let failure = wrong.section::<Lab>("lab").unwrap_err();
    assert!(
        failure.to_string().starts_with("conf file: c.yaml:3:3: "),
        "{failure}"
    );
    let conf = parse_conf("version: 1\nlab: {a: 1}\n").unwrap();
    let section: BTreeMap<String, u8> = conf.section("lab").unwrap().unwrap();
    assert_eq!(section["a"], 1);
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.yaml");
    std::fs::write(&path, b"version: 1\nuser: \xff\n").unwrap();
    let failure = Conf::read(&crate::sys::linux::Linux, &path, &[]).unwrap_err();
    assert_eq!(failure.subject, Some(format!("{}:2", path.display())));
}

#[test]
fn a_missing_file_is_named() {
    let failure = Conf::read(&crate::sys::linux::Linux, Path::new("/nowhere/c"), &[]).unwrap_err();
    assert_eq!(failure.subject.as_deref(), Some("/nowhere/c"));
    assert_eq!(failure.errno(), Some(Errno::ENOENT));
}
