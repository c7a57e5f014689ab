//! System calls that are watched, held and failed, by the role of who makes them.

mod world_lab;

use std::time::Duration;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::{End, Event, What};
use daemonlab_harness::world::facts::LaunchFacts;
use daemonlab_harness::world::real::RealWorld;
use daemonlab_harness::world::spec::{FaultAction, FaultSpec, LaunchSpec, Role, Stdio};
use rstest::rstest;
use world_lab::*;

fn fault(label: &str, role: Role, call: &str, action: FaultAction) -> FaultSpec {
    FaultSpec {
        label: label.to_owned(),
        role,
        calls: vec![call.to_owned()],
        first: 1,
        last: None,
        action,
    }
}

fn perl(id: &str, text: &str, faults: Vec<FaultSpec>) -> LaunchSpec {
    let mut spec = launch(id, &["perl", "-e", text]);
    spec.faults = faults;
    spec
}

/// What happened to calls: `label role call done`.
fn done(events: &[Event]) -> Vec<String> {
    let told = |what: &What| match what {
        What::Fault {
            label,
            role,
            call,
            done,
            ..
        } => Some(format!("{label} {role:?} {call} {done}")),
        _ => None,
    };
    events.iter().filter_map(|event| told(&event.what)).collect()
}

/// Runs a launch to the launcher's end, and gives what happened to calls.
fn run_told(world: &mut RealWorld, spec: &LaunchSpec) -> (LaunchFacts, Vec<String>) {
    world.launch(spec).unwrap_or_else(|error| panic!("{error}"));
    let mut events = Vec::new();
    loop {
        let facts = world.launch_facts(&spec.id).unwrap();
        let at_most = if facts.end.is_some() { Duration::ZERO } else { LONG };
        let more = world.wait(at_most).unwrap();
        assert!(facts.end.is_some() || !more.is_empty(), "{facts:?}");
        events.extend(more);
        if facts.end.is_some() {
            return (facts, done(&events));
        }
    }
}

/// The two forks of daemon(7), with one call of each kind in every process.
const DAEMON: &str = "use POSIX; sub mark { umask(shift) } mark(1); \
    if (my $child = fork) { waitpid($child, 0); exit } \
    mark(2); POSIX::setsid(); mark(3); exit if fork; mark(4); sleep 1000";

#[test]
fn roles_are_told_by_sessions() {
    let mut host = host();
    let mut world = world(&mut host);
    for stdio in [Stdio::Pipes, Stdio::Terminal] {
        let id = format!("{stdio:?}");
        let roles = [Role::Launcher, Role::Intermediate, Role::Daemon, Role::Any];
        let watch = |role| fault(&format!("{role:?}"), role, "umask", FaultAction::Watch);
        let mut spec = perl(&id, DAEMON, roles.map(watch).into());
        spec.stdio = stdio;
        run(&mut world, &spec);
        until(&mut world, |world| {
            let matched = world.launch_facts(&id).unwrap().matched;
            (matched["Any"] == 4).then_some(())
        });
        let facts = world.launch_facts(&id).unwrap();
        let counts = roles.map(|role| facts.matched[&format!("{role:?}")]);
        assert_eq!(counts, [1, 2, 1, 4], "{facts:?}");
        assert_eq!(facts.matched_at["Any"].len(), 4);
        assert!(facts.matched_at["Any"].is_sorted());
    }
}

/// What the child of init does up to its exec is no call of the launch.
#[rstest]
#[case("execve", 1)]
#[case("sendmsg", 0)]
#[case("setuid", 1)]
#[case("umask", 0)]
#[case("chdir", 0)]
fn what_init_does_before_exec_is_not_counted(#[case] call: &str, #[case] count: u32) {
    let mut host = host();
    let mut world = world(&mut host);
    // One exec of its own, one setuid to who it is.
    let text = "use POSIX; POSIX::setuid(0); exec '/bin/true'";
    let watch = vec![fault("f", Role::Any, call, FaultAction::Watch)];
    let facts = run(&mut world, &perl("a", text, watch));
    assert_eq!(facts.end, Some(End::Exit(0)));
    assert_eq!(facts.matched["f"], count, "{facts:?}");
}

