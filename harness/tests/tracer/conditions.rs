//! Faults by path, by argument, by process; short calls; signals.

use std::collections::BTreeMap;

use daemonlab_harness::world::event::{End, What};
use daemonlab_harness::world::spec::{Condition, Counting, FaultAction, Role};
use rstest::rstest;

use crate::programs::*;
use crate::world_lab::calls::{done, fault, perl};

fn path(pattern: &str) -> Condition {
    Condition {
        path: Some(pattern.to_owned()),
        args: BTreeMap::new(),
    }
}

#[rstest]
#[case::exact("/run/.lab.pid", 2)]
#[case::pattern("/run/*", 2)]
#[case::other("/run/lab.pid", 0)]
fn a_fault_by_path_meets_that_file_alone(#[case] pattern: &str, #[case] matched: u32) {
    let mut spec = traced("daemon", Linked::Dynamic, &[]);
    let mut watch = fault("f", Role::Any, "open", FaultAction::Watch);
    watch.calls.push("write".to_owned());
    watch.condition = path(pattern);
    spec.faults = vec![watch];
    let (facts, events) = trace(&spec);
    assert_eq!(facts.matched["f"], matched, "{events:#?}");
}

/// What the loader reads is counted only where its path is named.
#[test]
fn noise_is_counted_by_path_alone() {
    let mut spec = traced("daemon", Linked::Dynamic, &[]);
    let mut library = fault("library", Role::Any, "openat", FaultAction::Watch);
    library.condition = path("*/libc.so.6");
    spec.faults = vec![
        library,
        fault("any", Role::Any, "openat", FaultAction::Watch),
    ];
    let (facts, events) = trace(&spec);
    assert_eq!(
        (facts.matched["library"], facts.matched["any"]),
        (1, 1),
        "{events:#?}"
    );
}

#[test]
fn a_fault_by_argument() {
    let mut spec = traced("daemon", Linked::Dynamic, &[]);
    let mut usr1 = fault("usr1", Role::Daemon, "kill", FaultAction::Fail(libc::ESRCH));
    usr1.condition.args = BTreeMap::from([(1, libc::SIGUSR1)]);
    let mut term = fault("term", Role::Daemon, "kill", FaultAction::Watch);
    term.condition.args = BTreeMap::from([(1, libc::SIGTERM)]);
    // The launcher would wait for ever.
    let wait = fault("wait", Role::Launcher, "rt_sigtimedwait", FaultAction::Kill);
    spec.faults = vec![usr1, term, wait];
    let (facts, events) = trace(&spec);
    assert_eq!((facts.matched["usr1"], facts.matched["term"]), (1, 0));
    assert_eq!(facts.end, Some(End::Signal(libc::SIGKILL)));
    let daemon = calls_of(&events, "0.1.1");
    let kill = daemon
        .iter()
        .find(|call| call.starts_with("kill("))
        .unwrap();
    assert!(kill.ends_with("SIGUSR1) = ESRCH"), "{daemon:?}");
}

#[rstest]
#[case::of_the_tree(Counting::Tree, 1)]
#[case::of_each_process(Counting::Process, 3)]
fn the_first_call(#[case] counting: Counting, #[case] matched: u32) {
    let mut spec = traced("daemon", Linked::Dynamic, &[]);
    let mut first = fault("f", Role::Any, "exit", FaultAction::Watch);
    (first.counting, first.last) = (counting, Some(1));
    spec.faults = vec![first];
    let (facts, events) = trace(&spec);
    assert_eq!(facts.matched["f"], matched, "{events:#?}");
}

/// The kernel itself writes less.
#[test]
fn a_short_write_is_short() {
    let mut spec = traced("daemon", Linked::Dynamic, &[]);
    let mut short = fault("f", Role::Daemon, "write", FaultAction::Short(1));
    short.condition = path("/run/.lab.pid");
    spec.faults = vec![short];
    let (_, events) = trace(&spec);
    assert_eq!(done(&events), ["f Daemon write cut to 1 bytes"]);
    let write = events.iter().find_map(|event| match &event.what {
        What::Call { call, .. } if call.name == "write" => Some(call),
        _ => None,
    });
    let write = write.unwrap_or_else(|| panic!("{events:#?}"));
    assert!(write.answer == "1" && write.injected, "{write:?}");
}

#[test]
#[cfg(target_arch = "x86_64")]
fn registers_are_as_they_were_after_a_short_write() {
    let mut spec = traced("ways", Linked::Dynamic, &["registers"]);
    spec.faults = vec![fault("f", Role::Any, "write", FaultAction::Short(2))];
    let (facts, _) = trace(&spec);
    assert_eq!(
        (facts.end, facts.stdout.text().as_str()),
        (Some(End::Exit(27)), "ab")
    );
}

#[test]
fn a_call_that_says_no_count_cannot_be_short() {
    let mut host = crate::world_lab::host();
    let mut world = lab(&mut host);
    let mut spec = traced("daemon", Linked::Dynamic, &[]);
    spec.faults = vec![fault("f", Role::Any, "setsid", FaultAction::Short(1))];
    use daemonlab_harness::world::World;
    let error = world.launch(&spec).unwrap_err();
    assert!(error.evidence.contains("setsid"), "{error}");
}

/// The launcher's wait is held until the daemon's rename is over, or until the
/// intermediate has ended: what it waits for is told before it is let go.
#[rstest]
#[case::over(FaultAction::HoldUntilOver { label: "renamed".to_owned(), matched: 1 })]
#[case::end(FaultAction::HoldUntilEnd(Role::Intermediate))]
fn a_hold_until_something_has_happened(#[case] until: FaultAction) {
    let of_end = matches!(until, FaultAction::HoldUntilEnd(_));
    let mut spec = traced("daemon", Linked::Dynamic, &[]);
    let wait = "wait4";
    spec.faults = vec![
        fault("held", Role::Launcher, wait, until),
        fault("renamed", Role::Daemon, "rename", FaultAction::Watch),
    ];
    let (facts, events) = trace(&spec);
    assert_eq!(facts.end, Some(End::Exit(0)), "{events:#?}");
    let what = |what: &What| match what {
        What::Exited { by, .. } => of_end && by.role == Role::Intermediate,
        What::Call { call, .. } => !of_end && call.name.starts_with("rename"),
        _ => false,
    };
    let happened = place(&events, what);
    let waited = place(
        &events,
        |what| matches!(what, What::Call { call, .. } if call.name == wait),
    );
    assert!(happened < waited, "{events:#?}");
    assert_eq!(facts.matched["held"], 1);
}

#[test]
fn a_signal_comes_as_the_call_begins() {
    let text = "$SIG{USR2} = sub { print \"got it\\n\" }; umask 1; print \"over\\n\"";
    let action = FaultAction::Signal(libc::SIGUSR2);
    let spec = perl("a", text, vec![fault("f", Role::Any, "umask", action)]);
    let (facts, events) = trace(&spec);
    assert_eq!(facts.stdout.text(), "got it\nover\n", "{facts:?}");
    assert_eq!(done(&events), ["f Launcher umask signalled with SIGUSR2"]);
}
