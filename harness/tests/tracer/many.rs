//! Threads, processes by the hundred, vfork, exec.

use daemonlab_harness::world::event::{End, What};
use rstest::rstest;

use crate::programs::*;

#[rstest]
fn threads_are_tasks_of_their_process(#[values(Linked::Dynamic, Linked::Static)] linked: Linked) {
    let (facts, events) = trace(&traced("threads", linked, &[]));
    assert_eq!(facts.end, Some(End::Exit(3)), "{events:#?}");
    assert_eq!(calls_of(&events, "0/t1"), ["umask(027) = 022"]);
    let forked = place(
        &events,
        |what| matches!(what, What::Forked { new, thread: true, .. } if new.task == "0/t1"),
    );
    assert!(forked < events.len());
}

/// The thread that executes becomes its process, and no other is left.
#[test]
fn a_thread_may_execute() {
    let (facts, events) = trace(&traced("threads", Linked::Dynamic, &["exec"]));
    assert_eq!(facts.end, Some(End::Exit(0)), "{events:#?}");
    let executed = place(
        &events,
        |what| matches!(what, What::Executed { by, path: Some(path) } if by.task == "0" && path.ends_with("/true")),
    );
    let ended = place(&events, |what| matches!(what, What::Exited { .. }));
    assert!(executed < ended);
    // The call is told as its process's, whichever thread has made it.
    place(
        &events,
        |what| matches!(what, What::Call { by, call } if by.task == "0" && call.name == "execve" && call.answer == "ok"),
    );
    assert!(
        calls_of(&events, "0")
            .iter()
            .any(|call| call == "exit_group(0)"),
        "{events:#?}"
    );
}

/// As Go's runtime interrupts its threads: each signal is a stop of its own.
#[rstest]
fn signals_by_the_thousand_disturb_nothing(
    #[values(Linked::Dynamic, Linked::Static)] linked: Linked,
) {
    let mut spec = traced("preempt", linked, &[]);
    spec.trace = daemonlab_harness::world::spec::Trace::Calls(vec!["umask".to_owned()]);
    let (facts, events) = trace(&spec);
    assert_eq!(
        (facts.end, facts.stdout.text().as_str()),
        (Some(End::Exit(0)), "over\n")
    );
    let mut counts = 0;
    let mut lost = 0;
    for event in &events {
        match &event.what {
            What::Call { call, .. } if call.name == "umask" => counts += 1,
            What::Lost { events } => lost += events,
            _ => {}
        }
    }
    assert!(counts == 16 * 50 || lost > 0, "{counts} {lost}");
}

#[rstest]
fn a_hundred_children(#[values(Linked::Dynamic, Linked::Static)] linked: Linked) {
    let (facts, events) = trace(&traced("ways", linked, &["hundred"]));
    assert_eq!(facts.stdout.text(), "4950\n", "{events:#?}");
    for n in 0..100 {
        let task = format!("0.{}", n + 1);
        place(
            &events,
            |what| matches!(what, What::Exited { by, end: End::Exit(status) } if by.task == task && *status == n),
        );
    }
}

#[test]
fn spawn_and_vfork() {
    let (facts, events) = trace(&traced("ways", Linked::Dynamic, &["spawn"]));
    assert_eq!(facts.end, Some(End::Exit(4)), "{events:#?}");
    place(
        &events,
        |what| matches!(what, What::Executed { by, path: Some(path) } if by.task == "0.1" && path.ends_with("/true")),
    );
    place(
        &events,
        |what| matches!(what, What::Exited { by, end: End::Exit(4) } if by.task == "0.2"),
    );
}
