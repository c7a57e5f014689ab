use std::collections::BTreeMap;

use super::*;
use crate::world::facts::Captured;
use crate::world::facts::schema::{Field, Kind, Subject};
use crate::world::limits::{Bound, Limit, Resource};

/// Every value has exactly the fields of its subject's schema, and each is
/// of the kind that the schema says.
fn fits(value: &Value, fields: &[Field], path: &str) {
    let Value::Map(entries) = value else {
        panic!("{path} is {value}, not a record");
    };
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    for key in entries.keys() {
        assert!(
            names.contains(&key.as_str()),
            "{path}.{key} is in no schema"
        );
    }
    for field in fields {
        let value = entries.get(field.name);
        let path = format!("{path}.{}", field.name);
        kind_fits(
            value.unwrap_or_else(|| panic!("{path} is missing")),
            field.kind,
            &path,
        );
    }
}

fn kind_fits(value: &Value, kind: Kind, path: &str) {
    match (kind, value) {
        (_, Value::Absent) | (Kind::Bool, Value::Bool(_)) | (Kind::Time, Value::Time(_)) => {}
        (
            Kind::Int | Kind::Pid | Kind::Addressee | Kind::Uid | Kind::Gid | Kind::Limit,
            Value::Int(_),
        ) => {}
        (Kind::Uid | Kind::Gid, Value::Text(text)) if text == "unmapped" => {}
        (Kind::Limit, Value::Text(text)) if text == "unlimited" => {}
        (Kind::Text | Kind::Octal | Kind::Signal | Kind::Capability, Value::Text(_)) => {}
        (Kind::Word(words), Value::Text(text)) if words.contains(&text.as_str()) => {}
        (Kind::List(inner) | Kind::Set(inner), Value::List(values)) => {
            values
                .iter()
                .for_each(|value| kind_fits(value, *inner, path));
        }
        (Kind::Map(inner), Value::Map(entries)) => {
            entries
                .values()
                .for_each(|value| kind_fits(value, *inner, path));
        }
        (Kind::Record(fields) | Kind::Each(fields), value) => fits(value, fields, path),
        (kind, value) => panic!("{path} is {value}, which is not {kind}"),
    }
}

fn process() -> ProcessFacts {
    ProcessFacts {
        pid: 7,
        parent: 1,
        session: 6,
        group: 6,
        name: "labd".into(),
        command: vec!["labd".into(), "-d".into()],
        executable: Some("/bin/labd".into()),
        state: 'S',
        terminal: None,
        cwd: Some("/".into()),
        root: Some("/".into()),
        umask: 0o007,
        descriptors: BTreeMap::from([(0, "/dev/null".into()), (3, "socket:[1]".into())]),
        uid: [Some(1000), Some(1000), None, Some(1000)],
        gid: [Some(1000); 4],
        groups: vec![Some(1000), None],
        capabilities: [0, 1 << 7, 1 << 7, u64::MAX, 0],
        no_new_privs: false,
        pending: 0,
        blocked: 1 << 9,
        ignored: 1 << 12 | 1 << 40,
        caught: 0,
        environment: BTreeMap::from([("PATH".into(), "/bin".into())]),
        threads: 2,
        limits: Resource::ALL
            .map(|resource| {
                let (soft, hard) = (Bound::At(7), Bound::Unlimited);
                (resource, Limit { soft, hard })
            })
            .into(),
    }
}

fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(value, |value, name| match value {
        Value::Map(entries) => &entries[name],
        other => panic!("{other} has no fields"),
    })
}

