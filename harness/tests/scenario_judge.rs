//! Facts are held against expectations, and a failure shows the line, what is
//! expected, and what is.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use annotate_snippets::Renderer;
use daemonlab_harness::expect::{Verdict, judge};
use daemonlab_harness::scenario::matcher::Expect;
use daemonlab_harness::scenario::model::{Action, Case};
use daemonlab_harness::scenario::{Scope, parse};
use daemonlab_harness::value::Value;
use daemonlab_harness::world::event::End;
use daemonlab_harness::world::facts::{Captured, FileFacts, LaunchFacts, ProcessFacts, values};
use daemonlab_harness::world::limits::{Bound, Limit, Resource};
use rstest::{Context, rstest};

/// A scenario whose last step checks `target` for `expect`.
fn check(target: &str, expect: &str) -> (Case, Expect) {
    let text = format!(
        "version: 1\n\
         sandbox: {{users: {{svc: 1000}}}}\n\
         steps:\n  \
         - launch: {{id: demo, command: [x], background: true}}\n  \
         - adopt: {{id: daemon, from: {{child-of: demo}}}}\n  \
         - check: {{{target}, expect: {{{expect}}}}}\n"
    );
    let scenario = parse("x.yaml", &text, Path::new("/")).unwrap_or_else(|e| panic!("{e}"));
    let case = scenario.cases[0].clone();
    match &case.steps.last().unwrap().action {
        Action::Check(check) => (case.clone(), check.expect.clone()),
        other => panic!("{other:?}"),
    }
}

fn scope() -> Scope {
    let mut scope = Scope::new();
    scope.set("demo.pid", 5);
    scope.set("demo.session", 5);
    scope.set("daemon.pid", 7);
    scope.set("target", "/bin/x.y");
    scope
}

fn daemon() -> Value {
    process().value()
}

fn process() -> ProcessFacts {
    ProcessFacts {
        pid: 7,
        parent: 5,
        session: 6,
        name: "labd".into(),
        command: vec!["/bin/x.y".into(), "-d".into()],
        state: 'S',
        cwd: Some("/".into()),
        umask: 0o007,
        descriptors: BTreeMap::from([(0, "/dev/null".into()), (3, "socket:[9]".into())]),
        uid: [Some(1000), Some(1000), Some(0), Some(1000)],
        gid: [None; 4],
        groups: vec![Some(100), Some(1000)],
        capabilities: [0, 1 << 7, 1 << 7 | 1 << 5, 1 << 7, 0],
        blocked: 1 << 9 | 1 << 14,
        environment: BTreeMap::from([
            ("PATH".into(), "/bin".into()),
            ("HOME".into(), "".into()),
            ("NEAR".into(), "/bin/xzy".into()),
            ("PID".into(), "7".into()),
        ]),
        threads: 3,
        limits: [(Resource::Descriptors, (Bound::At(64), Bound::Unlimited))]
            .map(|(resource, (soft, hard))| (resource, Limit { soft, hard }))
            .into(),
        ..ProcessFacts::default()
    }
}

/// What is said of descriptors that are not there any more never holds.
fn zombie() -> Value {
    ProcessFacts {
        state: 'Z',
        cwd: None,
        descriptors: BTreeMap::new(),
        ..process()
    }
    .value()
}

fn launch() -> Value {
    LaunchFacts {
        pid: 5,
        end: Some(End::Exit(75)),
        duration: Duration::from_millis(1204),
        stdout: Captured::default(),
        stderr: Captured {
            head: "one\ntwo pid 7\nthree\n".into(),
            ..Captured::default()
        },
        ..LaunchFacts::default()
    }
    .value()
}

