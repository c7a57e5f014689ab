//! System calls that are watched and failed, by the role of who makes them.

mod world_lab;

use std::time::Duration;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::End;
use daemonlab_harness::world::spec::{FaultAction, Role, Stdio};
use rstest::rstest;
use world_lab::calls::*;
use world_lab::*;

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
    let mut spec = fault(
        "f",
        Role::Launcher,
        "mkdir",
        FaultAction::Fail(libc::EAGAIN),
    );
    if !cfg!(target_arch = "x86_64") {
        spec.calls = vec!["mkdirat".to_owned()];
    }
    (spec.first, spec.last) = (first, last);
    let (facts, done) = run_told(&mut world, &perl("a", text, vec![spec]));
    assert_eq!(facts.stdout.text().trim(), said, "{facts:?}");
    let made = output(&mut world, "ls", "ls /tmp | wc -l");
    assert_eq!(made.trim(), said.matches("ok").count().to_string());
    assert_eq!(facts.matched["f"] as usize, said.matches("EAGAIN").count());
    assert!(
        done.iter().all(|done| done.ends_with("failed with EAGAIN")),
        "{done:?}"
    );
}

#[test]
fn a_family_stands_for_all_its_members() {
    let mut host = host();
    let mut world = world(&mut host);
    let (thread, open, send) = (
        libc::SYS_tgkill,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_send_signal,
    );
    let text = format!(
        "kill 0, $$; syscall({thread}, $$, $$, 0) == 0 or die $!; \
         syscall({send}, syscall({open}, $$, 0), 0, 0, 0) == 0 or die $!"
    );
    let spec = perl(
        "a",
        &text,
        vec![fault("f", Role::Any, "kill", FaultAction::Watch)],
    );
    let (facts, done) = run_told(&mut world, &spec);
    assert_eq!(facts.end, Some(End::Exit(0)), "{facts:?}");
    let said =
        ["kill", "tgkill", "pidfd_send_signal"].map(|call| format!("f Launcher {call} passed"));
    assert_eq!(done, said);
}

#[test]
fn a_process_is_killed_instead_of_a_call() {
    let mut host = host();
    let mut world = world(&mut host);
    let text = "use POSIX; print \"before\\n\"; STDOUT->flush; mkdir '/tmp/x'; POSIX::setsid(); mkdir '/tmp/y'; print 'after'";
    let mut spec = perl(
        "a",
        text,
        vec![fault("f", Role::Any, "setsid", FaultAction::Kill)],
    );
    spec.command.splice(1..1, ["-MIO::Handle".to_owned()]);
    let (facts, done) = run_told(&mut world, &spec);
    assert_eq!(facts.end, Some(End::Signal(libc::SIGKILL)), "{facts:?}");
    assert_eq!(facts.stdout.text(), "before\n");
    assert_eq!(output(&mut world, "ls", "ls /tmp"), "x\n");
    assert_eq!(done, ["f Launcher setsid killed"]);
}

#[test]
fn several_faults_act_on_their_own() {
    let mut host = host();
    let mut world = world(&mut host);
    let text =
        "use POSIX; POSIX::setuid(0); print \"$!\\n\"; umask 1; POSIX::setgid(0); print \"$!\\n\"";
    let faults = vec![
        fault("u", Role::Any, "setuid", FaultAction::Fail(libc::EPERM)),
        fault("u-watch", Role::Any, "setuid", FaultAction::Watch),
        fault("g", Role::Any, "setgid", FaultAction::Fail(libc::EINVAL)),
        fault(
            "g-later",
            Role::Any,
            "setgid",
            FaultAction::Fail(libc::ENOSYS),
        ),
        fault(
            "slow",
            Role::Any,
            "umask",
            FaultAction::Delay(Duration::from_millis(1)),
        ),
    ];
    let facts = run(&mut world, &perl("a", text, faults));
    assert_eq!(
        facts.stdout.text(),
        "Operation not permitted\nInvalid argument\n"
    );
    let counts: Vec<u32> = ["u", "u-watch", "g", "g-later", "slow"]
        .map(|label| facts.matched[label])
        .into();
    assert!(
        counts[0] >= 1 && counts[0] == counts[1] && counts[2] >= 1,
        "{counts:?}"
    );
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
            loaded(&mut world, pid)
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
    let spec = perl(
        "a",
        "1",
        vec![fault("f", Role::Any, "setuidd", FaultAction::Watch)],
    );
    let error = world.launch(&spec).unwrap_err();
    assert!(error.evidence.contains("setuidd"), "{error}");
    assert_eq!(world.processes().unwrap(), []);
}
