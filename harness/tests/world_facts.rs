//! What a world shows of its processes.

mod world_lab;

use std::time::Duration;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::{End, What};
use daemonlab_harness::world::facts::ProcessFacts;
use daemonlab_harness::world::limits::{Bound, Limit, Resource, Wanted};
use daemonlab_harness::world::spec::{FileContent, LaunchSpec, Trace};
use rstest::rstest;
use world_lab::*;

/// A double fork as daemon(7) has it, as a shell script; `$1` is what stays.
const DETACH: &str =
    "setsid sh -c '(exec \"$0\" \"$@\") >/dev/null 2>&1 </dev/null & exit 0' \"$@\"";

#[rstest]
#[case::exit("exit 3", End::Exit(3))]
#[case::signal("kill -TERM $$", End::Signal(15))]
#[case::last_word("exec sh -c 'exit 0'", End::Exit(0))]
fn a_launchers_end_is_a_fact_and_an_event(#[case] text: &str, #[case] end: End) {
    let mut host = host();
    let mut world = world(&mut host);
    let pid = world.launch(&script("a", text)).unwrap();
    let mut events = Vec::new();
    let ended =
        |what: &What| matches!(what, What::Ended { pid: p, end: e } if (*p, *e) == (pid, end));
    while !whats(&events).into_iter().any(ended) {
        let more = world.wait(LONG).unwrap();
        assert!(!more.is_empty(), "{events:?}");
        events.extend(more);
    }
    let facts = world.launch_facts("a").unwrap();
    assert_eq!((facts.pid, facts.end), (pid, Some(end)));
    assert!(matches!(&events[0].what, What::Launched { id, pid: p } if id == "a" && *p == pid));
    assert!(
        events.windows(2).all(|pair| pair[0].at <= pair[1].at),
        "{events:?}"
    );
    assert!(events.iter().all(|event| event.at <= world.now()));
    assert_eq!(world.processes().unwrap(), []);
    Box::new(world).finish().unwrap();
}

#[test]
fn a_duration_runs_from_exec_to_exit() {
    let mut host = host();
    let mut world = world(&mut host);
    let spec = script("a", "read line < /tmp/go; sleep 0.2");
    world
        .write_file(&file("/tmp/go", FileContent::Fifo, 0o600))
        .unwrap();
    world.launch(&spec).unwrap();
    let running = world.launch_facts("a").unwrap();
    assert_eq!(running.end, None);
    output(&mut world, "go", "echo > /tmp/go");
    let facts = ended(&mut world, "a");
    assert!(
        facts.duration >= Duration::from_millis(200).max(running.duration),
        "{facts:?}"
    );
    assert!(facts.duration <= world.now());
    assert_eq!(world.launch_facts("a").unwrap().duration, facts.duration);
}