#[rstest]
#[case::all(1, None, "EAGAIN EAGAIN EAGAIN")]
#[case::first(1, Some(1), "EAGAIN ok ok")]
#[case::second(2, Some(2), "ok EAGAIN ok")]
#[case::from_second(2, None, "ok EAGAIN EAGAIN")]
fn a_call_fails_and_is_not_carried_out(
    #[case] first: u32,
    #[case] last: Option<u32>,
    #[case] said: &str,
) {
    let mut host = host();
    let mut world = world(&mut host);
    let text = "use Errno; mkdir \"/tmp/$_\" and print 'ok ' or print $!{EAGAIN} ? 'EAGAIN ' : $! for 1..3";
    let mut spec = fault("f", Role::Launcher, "mkdir", FaultAction::Fail(libc::EAGAIN));
    if !cfg!(target_arch = "x86_64") {
        spec.calls = vec!["mkdirat".to_owned()];
    }
    (spec.first, spec.last) = (first, last);
    let (facts, done) = run_told(&mut world, &perl("a", text, vec![spec]));
    assert_eq!(facts.stdout.text().trim(), said, "{facts:?}");
    let made = output(&mut world, "ls", "ls /tmp | wc -l");
    assert_eq!(made.trim(), said.matches("ok").count().to_string());
    assert_eq!(facts.matched["f"] as usize, said.matches("EAGAIN").count());
    assert!(done.iter().all(|done| done.ends_with("failed with EAGAIN")), "{done:?}");
}

#[test]
fn a_family_stands_for_all_its_members() {
    let mut host = host();
    let mut world = world(&mut host);
    let (thread, open, send) = (libc::SYS_tgkill, libc::SYS_pidfd_open, libc::SYS_pidfd_send_signal);
    let text = format!(
        "kill 0, $$; syscall({thread}, $$, $$, 0) == 0 or die $!; \
         syscall({send}, syscall({open}, $$, 0), 0, 0, 0) == 0 or die $!"
    );
    let spec = perl("a", &text, vec![fault("f", Role::Any, "kill", FaultAction::Watch)]);
    let (facts, done) = run_told(&mut world, &spec);
    assert_eq!(facts.end, Some(End::Exit(0)), "{facts:?}");
    let said = ["kill", "tgkill", "pidfd_send_signal"].map(|call| format!("f Launcher {call} passed"));
    assert_eq!(done, said);
}

#[test]
fn a_process_is_killed_instead_of_a_call() {
    let mut host = host();
    let mut world = world(&mut host);
    let text = "use POSIX; print \"before\\n\"; STDOUT->flush; mkdir '/tmp/x'; POSIX::setsid(); mkdir '/tmp/y'; print 'after'";
    let mut spec = perl("a", text, vec![fault("f", Role::Any, "setsid", FaultAction::Kill)]);
    spec.command.splice(1..1, ["-MIO::Handle".to_owned()]);
    let (facts, done) = run_told(&mut world, &spec);
    assert_eq!(facts.end, Some(End::Signal(libc::SIGKILL)), "{facts:?}");
    assert_eq!(facts.stdout.text(), "before\n");
    assert_eq!(output(&mut world, "ls", "ls /tmp"), "x\n");
    assert_eq!(done, ["f Launcher setsid killed"]);
}

