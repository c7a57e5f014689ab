//! Targets that crash, stop themselves, are interrupted, or want to trace.

use std::process::Command;

use daemonlab::sys::Signal;
use daemonlab_harness::world::World;
use daemonlab_harness::world::event::{End, Event, What};
use rstest::rstest;

use crate::programs::*;
use crate::world_lab::{host, until};

#[rstest]
#[case("crash", libc::SIGSEGV)]
#[case("abort", libc::SIGABRT)]
#[case("kill-thread", libc::SIGTERM)]
fn a_crash_is_told(#[case] way: &str, #[case] signal: i32) {
    let (facts, events) = trace(&traced("ways", Linked::Dynamic, &[way]));
    assert_eq!(facts.end, Some(End::Signal(signal)), "{events:#?}");
    let gets = place(
        &events,
        |what| matches!(what, What::Signal { signal: s, .. } if *s == signal),
    );
    let ends = place(
        &events,
        |what| matches!(what, What::Exited { end: End::Signal(s), .. } if *s == signal),
    );
    assert!(gets < ends);
}

/// Job control works as without a tracer: it stays stopped until SIGCONT.
#[test]
fn who_stops_itself_stays_stopped_until_continued() {
    let mut host = host();
    let mut world = lab(&mut host);
    let spec = traced("ways", Linked::Dynamic, &["stop"]);
    let pid = world.launch(&spec).unwrap();
    until(&mut world, |world| {
        let processes = world.processes().unwrap();
        let stopped = processes.iter().find(|process| process.pid == pid)?;
        (stopped.state == 'T').then_some(())
    });
    assert_eq!(world.launch_facts("a").unwrap().end, None);
    world.signal(pid, Signal::CONT).unwrap();
    let (facts, events) = gather(&mut world, "a");
    assert_eq!(facts.end, Some(End::Exit(5)), "{events:#?}");
}

#[test]
fn a_wish_to_be_traced_is_told() {
    let (facts, events) = trace(&traced("ways", Linked::Dynamic, &["ptrace"]));
    assert_eq!(facts.stdout.text(), "Operation not permitted\n");
    place(
        &events,
        |what| matches!(what, What::WantsPtrace { by, request } if by.task == "0" && request == "PTRACE_TRACEME"),
    );
}

/// How often the launcher is said to make calls that are not seen.
fn unseen(events: &[Event]) -> usize {
    let unseen = |what: &What| matches!(what, What::UnseenCalls { by } if by.task == "0");
    events.iter().filter(|event| unseen(&event.what)).count()
}

/// A kernel without 32-bit programs (`CONFIG_IA32_EMULATION`) kills who makes such a
/// call, and there is nothing to tell.
#[test]
fn calls_of_another_machine_are_told_once_and_made() {
    let (facts, events) = trace(&traced("ways", Linked::Dynamic, &["unseen"]));
    let expected = match facts.end {
        Some(End::Signal(libc::SIGSEGV)) => ("", 0),
        _ => ("77\n", 1),
    };
    assert_eq!(
        (facts.stdout.text().as_str(), unseen(&events)),
        expected,
        "{events:#?}"
    );
}

/// A program for 32 bits: its exec and its end are seen, its calls are not. A kernel
/// without such programs does not start it.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_32_bit_program_is_told_to_be_one() {
    let path = program("narrow", Linked::Narrow);
    let natively = Command::new(&path).status();
    let spec = traced("narrow", Linked::Narrow, &[]);
    let Ok(status) = natively else {
        let mut host = host();
        let refused = lab(&mut host).launch(&spec).unwrap_err();
        assert_eq!(refused.errno, Some(libc::ENOEXEC), "{refused}");
        return;
    };
    assert_eq!(status.code(), Some(3));
    let (facts, events) = trace(&spec);
    assert_eq!(facts.end, Some(End::Exit(3)), "{events:#?}");
    assert_eq!(unseen(&events), 1, "{events:#?}");
    let end = |what: &What| {
        matches!(
            what,
            What::Exited {
                end: End::Exit(3),
                ..
            }
        )
    };
    assert!(place(&events, |what| matches!(what, What::UnseenCalls { .. })) < place(&events, end));
}

/// The same machine has a second numbering, x32. A kernel without it refuses the call,
/// which is told nevertheless: what it does is not known here.
#[cfg(target_arch = "x86_64")]
#[test]
fn calls_of_another_numbering_are_told_once_and_made() {
    let (facts, events) = trace(&traced("ways", Linked::Dynamic, &["x32"]));
    let text = facts.stdout.text();
    assert!(
        ["77\n", "Function not implemented\n"].contains(&text.as_str()),
        "{text}"
    );
    assert_eq!(unseen(&events), 1, "{events:#?}");
}

/// Without a tracer a signal that is ignored ends no wait.
#[rstest]
#[case("ignored", "rt_sigtimedwait(")]
#[case("ignored-poll", "epoll_wait(")]
fn what_is_ignored_ends_no_wait(#[case] way: &str, #[case] name: &str) {
    let (facts, events) = trace(&traced("ways", Linked::Dynamic, &[way]));
    assert_eq!(facts.stdout.text(), "in time\n", "{events:#?}");
    assert_eq!(facts.end, Some(End::Exit(0)), "{events:#?}");
    let calls = calls_of(&events, "0");
    let waits = calls.iter().filter(|call| call.starts_with(name));
    assert_eq!(waits.count(), 1, "{calls:?}");
}

/// A call that a signal interrupts and the kernel makes again is one call.
#[test]
fn a_call_made_again_is_counted_once() {
    let (facts, events) = trace(&traced("ways", Linked::Dynamic, &["restart"]));
    assert_eq!(facts.end, Some(End::Exit(6)), "{events:#?}");
    let calls = calls_of(&events, "0");
    let waits: Vec<_> = calls
        .iter()
        .filter(|call| call.starts_with("wait4("))
        .collect();
    assert_eq!(waits.len(), 1, "{calls:?}");
    let signals = events.iter().filter(|event| {
        matches!(&event.what, What::Signal { to, signal, from_pid, .. }
            if to.task == "0" && *signal == libc::SIGUSR1 && *from_pid > 1)
    });
    assert_eq!(signals.count(), 5);
}