#[test]
fn a_process_has_the_facts_that_it_was_started_with() {
    let mut host = host();
    let mut world = world(&mut host);
    let mut spec = launch("a", &["sleep", "1000"]);
    spec.env.insert("LAB".to_owned(), "ä=b".to_owned());
    spec.cwd = "/var/log".into();
    spec.umask = 0o027;
    spec.stray_fds = vec![5, 6, 99, 1023];
    spec.blocked = vec![1, 12, 40];
    spec.ignored = vec![13, 2, 34];
    let pid = world.launch(&spec).unwrap();
    let facts = loaded(&mut world, pid);
    let bits = |signals: &[i32]| {
        signals
            .iter()
            .map(|signal| 1u64 << (signal - 1))
            .sum::<u64>()
    };
    let all = facts.capabilities[3];
    assert_eq!(all.count_ones(), all.trailing_ones(), "{all:#x}");
    assert!(all > 1 << 30);
    let expected = ProcessFacts {
        pid,
        parent: 1,
        session: pid,
        group: pid,
        name: "sleep".to_owned(),
        command: spec.command.clone(),
        executable: facts.executable.clone(),
        state: facts.state,
        terminal: None,
        cwd: Some("/var/log".to_owned()),
        root: Some("/".to_owned()),
        umask: 0o027,
        descriptors: facts.descriptors.clone(),
        uid: [Some(0); 4],
        gid: [Some(0); 4],
        groups: facts.groups.clone(),
        capabilities: [0, all, all, all, 0],
        no_new_privs: false,
        pending: 0,
        blocked: bits(&[1, 12, 40]),
        ignored: bits(&[13, 2, 34]),
        caught: 0,
        environment: spec.env.clone(),
        threads: 1,
        limits: facts.limits.clone(),
    };
    assert_eq!(facts, expected);
    assert!("SR".contains(facts.state));
    assert!(
        facts
            .executable
            .as_deref()
            .is_some_and(|path| path.starts_with("/usr/bin/"))
    );
    let limit = |resource| {
        let Limit { soft, hard } = facts.limits[&resource];
        (soft, hard)
    };
    let one = Bound::At(1);
    assert_eq!(facts.limits.len(), Resource::ALL.len());
    assert_eq!(limit(Resource::Core), (one, one));
    assert_eq!(limit(Resource::Descriptors).0, Bound::At(1024));
    if many_ids(&host) {
        assert_eq!(facts.groups, []);
    }
    let numbers: Vec<i32> = facts.descriptors.keys().copied().collect();
    assert_eq!(numbers, [0, 1, 2, 5, 6, 99, 1023]);
    for number in [0, 5, 6, 99, 1023] {
        assert_eq!(facts.descriptors[&number], "/dev/null");
    }
    assert!(
        facts.descriptors[&1].starts_with("pipe:[")
            && facts.descriptors[&1] != facts.descriptors[&2]
    );
}

/// Also where its calls are watched. Of processes its user may have none: who becomes a
/// user that has too many cannot exec (`EAGAIN` of execve(2)).
#[rstest]
#[case::untraced(Trace::Off)]
#[case::traced(Trace::Visible)]
fn a_process_has_the_limits_that_it_was_started_with(#[case] trace: Trace) {
    let mut host = host();
    let uid = if many_ids(&host) { 1000 } else { 0 };
    let mut world = world(&mut host);
    let wanted = |soft, hard| Wanted { soft, hard };
    let at = Bound::At;
    let mut spec = launch("a", &["sleep", "1000"]);
    (spec.uid, spec.gid, spec.trace) = (uid, uid, trace);
    world
        .launch(&LaunchSpec {
            id: "other".to_owned(),
            ..spec.clone()
        })
        .unwrap();
    spec.stray_fds = vec![700];
    spec.limits = [
        (Resource::Descriptors, wanted(Some(at(5)), Some(at(600)))),
        (Resource::FileSize, wanted(None, Some(at(1 << 40)))),
        (Resource::Processes, wanted(Some(at(0)), None)),
        (Resource::Core, wanted(Some(at(0)), Some(at(0)))),
    ]
    .into();
    let pid = world.launch(&spec).unwrap();
    let facts = loaded(&mut world, pid);
    let limit = |resource| {
        let Limit { soft, hard } = facts.limits[&resource];
        (soft, hard)
    };
    assert_eq!(limit(Resource::Descriptors), (at(5), at(600)));
    assert_eq!(limit(Resource::FileSize), (at(1 << 40), at(1 << 40)));
    assert_eq!(limit(Resource::Processes), (at(0), at(4096)));
    assert_eq!(limit(Resource::Core), (at(0), at(0)));
    assert!(facts.descriptors.contains_key(&700));
}

#[test]
fn who_starts_a_program_is_who_it_runs_as() {
    let mut host = host();
    if !many_ids(&host) {
        return;
    }
    let mut world = world(&mut host);
    let mut spec = launch("a", &["sleep", "1000"]);
    (spec.uid, spec.gid, spec.groups) = (1000, 2000, vec![4000, 3000]);
    let pid = world.launch(&spec).unwrap();
    let facts = loaded(&mut world, pid);
    assert_eq!(facts.uid, [Some(1000); 4]);
    assert_eq!(facts.gid, [Some(2000); 4]);
    assert_eq!(facts.groups, [Some(3000), Some(4000)]);
    let [inheritable, permitted, effective, _, ambient] = facts.capabilities;
    assert_eq!((inheritable, permitted, effective, ambient), (0, 0, 0, 0));
    assert!(!facts.no_new_privs);
    // What belongs to another user is seen as well.
    assert_eq!(facts.environment, spec.env);
    assert_eq!(facts.cwd.as_deref(), Some("/"));
    assert_eq!(facts.descriptors.len(), 3);
}