#[test]
fn a_delay_is_at_least_that_long() {
    let mut host = host();
    let mut world = world(&mut host);
    let time = Duration::from_millis(150);
    let spec = perl("a", "umask 1", vec![fault("f", Role::Any, "umask", FaultAction::Delay(time))]);
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
    let spec = perl("a", text, vec![fault("hold", Role::Launcher, "setuid", hold_until("kills", 3)), first_three]);
    let (facts, done) = run_told(&mut world, &spec);
    assert_eq!(facts.stdout.text(), "released");
    assert_eq!((facts.matched["hold"], facts.matched["kills"]), (1, 3));
    let place = |what: &str, n: usize| {
        let mut places = done.iter().enumerate().filter(|(_, done)| done.starts_with(what));
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
        world.launch(&perl(id, "umask 1; print 'not held'", never.clone())).unwrap();
    }
    until(&mut world, |world| {
        let mut held = |id: &&str| world.launch_facts(id).unwrap().matched["hold"] == 1;
        ["a", "b", "c"].iter().all(|id| held(id)).then_some(())
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
    until(&mut world, |world| (world.launch_facts("a").unwrap().matched["hold"] == 1).then_some(()));
    output(&mut world, "go", "touch /tmp/held");
    let facts = ended(&mut world, "a");
    assert_eq!((facts.matched["hold"], facts.matched["mark"]), (1, 1), "{facts:#?}");
    // It leads a session already, which setsid(2) denies.
    assert_eq!(facts.stdout.text(), "Operation not permitted signalled", "{facts:?}");
}

#[test]
fn several_faults_act_on_their_own() {
    let mut host = host();
    let mut world = world(&mut host);
    let text = "use POSIX; POSIX::setuid(0); print \"$!\\n\"; umask 1; POSIX::setgid(0); print \"$!\\n\"";
    let faults = vec![
        fault("u", Role::Any, "setuid", FaultAction::Fail(libc::EPERM)),
        fault("u-watch", Role::Any, "setuid", FaultAction::Watch),
        fault("g", Role::Any, "setgid", FaultAction::Fail(libc::EINVAL)),
        fault("g-later", Role::Any, "setgid", FaultAction::Fail(libc::ENOSYS)),
        fault("slow", Role::Any, "umask", FaultAction::Delay(Duration::from_millis(1))),
    ];
    let facts = run(&mut world, &perl("a", text, faults));
    assert_eq!(facts.stdout.text(), "Operation not permitted\nInvalid argument\n");
    let counts: Vec<u32> = ["u", "u-watch", "g", "g-later", "slow"].map(|label| facts.matched[label]).into();
    assert!(counts[0] >= 1 && counts[0] == counts[1] && counts[2] >= 1, "{counts:?}");
    assert_eq!(counts[3..], [0, 1]);
}

/// A filter needs a capability that an ordinary user has not; nothing of that
/// may be left after exec.
#[test]
fn a_filter_leaves_no_trace_on_who_is_watched() {
    let mut host = host();
    let mut world = world(&mut host);
    let watch = vec![fault("f", Role::Any, "kill", FaultAction::Watch)];
    let many = many_ids(&host);
    for uid in [0, 1000] {
        if uid != 0 && !many {
            continue;
        }
        let mut facts = [false, true].map(|watched| {
            let mut spec = launch(&format!("{uid} {watched}"), &["sleep", "1000"]);
            (spec.uid, spec.gid) = (uid, uid);
            if watched {
                spec.faults = watch.clone();
            }
            let pid = world.launch(&spec).unwrap();
            let process = world.processes().unwrap().into_iter().find(|process| process.pid == pid);
            process.unwrap()
        });
        for facts in &mut facts {
            assert!(!facts.no_new_privs);
            facts.descriptors.retain(|number, _| *number > 2);
            (facts.pid, facts.session, facts.group, facts.state) = (0, 0, 0, 'S');
        }
        assert_eq!(facts[0], facts[1]);
        assert!(facts[0].descriptors.is_empty());
    }
}

/// `fork` means processes: what makes a thread is none.
#[test]
fn threads_are_not_forks() {
    let mut host = host();
    let mut world = world(&mut host);
    let spec = |id: &str, command: &[&str]| {
        let mut spec = launch(id, command);
        spec.faults = vec![fault("f", Role::Any, "fork", FaultAction::Watch)];
        spec
    };
    let facts = run(&mut world, &spec("a", &["sh", "-c", "/bin/true; :"]));
    assert_eq!(facts.matched["f"], 1, "{facts:?}");
    let threads = "use threads; threads->create(sub { 1 })->join for 1..3; print 'joined'";
    let facts = run(&mut world, &spec("b", &["perl", "-e", threads]));
    if facts.stdout.text() == "joined" {
        assert_eq!(facts.matched["f"], 0, "{facts:?}");
    } else {
        eprintln!("skipped: this perl has no threads: {}", facts.stderr.text());
    }
}

#[test]
fn a_fault_that_can_never_fire_is_refused() {
    let mut host = host();
    let mut world = world(&mut host);
    let spec = perl("a", "1", vec![fault("f", Role::Any, "setuidd", FaultAction::Watch)]);
    let error = world.launch(&spec).unwrap_err();
    assert!(error.evidence.contains("setuidd"), "{error}");
    assert_eq!(world.processes().unwrap(), []);
}

/// A storm of watched calls and of processes that die in the middle of them.
#[test]
fn nothing_hangs_in_a_storm() {
    let mut host = host();
    let mut world = world(&mut host);
    let text = "for my $n (1..40) { my $child = fork // die; if (!$child) { umask $_ % 8 for 1..1000; exit } \
        select undef, undef, undef, 0.002; kill 'KILL', $child; waitpid $child, 0 } print 'over'";
    let facts = run(&mut world, &perl("a", text, vec![
        fault("f", Role::Any, "umask", FaultAction::Watch),
        fault("k", Role::Any, "kill", FaultAction::Delay(Duration::from_micros(100))),
    ]));
    assert_eq!(facts.stdout.text(), "over", "{facts:?}");
    assert_eq!(facts.matched["k"], 40);
    // The times that are kept are bounded, the count is not.
    assert!(facts.matched["f"] > 100 && facts.matched_at["f"].len() == 100, "{facts:?}");
}
