//! Programs whose timers end after hours, in virtual time.

use std::path::Path;
use std::time::Duration;

use daemonlab_harness::world::event::End;
use daemonlab_harness::world::spec::LaunchSpec;
use rstest::rstest;

use crate::programs::Linked;
use crate::time::{quiet, run, world};
use crate::world_lab::{host, launch, many_ids};

/// Whether the kernel shows its timers (`CONFIG_CHECKPOINT_RESTORE`). Says so, so
/// that nothing is skipped silently.
fn are_shown() -> bool {
    let shown = Path::new("/proc/self/timers").exists();
    if !shown {
        eprintln!("skipped: this kernel does not show its timers");
    }
    shown
}

/// What a way prints: result, errno, seconds, what is left.
#[rstest]
#[case::fd("fd", "1 0 3600 -1")]
#[case::fd_dropped("fd_dropped", "1 0 3600 -1")]
#[case::fd_orphan_is_refused("fd_orphan", "-1 38 0 -1")]
#[case::fd_absolute("fd_absolute", "1 0 3600 0")]
#[case::fd_past("fd_past", "1 0 0 -1")]
#[case::fd_missed("fd_missed", "1060 0 3660 30")]
#[case::fd_inherited("fd_inherited", "1 0 3600 -1")]
#[case::fd_closed("fd_closed", "0 0 3600 -1")]
#[case::fd_disarmed("fd_disarmed", "-1 11 5400 1800")]
#[case::fd_bad("fd_bad", "-1 22 0 -1")]
#[case::no_fd("no_fd", "-1 22 0 -1")]
#[case::signal("signal", "3 0 10800 3600")]
#[case::thread_id("thread_id", "77 0 3600 -1")]
#[case::thread("thread", "77 0 3600 -1")]
#[case::overrun("overrun", "59 0 3660 30")]
#[case::nobody("nobody", "0 0 1800 1800")]
#[case::deleted("deleted", "0 0 3600 -1")]
#[case::no_timer("no_timer", "-1 22 0 -1")]
#[case::semtimedop("semtimedop", "-1 11 3600 -1")]
#[case::mq_timedreceive("mq_timedreceive", "-1 110 3600 -1")]
#[case::mq_timedsend("mq_timedsend", "-1 110 3600 -1")]
#[case::io_getevents("io_getevents", "0 0 3600 -1")]
#[case::io_pgetevents("io_pgetevents", "0 0 3600 -1")]
#[case::io_uring_setup_is_refused("io_uring_setup", "-1 38 0 -1")]
#[case::recvmmsg_is_refused("recvmmsg", "-1 38 0 -1")]
fn a_timer_ends_as_the_kernel_ends_it(#[case] way: &str, #[case] prints: &str) {
    if !are_shown() {
        return;
    }
    let mut host = host();
    let mut world = world(&mut host, Duration::ZERO);
    let facts = run(&mut world, &quiet("timers", Linked::Dynamic, way));
    assert_eq!(facts.stdout.text(), format!("{prints}\n"), "{facts:#?}");
    assert_eq!(facts.end, Some(End::Exit(0)));
}

/// Six hundred jumps instead of sixty thousand, and not one tick is lost.
#[test]
fn with_slack_a_ticker_is_read_less_often() {
    if !are_shown() {
        return;
    }
    let mut host = host();
    let mut world = world(&mut host, Duration::from_secs(1));
    let facts = run(&mut world, &quiet("timers", Linked::Static, "fd_ticker"));
    assert_eq!(facts.stdout.text(), "0 0 600 -1\n");
}

/// The same as somebody who is not root.
#[rstest]
fn who_is_not_root_has_timers_too(#[values("fd_absolute", "signal")] way: &str) {
    let mut host = host();
    if !are_shown() || !many_ids(&host) {
        return;
    }
    let mut world = world(&mut host, Duration::ZERO);
    let spec = quiet("timers", Linked::Dynamic, way);
    let facts = run(&mut world, &spec);
    let unprivileged = LaunchSpec {
        id: "b".to_owned(),
        uid: 1,
        gid: 1,
        ..spec
    };
    assert_eq!(run(&mut world, &unprivileged).stdout, facts.stdout);
}

/// `timeout` of coreutils has a timer of `timer_create`.
#[test]
fn a_real_program_with_a_timer_takes_no_real_time() {
    if !are_shown() {
        return;
    }
    let mut host = host();
    let mut world = world(&mut host, Duration::ZERO);
    let spec = launch("a", &["timeout", "3600", "sleep", "7200"]);
    let facts = run(&mut world, &spec);
    assert_eq!(facts.end, Some(End::Exit(124)), "{facts:#?}");
    assert_eq!(facts.duration.as_secs(), 3600);
}