#[test]
fn a_daemon_is_told_apart_by_its_facts() {
    let mut host = host();
    let mut world = world(&mut host);
    let facts = run(
        &mut world,
        &launch("a", &["/bin/sh", "-c", DETACH, "sh", "sleep", "1000"]),
    );
    assert_eq!(facts.end, Some(End::Exit(0)), "{facts:?}");
    let daemon = process(&mut world, "sleep");
    assert_eq!(daemon.parent, 1);
    assert_ne!(daemon.session, daemon.pid);
    assert_ne!(daemon.session, facts.pid);
    assert_eq!(daemon.terminal, None);
    assert_eq!(world.processes().unwrap().len(), 1);
}

#[test]
fn a_zombie_is_one_until_it_is_reaped() {
    let mut host = host();
    let mut world = world(&mut host);
    let never_waits = "if (!fork) { exec 'sleep', '0' } exec 'sleep', '1000'";
    world
        .launch(&launch("a", &["perl", "-e", never_waits]))
        .unwrap();
    let zombie = until(&mut world, |world| {
        world
            .processes()
            .unwrap()
            .into_iter()
            .find(|process| process.state == 'Z')
    });
    assert_eq!(
        (zombie.command.as_slice(), zombie.executable.as_deref()),
        (&[][..], None)
    );
    assert_eq!(zombie.parent, world.launch_facts("a").unwrap().pid);
    // Its orphan is init's, which reaps it.
    world
        .signal(zombie.parent, daemonlab::sys::Signal::KILL)
        .unwrap();
    until(&mut world, |world| {
        world.processes().unwrap().is_empty().then_some(())
    });
}

#[test]
fn what_is_half_dead_counts_as_a_zombie() {
    let mut host = host();
    let mut world = world(&mut host);
    // The init of a PID namespace ends only when all others in it are reaped, and
    // sleeps until then without its memory and its descriptors.
    let never_waits = "pipe R, W; if (!fork) { close W; <R>; exit } \
        if (!fork) { close W; sleep 1000 } close W; sleep 1000";
    world
        .launch(&launch(
            "a",
            &["unshare", "--pid", "perl", "-e", never_waits],
        ))
        .unwrap();
    let zombies = until(&mut world, |world| {
        let mut processes = world.processes().unwrap();
        processes.retain(|process| process.state == 'Z');
        (processes.len() == 2).then_some(processes)
    });
    let parent = world.launch_facts("a").unwrap().pid;
    assert!(zombies.iter().all(|zombie| zombie.parent == parent));
}

#[test]
fn signals_reach_processes_of_the_world_but_not_its_init() {
    let mut host = host();
    let mut world = world(&mut host);
    let pid = world
        .launch(&script(
            "a",
            "trap 'echo got it; exit 4' USR1; while :; do sleep 0.01; done",
        ))
        .unwrap();
    until(&mut world, |world| {
        let facts = world
            .processes()
            .unwrap()
            .into_iter()
            .find(|process| process.pid == pid);
        (facts?.caught & (1 << 9) != 0).then_some(())
    });
    world.signal(pid, daemonlab::sys::Signal::USR1).unwrap();
    let facts = ended(&mut world, "a");
    assert_eq!(
        (facts.end, facts.stdout.text().as_str()),
        (Some(End::Exit(4)), "got it\n")
    );
    for pid in [pid, 1, 0, -1, 4_000_000] {
        let error = world.signal(pid, daemonlab::sys::Signal::KILL).unwrap_err();
        assert_eq!(error.errno, Some(libc::ESRCH), "{pid}");
    }
}
