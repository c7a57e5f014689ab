//! System calls that are held back.

mod world_lab;

use std::time::Duration;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::End;
use daemonlab_harness::world::spec::{FaultAction, Role};
use world_lab::calls::*;
use world_lab::*;

#[test]
fn a_delay_is_at_least_that_long() {
    let mut host = host();
    let mut world = world(&mut host);
    let time = Duration::from_millis(150);
    let spec = perl(
        "a",
        "umask 1",
        vec![fault("f", Role::Any, "umask", FaultAction::Delay(time))],
    );
    let (facts, done) = run_told(&mut world, &spec);
    assert!(facts.duration >= time, "{facts:?}");
    assert_eq!(facts.end, Some(End::Exit(0)));
    assert_eq!(done, ["f Launcher umask held", "f Launcher umask released"]);
}

fn hold_until(label: &str, matched: u32) -> FaultAction {
    FaultAction::HoldUntil {
        label: label.to_owned(),
        matched,
    }
}

/// The retry window: the launcher's `setuid` is held until the daemon's third
/// `kill`, without any help of the target.
#[test]
fn a_hold_lasts_until_another_call_has_happened_so_often() {
    let mut host = host();
    let mut world = world(&mut host);
    let text = "use POSIX; my $launcher = $$; \
        if (!fork) { POSIX::setsid(); exit if fork; for (1..5) { kill 0, $launcher; select undef, undef, undef, 0.01 } exit } \
        POSIX::setuid(0); print 'released'";
    let mut first_three = fault("kills", Role::Daemon, "kill", FaultAction::Watch);
    first_three.last = Some(3);
    let spec = perl(
        "a",
        text,
        vec![
            fault("hold", Role::Launcher, "setuid", hold_until("kills", 3)),
            first_three,
        ],
    );
    let (facts, done) = run_told(&mut world, &spec);
    assert_eq!(facts.stdout.text(), "released");
    assert_eq!((facts.matched["hold"], facts.matched["kills"]), (1, 3));
    let place = |what: &str, n: usize| {
        let mut places = done
            .iter()
            .enumerate()
            .filter(|(_, done)| done.starts_with(what));
        places.nth(n).unwrap().0
    };
    let released = place("hold Launcher setuid released", 0);
    assert!(released > place("hold Launcher setuid held", 0), "{done:?}");
    assert!(released > place("kills Daemon kill passed", 2), "{done:?}");
}

#[test]
fn holds_keep_init_from_nothing_and_end_with_the_world() {
    let mut host = host();
    let mut world = world(&mut host);
    let never = vec![
        fault("hold", Role::Launcher, "umask", hold_until("never", 1)),
        fault("never", Role::Daemon, "umask", FaultAction::Watch),
    ];
    for id in ["a", "b", "c"] {
        world
            .launch(&perl(id, "umask 1; print 'not held'", never.clone()))
            .unwrap();
    }
    until(&mut world, |world| {
        let held = |id: &&str| world.launch_facts(id).unwrap().matched["hold"] == 1;
        ["a", "b", "c"].iter().all(held).then_some(())
    });
    assert_eq!(output(&mut world, "d", "echo d"), "d\n");
    // One dies while it is held: nothing hangs, and the others stay.
    let pid = world.launch_facts("b").unwrap().pid;
    world.signal(pid, daemonlab::sys::Signal::KILL).unwrap();
    assert_eq!(ended(&mut world, "b").end, Some(End::Signal(libc::SIGKILL)));
    for id in ["a", "c"] {
        let facts = world.launch_facts(id).unwrap();
        assert_eq!((facts.end, facts.stdout.text().as_str()), (None, ""));
    }
    Box::new(world).finish().unwrap();
}

/// A signal that comes meanwhile must neither interrupt a held call nor have
/// it counted twice.
#[test]
fn a_signal_does_not_disturb_a_held_call() {
    let mut host = host();
    let mut world = world(&mut host);
    let text = "use POSIX; my $n = 0; $SIG{USR1} = sub { $n++ }; \
        if (!fork) { select undef, undef, undef, 0.001 until -e '/tmp/held'; \
            for (1..20) { kill 'USR1', getppid; select undef, undef, undef, 0.002 } \
            POSIX::setsid(); umask 1; exit } \
        my $done = POSIX::setsid(); print $done == -1 ? \"$!\" : 'done', $n > 0 ? ' signalled' : ''; wait";
    let faults = vec![
        fault("hold", Role::Launcher, "setsid", hold_until("mark", 1)),
        fault("mark", Role::Intermediate, "umask", FaultAction::Watch),
    ];
    world.launch(&perl("a", text, faults)).unwrap();
    until(&mut world, |world| {
        (world.launch_facts("a").unwrap().matched["hold"] == 1).then_some(())
    });
    output(&mut world, "go", "touch /tmp/held");
    let facts = ended(&mut world, "a");
    assert_eq!(
        (facts.matched["hold"], facts.matched["mark"]),
        (1, 1),
        "{facts:#?}"
    );
    // It leads a session already, which setsid(2) denies.
    assert_eq!(
        facts.stdout.text(),
        "Operation not permitted signalled",
        "{facts:?}"
    );
}

/// A storm of watched calls and of processes that die in the middle of them.
#[test]
fn nothing_hangs_in_a_storm() {
    let mut host = host();
    let mut world = world(&mut host);
    let text = "for my $n (1..40) { my $child = fork // die; if (!$child) { umask $_ % 8 for 1..1000; exit } \
        select undef, undef, undef, 0.002; kill 'KILL', $child; waitpid $child, 0 } print 'over'";
    let facts = run(
        &mut world,
        &perl(
            "a",
            text,
            vec![
                fault("f", Role::Any, "umask", FaultAction::Watch),
                fault(
                    "k",
                    Role::Any,
                    "kill",
                    FaultAction::Delay(Duration::from_micros(100)),
                ),
            ],
        ),
    );
    assert_eq!(facts.stdout.text(), "over", "{facts:?}");
    assert_eq!(facts.matched["k"], 40);
    // The times that are kept are bounded, the count is not.
    assert!(
        facts.matched["f"] > 100 && facts.matched_at["f"].len() == 100,
        "{facts:?}"
    );
}
