//! Scenario files become data.

use std::path::Path;
use std::time::Duration;

use daemonlab::sys::Signal;
use daemonlab_harness::scenario::matcher::{Operand, Order, Test};
use daemonlab_harness::scenario::model::{Action, AdoptFrom, Content, LaunchWait, Target};
use daemonlab_harness::scenario::{Capability, Case, Scenario, Scope, parse};
use daemonlab_harness::value::Value;
use daemonlab_harness::world::spec::{FaultAction, Role, Stdio, Trace};

fn read(text: &str) -> Scenario {
    parse("x.yaml", text, Path::new("/lab")).unwrap_or_else(|error| panic!("{error}"))
}

fn only(text: &str) -> Case {
    let mut cases = read(text).cases;
    assert_eq!(cases.len(), 1);
    cases.remove(0)
}

const EVERYTHING: &str = include_str!("scenario_everything.yaml");

#[test]
fn a_file_with_everything_becomes_data() {
    let case = only(EVERYTHING);
    assert_eq!(case.id, "x.yaml");
    assert_eq!(case.tags, ["smoke", "detach"]);
    assert_eq!(case.timeout, Some(Duration::from_secs(10)));
    // What it does needs more than it says.
    assert_eq!(
        case.requires.iter().copied().collect::<Vec<_>>(),
        Capability::OF_MACHINES
    );
    assert_eq!(case.sandbox.groups[0].members, ["svc"]);

    let scope = {
        let mut scope = Scope::new();
        for (name, value) in [("demo.session", 5), ("daemon.pid", 7)] {
            scope.set(name, value);
        }
        scope.set("target", "/bin/labd");
        scope
    };
    let spec = case.sandbox_spec(vec!["/lab".into()], &scope).unwrap();
    let [dir, conf, _, fifo] = spec.files.as_slice() else {
        panic!("{:?}", spec.files)
    };
    assert_eq!((dir.mode, dir.uid, dir.gid), (0o700, 1000, 1000));
    assert_eq!((conf.mode, conf.uid), (0o644, 0));
    assert_eq!((fifo.mode, fifo.gid), (0o644, 2000));
    assert!(matches!(&case.files[1].content, Content::Regular(text) if
        text.as_text().as_deref() == Some("user: 1000\ndir: /lab\n")));

    let actions: Vec<&Action> = case.steps.iter().map(|step| &step.action).collect();
    let Action::Launch(launch) = actions[0] else {
        panic!()
    };
    assert_eq!(launch.wait, LaunchWait::Background);
    let spec = launch.spec(&scope).unwrap();
    assert_eq!(spec.command, ["/bin/labd", "-d", "-v", "--port", "8080"]);
    assert_eq!(spec.env["EXTRA"], "${HOME}");
    assert_eq!(spec.env["RUST_LOG"], "debug");
    assert!(!spec.env.contains_key("TZ") && spec.env.contains_key("PATH"));
    assert_eq!(
        (spec.uid, spec.gid, spec.groups),
        (1000, 1000, vec![1000, 2000])
    );
    assert_eq!((spec.umask, spec.stdio), (0o027, Stdio::Terminal));
    assert_eq!(spec.ignored, [Signal::PIPE.number(), 40]);
    assert_eq!(spec.faults[0].calls.len(), 5, "a family is its members");
    assert_eq!((spec.faults[0].first, spec.faults[0].last), (1, Some(3)));
    assert_eq!(spec.faults[0].role, Role::Daemon);
    assert_eq!(spec.faults[0].action, FaultAction::Fail(libc::EPERM));
    let held = FaultAction::HoldUntil {
        label: "daemon-kill".into(),
        matched: 3,
    };
    assert_eq!(spec.faults[1].action, held);

    let Action::Await(wait) = actions[1] else {
        panic!()
    };
    let two = Operand::Literal(Value::Time(Duration::from_secs(2)));
    assert_eq!(
        wait.expect.fields[1].matcher.test,
        Test::Order(Order::Lt, two)
    );

    let Action::Adopt(adopt) = actions[2] else {
        panic!()
    };
    assert!(matches!(&adopt.from, AdoptFrom::PidFile(path) if
        path.as_text().as_deref() == Some("/run/demo.pid")));

    let Action::Check(check) = actions[4] else {
        panic!()
    };
    assert_eq!(check.within, Duration::ZERO);
    let Action::Check(check) = actions[5] else {
        panic!()
    };
    assert_eq!(
        check.target,
        Target::Fault {
            launch: "demo".into(),
            label: "held".into()
        }
    );

    let Action::Launch(again) = actions[10] else {
        panic!()
    };
    assert_eq!(again.again.as_deref(), Some("demo"));
    let spec = again.spec(&scope).unwrap();
    assert_eq!(spec.command, ["/bin/labd", "-d", "-v", "--port", "8080"]);
    assert!(spec.faults.is_empty() && spec.stdio == Stdio::Pipes);
    assert_eq!(spec.uid, 1000, "what is not said is as it was");
    assert!(!spec.env.contains_key("EXTRA"));
}

const LAUNCH: &str = "steps: [{launch: {id: a, command: [x], expect: {exit: \"${exit}\"}}}]";