#[rstest]
#[case("name: labd")]
#[case("name: {not: other}")]
#[case("name: {equals: labd}")]
#[case("name: {one-of: [x, labd]}")]
#[case("name: {contains: ab, starts-with: l, ends-with: d, lacks: z}")]
#[case("name: {contains: [l, d]}")]
#[case("name: {matches: '^la.d$'}")]
#[case("command: ['${target}', -d]")]
#[case("command: {contains: -d, count: 2, lacks: -e}")]
#[case("command: {any: {matches: '${target}'}}")]
#[case("command: {all: {not: {empty: true}}}")]
#[case("command: {count: {ge: 2, lt: 3}}")]
#[case("environment: {PID: '${daemon.pid}'}")]
#[case("executable: null")]
#[case("executable: {exists: false}")]
#[case("executable: {one-of: [null, /bin/x]}")]
#[case("stdin: {exists: true}, stdout: null")]
#[case("parent: demo")]
#[case("parent: 5")]
#[case("parent: '${demo.pid}'")]
#[case("parent: {not: init}")]
#[case("session: {not: '${demo.session}'}")]
#[case("session-leader: false, exists: true, alive: true")]
#[case("state: {one-of: [running, sleeping]}")]
#[case("umask: '0007'")]
#[case("umask: '007'")]
#[case("uid: {real: svc, saved: root}")]
#[case("uid: {not: 5}")]
#[case("uid: {le: 1000}")]
#[case("gid: unmapped")]
#[case("groups: [1000, 100]")]
#[case("groups: {contains: svc}")]
#[case("capabilities: {effective: [cap_kill, SETUID], ambient: none, permitted: cap_setuid}")]
#[case("capabilities: {ambient: {empty: true}, effective: {lacks: sys_admin}}")]
#[case("signals: {blocked: [TERM, 10], ignored: []}")]
#[case("environment: {PATH: /bin, HOME: {empty: true}, TZ: null}")]
#[case("environment: {count: 4}")]
#[case("descriptors: {0: /dev/null, 1: null}")]
#[case("extra-descriptors: 'socket:[9]'")]
#[case("extra-descriptors: {all: {starts-with: 'socket:'}}")]
#[case("threads: {ge: 1, le: 3}")]
#[case("limits: {nofile: {soft: 64, hard: unlimited}}")]
#[case("limits: {nofile: {ge: 64}, core: {soft: null}}")]
#[case("limits: {nofile: {soft: {lt: unlimited}, hard: {gt: 64, le: unlimited}}}")]
fn a_process_passes(#[case] expect: &str) {
    let (_, expect) = check("process: daemon", expect);
    assert_eq!(judge("", &expect, &daemon(), &scope()), Verdict::Passed);
}

#[rstest]
#[case("exit: {not: 0}, signal: null, running: false")]
#[case("duration: {ge: 1s, lt: 1205ms}")]
#[case("stdout: {empty: true}, stderr: {empty: false, count: 3}")]
#[case("stdout: ''")]
#[case("stderr: {like: \"one\\n...\\nthree\\n\"}")]
#[case("stderr: {like: \"one\\ntwo pid [..]\\nthree\\n\"}")]
#[case("stderr: {contains: 'pid ${daemon.pid}'}")]
fn a_launch_passes(#[case] expect: &str) {
    let (_, expect) = check("launch: demo", expect);
    assert_eq!(judge("", &expect, &launch(), &scope()), Verdict::Passed);
}

