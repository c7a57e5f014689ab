//! Targets that are many at once: each ends as it does without a tracer, and
//! the end of each of its processes is told.

use std::collections::BTreeSet;

use daemonlab_harness::world::event::{End, Event, What};
use daemonlab_harness::world::spec::{LaunchSpec, Trace};
use rstest::rstest;

use crate::programs::*;

/// What is asked of the tracer.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Visible,
    Every,
}

fn storm(way: &str, asked: Asked) -> LaunchSpec {
    let mut spec = traced("storm", Linked::Dynamic, &[way]);
    if let Asked::Every = asked {
        spec.trace = Trace::Every(Vec::new());
    }
    spec
}

/// Every process that was made has ended, unless what was told was too much to
/// be kept.
fn all_have_ended(events: &[Event]) {
    let mut left = BTreeSet::new();
    for event in events {
        match &event.what {
            What::Forked {
                new, thread: false, ..
            } => drop(left.insert(new.pid)),
            What::Exited { by, .. } => drop(left.remove(&by.pid)),
            What::Lost { .. } => return,
            _ => {}
        }
    }
    assert!(left.is_empty(), "{left:?} of {events:#?}");
}

#[rstest]
#[case::double_forks("daemons", End::Exit(0), "40\n")]
#[case::threads_that_exit("brief-threads", End::Exit(7), "")]
#[case::the_first_thread_exits("leader-leaves", End::Exit(9), "")]
#[case::exec_among_threads("exec-among-threads", End::Exit(0), "")]
#[case::crash_with_a_core("crash-among-threads", End::Signal(libc::SIGSEGV), "")]
#[case::threads_as_gos("raw-threads", End::Exit(0), "over\n")]
#[case::job_control("stop-and-go", End::Exit(0), "10 3\n")]
#[case::vfork_and_exec("vfork-exec", End::Exit(0), "")]
fn a_storm_ends_as_without_a_tracer(
    #[case] way: &str,
    #[case] end: End,
    #[case] stdout: &str,
    #[values(Asked::Visible, Asked::Every)] asked: Asked,
) {
    let (facts, events) = trace(&storm(way, asked));
    assert_eq!(
        (facts.end, facts.stdout.text().as_str()),
        (Some(end), stdout),
        "{events:#?}"
    );
    all_have_ended(&events);
}
