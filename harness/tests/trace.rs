//! `daemonlab trace`, as it is called: formats, filters, ends, exit statuses.

mod cli_common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use cli_common::Lab;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::prelude::*;
use predicates::str::{contains, is_match};
use rstest::rstest;
use serde_json::Value;

/// A launcher that is killed by what it started, after some output.
const KILLED: &str = "echo one; (echo two >&2; kill -TERM $$; exit 3) & wait";

fn lab() -> Lab {
    Lab::new(&[("a.conf", "from outside\n")])
}

#[test]
fn text_is_a_timeline() {
    let line = |role: &str, what: &str| {
        is_match(format!(
            r"(?m)^ *\d+\.\d{{6}}  {role} +\d+  0(\.1)? +{what}"
        ))
        .expect("it is one")
    };
    lab()
        .daemonlab(&["trace", "--", "sh", "-c", KILLED])
        .assert()
        .code(1)
        .stdout(line("launcher", r#"runs ".*/[a-z]*sh""#))
        .stdout(line("launcher", r#"write\(1, "one\\n"\) = 4"#))
        .stdout(line("launcher", r"makes process \d+ \(0\.1\)"))
        .stdout(line("intermediate", r"kill\(\d+, SIGTERM\) = ok"))
        .stdout(line(
            "launcher",
            r"gets SIGTERM from intermediate \d+ \(0\.1\)",
        ))
        .stdout(line("launcher", "was killed by SIGTERM"))
        .stdout(line("intermediate", "exited with 3"))
        .stdout(contains("stderr                       \"two\\n\""))
        .stdout(contains("until every process had ended"))
        .stdout(contains('\x1b').not())
        .stderr("");
}

#[test]
fn colours_are_to_be_had() {
    lab()
        .daemonlab(&["trace", "--color", "always", "true"])
        .assert()
        .code(0)
        .stdout(contains("\x1b["));
}

#[rstest]
#[case::no_program(&["no-such-program"], "there is no program `no-such-program` in PATH")]
#[case::no_file(&["./no-such-program"], "`./no-such-program` is no program")]
#[case::not_executable(&["./a.conf"], "it is not executable")]
#[case::no_command(&[], "<COMMAND>")]
#[case::no_call(&["--calls", "opne", "true"], "did you mean `open`?")]
#[case::no_user(&["--user", "33", "true"], "give it a name")]
#[case::twice(&["--add-user", "a", "--add-user", "a", "true"], "a user `a` already")]
#[case::no_copy(&["--file", "/etc/a=nowhere", "true"], "cannot read `nowhere`")]
#[case::relative_copy(&["--file", "a=a.conf", "true"], "not absolute")]
#[case::no_bind(&["--bind", "nowhere", "true"], "cannot bind `nowhere`")]
#[case::no_output(&["-o", "no/such/folder/a", "true"], "cannot write to `no/such/folder/a`")]
#[case::no_unit(&["--for", "3", "true"], "say `10s` or `2m`")]
fn usage_is_2(#[case] args: &[&str], #[case] says: &str) {
    let args = [&["trace"], args].concat();
    lab()
        .daemonlab(&args)
        .assert()
        .code(2)
        .stdout("")
        .stderr(contains(says));
}

#[rstest]
#[case::fine("exit 0", &[], 0)]
#[case::failed("exit 7", &[], 1)]
#[case::killed("kill -KILL $$", &[], 1)]
#[case::still_runs("sleep 61", &["--for", "100ms"], 0)]
#[case::daemon_stays("sleep 61 & exit 0", &["--settle", "100ms"], 0)]
fn the_launchers_end_is_the_status(#[case] script: &str, #[case] args: &[&str], #[case] code: i32) {
    let args = [&["trace"], args, &["--", "sh", "-c", script]].concat();
    lab().daemonlab(&args).assert().code(code);
}

/// What it waits in when it is over is told.
#[test]
fn a_call_that_is_not_over_is_told() {
    lab()
        .daemonlab(&["trace", "--for", "500ms", "--", "sleep", "61"])
        .assert()
        .code(0)
        .stdout(is_match(r"clock_nanosleep\(.*61s.*\) …").expect("it is one"))
        .stdout(contains("still there: \"sleep\" (launcher, "))
        .stdout(contains("until its time was up"));
}

#[test]
fn what_is_recorded_can_be_chosen() {
    let lab = lab();
    let traced = |args: &[&str]| {
        let args = [
            &["trace"],
            args,
            &["--", "sh", "-c", "cd /; (umask 7; exit 0) & wait"],
        ]
        .concat();
        let output = lab.daemonlab(&args).output().expect("it runs");
        String::from_utf8(output.stdout).expect("it is text")
    };
    let calls = traced(&["--calls", "chdir,umask"]);
    assert!(
        calls.contains("chdir(\"/\")") && calls.contains("umask(007)"),
        "{calls}"
    );
    assert!(!calls.contains("exit_group"), "{calls}");
    let role = traced(&["--role", "intermediate"]);
    assert!(
        !role.contains("chdir(") && role.contains("umask(007)"),
        "{role}"
    );
    let all = traced(&["--all-calls"]);
    assert!(all.contains("mmap(") && all.contains("umask(007)"), "{all}");
    let some = traced(&["--all-calls", "--calls", "openat"]);
    assert!(
        some.contains("ld.so.cache") && !some.contains("umask("),
        "{some}"
    );
}

#[test]
fn the_sandbox_is_as_it_was_asked_for() {
    let lab = lab();
    let script =
        "cat a.conf /etc/b.conf; pwd; umask; echo $A; echo x > /etc/b.conf; cat /etc/b.conf; tty";
    lab.daemonlab(&[
        "trace",
        "--format=json",
        "--file=/etc/b.conf=a.conf",
        "--env=A=1",
        "--umask=027",
        "--terminal",
        "--",
        "sh",
        "-c",
        script,
    ])
    .assert()
    .code(0)
    .stdout(contains("from outside\\nfrom outside\\n").or(contains("\"text\":\"from outside\\n\"")))
    .stdout(contains(
        lab.path(".")
            .canonicalize()
            .expect("it is there")
            .display()
            .to_string(),
    ))
    .stdout(contains("0027\\n"))
    .stdout(contains("/dev/pts/"));
}

#[test]
fn every_format_goes_to_its_file() {
    let lab = lab();
    lab.daemonlab(&[
        "trace", "-o", "a.txt", "-o", "a.jsonl", "-o", "a.json", "-o", "json:b", "--", "sh", "-c",
        "exit 0",
    ])
    .assert()
    .code(0)
    .stdout("")
    .stderr(contains("until every process had ended"));
    assert!(lab.read("a.txt").contains("exited with 0"));
    assert!(!lab.read("a.txt").contains('\x1b'));
    for lines in ["a.jsonl", "b"] {
        let lines: Vec<Value> = lab
            .read(lines)
            .lines()
            .map(|line| serde_json::from_str(line).expect("each is JSON"))
            .collect();
        assert!(lines.iter().all(|line| line["format"] == 1));
        assert_eq!(lines[0]["event"], "trace-started");
        let last = lines.last().expect("there are lines");
        assert_eq!(
            (&last["event"], &last["over"]),
            (&"trace-finished".into(), &"all-ended".into())
        );
        assert_eq!(last["launcher"]["exit"], 0);
    }
    check_perfetto(&lab.read("a.json"));
}

/// A hundred processes, threads by the dozen, signals: still by the rules.
#[test]
fn perfettos_rules_are_kept() {
    let lab = lab();
    let script = "trap 'n=1' USR1; for i in 1 2 3 4 5 6 7 8 9; do (kill -USR1 $$; exit $i) & done; \
        wait; wait; wait; sleep 61 & exit 0";
    lab.daemonlab(&[
        "trace", "--settle", "200ms", "--format", "perfetto", "-o", "a.json", "--", "sh", "-c",
        script,
    ])
    .assert()
    .code(0)
    .stdout(contains("traceEvents"));
    let arrows = check_perfetto(&lab.read("a.json"));
    assert!(arrows["makes a process"] >= 9, "{arrows:?}");
    assert!(
        arrows["SIGUSR1"] >= 1 && arrows["SIGCHLD"] >= 1,
        "{arrows:?}"
    );
}

/// Holds a file against the rules of the Trace Event Format, and gives how many
/// arrows there are by name.
fn check_perfetto(text: &str) -> BTreeMap<String, usize> {
    let whole: Value = serde_json::from_str(text).expect("it is JSON");
    let events = whole["traceEvents"].as_array().expect("there are events");
    let mut open: BTreeMap<(i64, i64), Vec<f64>> = BTreeMap::new();
    let mut named = Vec::new();
    let mut begun: BTreeMap<i64, (String, f64)> = BTreeMap::new();
    let mut arrows = BTreeMap::new();
    let mut last = 0.0;
    for event in events {
        let number = |key: &str| {
            event[key]
                .as_i64()
                .unwrap_or_else(|| panic!("{key}: {event}"))
        };
        let name = || event["name"].as_str().unwrap_or_else(|| panic!("{event}"));
        let thread = (number("pid"), number("tid"));
        let ts = event["ts"].as_f64().unwrap_or_else(|| panic!("{event}"));
        assert!(ts >= last, "time goes on: {event} after {last}");
        last = ts;
        let stack = open.entry(thread).or_default();
        match event["ph"].as_str().unwrap_or_else(|| panic!("{event}")) {
            "M" => {
                assert!(event["args"].is_object(), "{event}");
                if name() == "thread_name" {
                    named.push(thread);
                }
            }
            "B" => {
                assert!(!name().is_empty() && event["cat"].is_string(), "{event}");
                stack.push(ts);
            }
            "E" => drop(
                stack
                    .pop()
                    .unwrap_or_else(|| panic!("it was open: {event}")),
            ),
            "s" => {
                assert!(!stack.is_empty(), "it begins in a slice: {event}");
                let new = begun.insert(number("id"), (name().to_owned(), ts));
                assert!(new.is_none(), "its id is its own: {event}");
            }
            "f" => {
                assert!(
                    !stack.is_empty() && event["bp"] == "e",
                    "it ends in a slice: {event}"
                );
                let (from, began) = begun
                    .remove(&number("id"))
                    .unwrap_or_else(|| panic!("{event}"));
                assert!(from == name() && began <= ts, "{event}");
                *arrows.entry(from).or_insert(0) += 1;
            }
            "i" => assert!(["p", "t", "g"].contains(&event["s"].as_str().expect("a scope"))),
            other => panic!("{other}: {event}"),
        }
    }
    assert!(begun.is_empty(), "every arrow ends: {begun:?}");
    for (thread, open) in open {
        assert!(open.is_empty(), "every slice ends: {thread:?}");
        assert!(
            named.contains(&thread),
            "every track has a name: {thread:?}"
        );
    }
    arrows
}

/// Who reads no more needs no more.
#[test]
fn it_ends_when_nobody_reads_it() {
    let lab = lab();
    let mut traced = lab
        .plain(&[
            "trace",
            "--for",
            "1h",
            "--",
            "sh",
            "-c",
            "while :; do umask 7; sleep 0.01; done",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut reader = BufReader::new(traced.stdout.take().expect("it is a pipe"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("there is a line");
    assert!(line.contains("WHAT"), "{line}");
    drop(reader);
    assert_eq!(traced.wait().expect("it ends").code(), Some(0));
}

/// Ctrl-C ends the sandbox, and what was recorded is printed.
#[rstest]
#[case(Signal::SIGINT)]
#[case(Signal::SIGTERM)]
fn an_interrupt_prints_what_was_recorded(#[case] signal: Signal) {
    let lab = lab();
    let mut traced = lab
        .plain(&[
            "trace",
            "--for",
            "1h",
            "-o",
            "a.json",
            "--format",
            "text",
            "--",
            "sh",
            "-c",
            "echo up; exec sleep 3607",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(traced.stdout.take().expect("it is a pipe")).lines();
    let mut next = || lines.next().map(|line| line.expect("it is text"));
    while let Some(line) = next()
        && !line.contains("clock_nanosleep")
        && !line.contains("/sleep\"")
    {}
    let pid = i32::try_from(traced.id()).expect("it fits");
    kill(Pid::from_raw(pid), signal).expect("it is ours");
    let mut rest = String::new();
    while let Some(line) = next() {
        rest += &(line + "\n");
    }
    assert_eq!(traced.wait().expect("it ends").code(), Some(130));
    assert!(rest.contains("until it was stopped"), "{rest}");
    check_perfetto(&lab.read("a.json"));
}