/// Each of these fails, and says so in these words.
#[rstest]
#[case("name: x", r#"expected "x", got "labd""#)]
#[case("name: {not: labd}", r#"expected not "labd", got "labd""#)]
#[case("name: {one-of: [x, y]}", r#"expected one of "x", "y", got "labd""#)]
#[case(
    "name: {contains: [l, z]}",
    r#"expected something that contains "l", "z", got "labd""#
)]
#[case(
    "name: {lacks: [z, l]}",
    r#"expected something without "z", "l", got "labd""#
)]
#[case(
    "name: {matches: '^x'}",
    r#"expected text that matches /^x/, got "labd""#
)]
#[case(
    "name: {starts-with: x}",
    r#"expected text that starts with "x", got "labd""#
)]
#[case(
    "name: {ends-with: x}",
    r#"expected text that ends with "x", got "labd""#
)]
#[case("name: {empty: true}", r#"expected nothing in it, got "labd""#)]
#[case("name: null", r#"expected nothing, got "labd""#)]
#[case("name: {count: 2}", r#"expected a count of 2, got "labd""#)]
// A dot in the target is a dot, not any character.
#[case(
    "environment: {NEAR: {matches: '${target}'}}",
    "expected text that matches /${target}/, got \"/bin/xzy\""
)]
#[case(
    "groups: [5, 100, 1000]",
    "expected [5, 100, 1000] in any order, got [100, 1000]"
)]
#[case(
    "command: [-d, '${target}']",
    r#"expected ["-d", "/bin/x.y"], got ["/bin/x.y", "-d"]"#
)]
#[case(
    "command: {any: x}",
    r#"expected an element that is "x", got ["/bin/x.y", "-d"]"#
)]
#[case(
    "command: {all: {contains: x}}",
    r#"expected each element to be something that contains "x", got ["/bin/x.y", "-d"]"#
)]
#[case("parent: init", "expected 1 (`init`), got 5 (`demo`)")]
#[case("parent: daemon", "expected 7 (`daemon`), got 5 (`demo`)")]
#[case("session: {gt: 6}", "expected more than 6, got 6")]
#[case("session: {ge: 7, lt: 9}", "expected at least 7, got 6")]
#[case("umask: '0022'", r#"expected "0022", got "0007""#)]
#[case("gid: 0", r#"expected 0, got "unmapped""#)]
#[case("groups: [1000]", "expected [1000], got [100, 1000]")]
#[case("signals: {blocked: []}", r#"expected [], got ["SIGUSR1", "SIGTERM"]"#)]
#[case("environment: {PATH: null}", r#"expected nothing, got "/bin""#)]
#[case("threads: {le: 2}", "expected at most 2, got 3")]
#[case("limits: {nofile: {le: 64}}", "expected at most 64, got \"unlimited\"")]
#[case(
    "limits: {nofile: {soft: {ge: unlimited}}}",
    "expected at least \"unlimited\", got 64"
)]
#[case("limits: {core: {soft: 0}}", "expected 0, got nothing")]
// What is not there passes only what speaks of that.
#[case("executable: {not: /bin/x}", r#"expected not "/bin/x", got nothing"#)]
#[case(
    "executable: {lacks: x}",
    r#"expected something without "x", got nothing"#
)]
#[case("executable: {empty: true}", "expected nothing in it, got nothing")]
#[case("executable: {exists: true}", "expected a value, got nothing")]
#[case("executable: {not: null}", "expected not nothing, got nothing")]
#[case("environment: {TZ: {not: UTC}}", r#"expected not "UTC", got nothing"#)]
fn a_process_fails(#[case] expect: &str, #[case] told: &str) {
    let (_, expect) = check("process: daemon", expect);
    let failures = judge("process `daemon`", &expect, &daemon(), &scope()).failures();
    let labels: Vec<&str> = failures
        .iter()
        .map(|failure| failure.label.as_str())
        .collect();
    assert!(
        !labels.is_empty() && labels.iter().all(|label| *label == told),
        "{labels:#?}"
    );
}

#[test]
fn every_field_that_fails_is_told() {
    let (_, expect) = check(
        "process: daemon",
        "uid: 1000, umask: '0022', name: labd, cwd: /x",
    );
    let failures = judge("process `daemon`", &expect, &daemon(), &scope()).failures();
    let paths: Vec<&str> = failures
        .iter()
        .map(|failure| failure.path.as_str())
        .collect();
    assert_eq!(paths, ["uid.saved", "umask", "cwd"]);
    assert_eq!(failures[0].actual, Value::Int(0));
    assert_eq!(failures[0].expected, "1000");
}

#[rstest]
#[case::exit_status("launch: demo", "exit: 0, stderr: {contains: ready}", launch())]
#[case::several_lines("launch: demo", "stderr: \"one\\ntwo pid 8\\nthree\\n\"", launch())]
#[case::capabilities(
    "process: daemon",
    "capabilities: {effective: [cap_kill, cap_chown]}, command: {contains: [-d, -v]}",
    daemon()
)]
#[case::a_gone_process("process: daemon", "state: running, parent: init", values::gone())]
#[case::a_zombie(
    "process: daemon",
    "descriptors: {count: {le: 6}}, extra-descriptors: [], umask: \"0000\", parent: init",
    zombie()
)]
#[case::a_missing_file("file: /run/x.pid", "content: \"${daemon.pid}\\n\"", FileFacts::default().value())]
#[case::a_long_text("launch: demo", "stderr: x", {
    let mut facts = launch();
    if let Value::Map(entries) = &mut facts {
        entries.insert("stderr".into(), "long ".repeat(100).into());
    }
    facts
})]
fn a_failure_shows_its_line(
    #[context] context: Context,
    #[case] target: &str,
    #[case] expect: &str,
    #[case] facts: Value,
) {
    let (case, expect) = check(target, expect);
    let told: Vec<String> = judge(&format!("`{target}`"), &expect, &facts, &scope())
        .failures()
        .iter()
        .map(|failure| failure.render(&case.source, &Renderer::plain()))
        .collect();
    insta::with_settings!({
        snapshot_path => Path::new("failures"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(context.description.unwrap(), told.join("\n\n"));
    });
}