#[test]
fn every_value_has_the_fields_of_its_schema() {
    let launch = LaunchFacts {
        pid: 5,
        session: 5,
        end: Some(End::Exit(0)),
        duration: Duration::from_millis(9),
        stdout: Captured::default(),
        stderr: Captured::default(),
        matched: BTreeMap::from([("kill".into(), 3)]),
        matched_at: BTreeMap::from([(
            "kill".into(),
            [1, 101, 203].map(Duration::from_millis).into(),
        )]),
    };
    let file = FileFacts {
        kind: Some("regular".into()),
        mode: 0o644,
        ..FileFacts::default()
    };
    let sockets = [SocketFacts {
        protocol: "tcp".into(),
        address: "127.0.0.1:80".into(),
        processes: vec![7],
    }];
    for (subject, value) in [
        (Subject::Process, process().value()),
        (Subject::Launch, launch.value()),
        (Subject::Fault, launch.fault_value("kill")),
        (Subject::File, file.value()),
        (Subject::Socket, socket(&sockets, "127.0.0.1:80")),
        (Subject::Sandbox, sandbox(&[process()], &[])),
        (
            Subject::End,
            end(true, Some(End::Signal(15)), Duration::ZERO),
        ),
        (Subject::Connection, connection(Ok(b"pong"), Duration::ZERO)),
    ] {
        fits(&value, subject.fields(), &subject.to_string());
    }
}

#[test]
fn a_process_is_told_in_the_words_of_scenarios() {
    let value = process().value();
    for (path, expected) in [
        ("session-leader", false.into()),
        ("terminal", "none".into()),
        ("umask", "0007".into()),
        ("stdin", "/dev/null".into()),
        ("stdout", Value::Absent),
        ("extra-descriptors", vec!["socket:[1]"].into()),
        ("descriptors.3", "socket:[1]".into()),
        ("uid.saved", "unmapped".into()),
        ("capabilities.effective", vec!["cap_setuid"].into()),
        ("signals.blocked", vec!["SIGUSR1"].into()),
        ("signals.ignored", vec!["SIGPIPE", "SIG41"].into()),
        ("alive", true.into()),
        ("limits.nofile.soft", 7.into()),
        ("limits.nofile.hard", "unlimited".into()),
    ] {
        assert_eq!(*at(&value, path), expected, "{path}");
    }
    let zombie = ProcessFacts {
        state: 'Z',
        ..process()
    }
    .value();
    assert_eq!(*at(&zombie, "alive"), false.into());
    assert_eq!(*at(&zombie, "exists"), true.into());
    for gone in [
        "umask",
        "stdin",
        "descriptors",
        "extra-descriptors",
        "environment",
    ] {
        assert_eq!(*at(&zombie, gone), Value::Absent, "{gone}");
        assert_ne!(*at(&value, gone), Value::Absent, "{gone}");
    }
    assert_eq!(*at(&zombie, "uid.saved"), *at(&value, "uid.saved"));
}

#[test]
fn gaps_are_the_time_between_matches() {
    let launch = LaunchFacts {
        matched: BTreeMap::from([("kill".into(), 3), ("once".into(), 1)]),
        matched_at: BTreeMap::from([
            (
                "kill".into(),
                [5, 105, 207].map(Duration::from_millis).into(),
            ),
            ("once".into(), vec![Duration::ZERO]),
        ]),
        ..LaunchFacts::default()
    };
    let kill = launch.fault_value("kill");
    assert_eq!(*at(&kill, "matched"), 3.into());
    assert_eq!(*at(&kill, "gaps.min"), Duration::from_millis(100).into());
    assert_eq!(*at(&kill, "gaps.max"), Duration::from_millis(102).into());
    assert_eq!(*at(&launch.fault_value("once"), "gaps.min"), Value::Absent);
    assert_eq!(*at(&launch.fault_value("never"), "matched"), 0.into());
}

#[test]
fn a_missing_file_and_a_refused_connection_are_facts() {
    let missing = FileFacts::default().value();
    assert_eq!(*at(&missing, "exists"), false.into());
    let refused = WorldError {
        stage: "connect".into(),
        errno: Some(libc::ECONNREFUSED),
        evidence: String::new(),
        remedy: String::new(),
    };
    let value = connection(Err(&refused), Duration::ZERO);
    assert_eq!(*at(&value, "refused"), true.into());
    assert_eq!(*at(&value, "error"), "ECONNREFUSED".into());
    assert_eq!(*at(&value, "text"), Value::Absent);
}

#[test]
fn the_sandbox_counts_all_but_the_excepted() {
    let other = ProcessFacts {
        pid: 8,
        command: Vec::new(),
        ..process()
    };
    let value = sandbox(&[process(), other], &[7]);
    assert_eq!(*at(&value, "count"), 1.into());
    assert_eq!(*at(&value, "processes"), vec!["[labd]"].into());
}