#[test]
fn cases_and_matrix_make_one_test_each() {
    let text = format!(
        "version: 1\nlet: {{exit: 0}}\nmatrix: {{mode: [a b, 1]}}\ncases:\n  - {{name: ok}}\n  \
         - {{name: bad, exit: 1}}\nfiles: [{{path: /x, content: \"${{mode}} ${{name}}\"}}]\n{LAUNCH}"
    );
    let scenario = read(&text);
    let ids: Vec<&str> = scenario.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "x.yaml::ok,mode=a-b",
            "x.yaml::ok,mode=1",
            "x.yaml::bad,mode=a-b",
            "x.yaml::bad,mode=1"
        ]
    );
    let exits: Vec<Test> = scenario
        .cases
        .iter()
        .map(|case| match &case.steps[0].action {
            Action::Launch(launch) => match &launch.wait {
                LaunchWait::End { expect, .. } => expect.fields[0].matcher.test.clone(),
                LaunchWait::Background => panic!(),
            },
            _ => panic!(),
        })
        .collect();
    let exit = |n: i64| Test::Equals(Operand::Literal(Value::Int(n)));
    assert_eq!(exits, [exit(0), exit(0), exit(1), exit(1)]);
    let Content::Regular(content) = &scenario.cases[3].files[0].content else {
        panic!()
    };
    assert_eq!(content.as_text().as_deref(), Some("1 bad"));
}

#[test]
fn a_lone_variable_keeps_its_type() {
    let text = "version: 1\ncases: [{name: a, expect: {exit: {one-of: [0, 75]}}, command: [x, -d]}]\n\
                steps: [{launch: {id: a, command: \"${command}\", expect: \"${expect}\"}}]";
    let case = only(text);
    let Action::Launch(launch) = &case.steps[0].action else {
        panic!()
    };
    assert_eq!(launch.command.len(), 2);
}

#[test]
fn the_mark_of_byte_order_is_no_part_of_the_file() {
    let text = format!("\u{feff}version: 1\nlet: {{exit: 0}}\n{LAUNCH}");
    assert_eq!(only(&text).steps.len(), 1);
}

#[test]
fn a_fault_is_found_by_its_label_or_by_its_launch_too() {
    let text = |of: &str| {
        format!(
            "version: 1\nsteps:\n  \
             - launch: {{id: a, command: [x], expect: {{exit: 0}}, faults: \
             [{{label: f, role: any, call: kill, watch: true}}]}}\n  \
             - again: {{launch: a, id: b, expect: {{exit: 0}}{of}\n"
        )
    };
    let target = |text: &str| match &only(text).steps[2].action {
        Action::Check(check) => check.target.clone(),
        other => panic!("{other:?}"),
    };
    let fault = |launch: &str| Target::Fault {
        launch: launch.into(),
        label: "f".into(),
    };
    let only_one = text(", faults: []}\n  - check: {fault: f, expect: {matched: 1}}");
    assert_eq!(target(&only_one), fault("a"));
    for launch in ["a", "b"] {
        let named = text(&format!(
            "}}\n  - check: {{fault: f, of: {launch}, expect: {{matched: 1}}}}"
        ));
        assert_eq!(target(&named), fault(launch));
    }
}

#[test]
fn a_directory_can_be_entered_unless_said_otherwise() {
    let case = only(
        "version: 1\nfiles: [{path: /d, directory: true}, {path: /f, content: x}]\n\
         steps: [{launch: {id: a, command: [x], expect: {exit: 0}}}]",
    );
    let modes: Vec<u32> = case.files.iter().map(|file| file.mode).collect();
    assert_eq!(modes, [0o755, 0o644]);
}

/// What is not looked at runs as if nobody looked.
#[test]
fn a_launch_whose_events_are_looked_at_is_traced() {
    let case = only(
        "version: 1\nsteps:\n  \
         - launch: {id: a, command: [x], expect: {exit: 0}}\n  \
         - again: {launch: a, id: b, expect: {exit: 0}}\n  \
         - events: {launch: b, expect: [{never: {call: setuid}}]}\n",
    );
    assert!(case.requires.contains(&Capability::Ptrace));
    let scope = Scope::new();
    let traces = case.steps[..2].iter().map(|step| match &step.action {
        Action::Launch(launch) => launch.spec(&scope).unwrap().trace,
        other => panic!("{other:?}"),
    });
    assert_eq!(traces.collect::<Vec<_>>(), [Trace::Off, Trace::Visible]);
}

#[test]
fn an_event_names_calls_by_family_and_paths_by_stars() {
    let case = only(
        "version: 1\nlet: {file: \"/run/a+*\"}\nsteps:\n  \
         - launch: {id: a, command: [x], expect: {exit: 0}}\n  \
         - events: {launch: a, expect: [{never: {call: [rename, kill], path: \"${file}\"}}]}\n",
    );
    let Action::Events(events) = &case.steps[1].action else {
        panic!()
    };
    let matcher = events.claims[0].matchers()[0];
    assert_eq!(matcher.shown, "{call: [rename, kill], path: /run/a+*}");
    let Test::OneOf(calls) = &matcher.fields[0].matcher.test else {
        panic!("{matcher:?}")
    };
    assert_eq!(calls.len(), 3 + 5, "{calls:?}");
    let Test::Any(path) = &matcher.fields[1].matcher.test else {
        panic!("{matcher:?}")
    };
    let Test::Matches(path) = &path.test else {
        panic!("{matcher:?}")
    };
    assert_eq!(path.as_text().as_deref(), Some(r"^/run/a\+(?s:.*)$"));
}
