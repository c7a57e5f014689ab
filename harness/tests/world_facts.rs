//! What a world shows: launches, processes, files, sockets, events.

mod world_lab;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::{End, What};
use daemonlab_harness::world::facts::{FileFacts, ProcessFacts};
use daemonlab_harness::world::real::EXECUTABLE as INSIDE;
use daemonlab_harness::world::spec::{
    FileContent, FileSpec, GroupSpec, SandboxSpec, Stdio, UserSpec,
};
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
    let facts = process(&mut world, "sleep");
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
    };
    assert_eq!(facts, expected);
    assert!("SR".contains(facts.state));
    assert!(
        facts
            .executable
            .as_deref()
            .is_some_and(|path| path.starts_with("/usr/bin/"))
    );
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

#[test]
fn who_starts_a_program_is_who_it_runs_as() {
    let mut host = host();
    if !many_ids(&host) {
        return;
    }
    let mut world = world(&mut host);
    let mut spec = launch("a", &["sleep", "1000"]);
    (spec.uid, spec.gid, spec.groups) = (1000, 2000, vec![4000, 3000]);
    world.launch(&spec).unwrap();
    let facts = process(&mut world, "sleep");
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
fn output_is_read_without_waiting_for_its_end() {
    let mut host = host();
    let mut world = world(&mut host);
    // The daemon keeps both streams, and writes when it is told to.
    let keeps = "setsid sh -c 'read x < /tmp/go; echo late; exec sleep 1000' & echo early";
    world
        .write_file(&file("/tmp/go", FileContent::Fifo, 0o600))
        .unwrap();
    let facts = run(&mut world, &script("a", keeps));
    assert_eq!(facts.stdout.text(), "early\n");
    output(&mut world, "go", "echo > /tmp/go");
    until(&mut world, |world| {
        (world.launch_facts("a").unwrap().stdout.text() == "early\nlate\n").then_some(())
    });
}

#[test]
fn output_is_bounded() {
    let mut host = host();
    let mut world = world(&mut host);
    let facts = run(
        &mut world,
        &script("a", "yes 0123456789abcde | head -c 4000000; echo END"),
    );
    let (head, tail) = (&facts.stdout.head, &facts.stdout.tail);
    assert_eq!((head.len(), tail.len()), (65_536, 65_536));
    assert_eq!(facts.stdout.omitted, 4_000_004 - 2 * 65_536);
    assert!(head.starts_with("0123456789abcde\n") && tail.ends_with("END\n"));
    // One that never stops keeps init from nothing.
    world.launch(&script("b", "exec yes")).unwrap();
    assert_eq!(output(&mut world, "c", "echo c"), "c\n");
    until(&mut world, |world| {
        (world.launch_facts("b").unwrap().stdout.omitted > 10_000_000).then_some(())
    });
    Box::new(world).finish().unwrap();
}

#[test]
fn a_terminal_is_the_launchers_until_it_hangs_up() {
    let mut host = host();
    let mut world = world(&mut host);
    let mut spec = script(
        "a",
        "tty; stty size >/dev/null && echo on a terminal; echo err >&2; exec sleep 1000",
    );
    spec.stdio = Stdio::Terminal;
    let pid = world.launch(&spec).unwrap();
    let sleeper = process(&mut world, "sleep");
    assert_eq!(sleeper.pid, pid);
    assert_eq!(sleeper.terminal.as_deref(), Some("/dev/pts/0"));
    assert_eq!((sleeper.parent, sleeper.group), (1, pid));
    assert_ne!(sleeper.session, pid, "a shell leads the session");
    for number in 0..=2 {
        assert_eq!(sleeper.descriptors[&number], "/dev/pts/0");
    }
    let written = world.launch_facts("a").unwrap().stdout.text();
    assert_eq!(written, "/dev/pts/0\non a terminal\nerr\n");
    // The stand-in for the shell is no part of what is tested.
    assert_eq!(world.processes().unwrap().len(), 1);
    world.hang_up("a").unwrap();
    assert_eq!(ended(&mut world, "a").end, Some(End::Signal(libc::SIGHUP)));
    assert_eq!(world.processes().unwrap(), []);
    let error = world.hang_up("a").unwrap_err();
    assert!(error.evidence.contains("none any more"), "{error}");
}

#[test]
fn a_launchers_exit_leaves_its_terminal_as_it_is() {
    let mut host = host();
    let mut world = world(&mut host);
    world
        .write_file(&file("/tmp/go", FileContent::Fifo, 0o600))
        .unwrap();
    let keeps = "setsid sh -c 'read x < /tmp/go; echo still here; exec sleep 1000' & echo started";
    let mut spec = script("a", keeps);
    spec.stdio = Stdio::Terminal;
    assert_eq!(run(&mut world, &spec).end, Some(End::Exit(0)));
    output(&mut world, "go", "echo > /tmp/go");
    let sleeper = process(&mut world, "sleep");
    assert_eq!(
        world.launch_facts("a").unwrap().stdout.text(),
        "started\nstill here\n"
    );
    assert_eq!((sleeper.terminal, sleeper.session), (None, sleeper.pid));
    // It is in a session of its own: the hang-up is not for it.
    world.hang_up("a").unwrap();
    assert_eq!(process(&mut world, "sleep").pid, sleeper.pid);
}

#[test]
fn a_process_that_did_not_detach_dies_with_its_terminal() {
    let mut host = host();
    let mut world = world(&mut host);
    let mut spec = script("a", "sleep 1000 & echo started");
    spec.stdio = Stdio::Terminal;
    run(&mut world, &spec);
    process(&mut world, "sleep");
    world.hang_up("a").unwrap();
    until(&mut world, |world| {
        world.processes().unwrap().is_empty().then_some(())
    });
}

#[test]
fn a_launch_without_a_terminal_cannot_hang_up() {
    let mut host = host();
    let mut world = world(&mut host);
    run(&mut world, &script("a", "true"));
    assert!(world.hang_up("a").unwrap_err().remedy.contains("terminal"));
    assert!(
        world
            .hang_up("b")
            .unwrap_err()
            .remedy
            .contains("start it first")
    );
    assert!(world.launch_facts("b").is_err());
}

fn file(path: &str, content: FileContent, mode: u32) -> FileSpec {
    FileSpec {
        path: path.into(),
        content,
        mode,
        uid: 0,
        gid: 0,
    }
}

#[test]
fn files_of_the_specification_are_there_from_the_start() {
    let mut host = host();
    let spec = SandboxSpec {
        files: vec![
            file(
                "/srv/deep/conf.yaml",
                FileContent::Regular(b"a: 1\n".to_vec()),
                0o640,
            ),
            file("/run/lab", FileContent::Directory, 0o1770),
            file("/run/lab/link", FileContent::Symlink("/srv/deep".into()), 0),
            file("/run/lab/fifo", FileContent::Fifo, 0o622),
        ],
        ..SandboxSpec::default()
    };
    let mut world = world_of(&mut host, &spec);
    let mut facts = |path: &str| world.file(Path::new(path)).unwrap();
    let conf = facts("/srv/deep/conf.yaml");
    let expected = FileFacts {
        kind: Some("regular".to_owned()),
        content: Some("a: 1\n".to_owned()),
        mode: 0o640,
        uid: Some(0),
        gid: Some(0),
        size: 5,
        links: 1,
        inode: conf.inode,
        ..FileFacts::default()
    };
    assert_eq!(conf, expected);
    assert_eq!(
        (facts("/srv/deep").mode, facts("/srv/deep").uid),
        (0o755, Some(0))
    );
    assert_eq!(
        (facts("/run/lab").mode, facts("/run/lab").kind.as_deref()),
        (0o1770, Some("directory"))
    );
    assert_eq!(facts("/run/lab/link").target.as_deref(), Some("/srv/deep"));
    assert_eq!(facts("/run/lab/link").kind.as_deref(), Some("symlink"));
    assert_eq!(facts("/run/lab/fifo").mode, 0o622);
    assert_eq!(facts("/dev/null").kind.as_deref(), Some("char-device"));
    assert_eq!(facts("/no/such/file"), FileFacts::default());
    assert_eq!(facts("/srv/deep/conf.yaml/below"), FileFacts::default());
}

#[test]
fn a_file_can_be_given_to_a_user_only_if_there_is_such_an_id() {
    let mut host = host();
    let many = many_ids(&host);
    let mut world = world(&mut host);
    let mut spec = file("/tmp/x", FileContent::Regular(Vec::new()), 0o4755);
    (spec.uid, spec.gid) = (1000, 65_534);
    let done = world.write_file(&spec);
    if many {
        done.unwrap();
        let facts = world.file(Path::new("/tmp/x")).unwrap();
        assert_eq!(
            (facts.uid, facts.gid, facts.mode),
            (Some(1000), Some(65_534), 0o4755)
        );
        spec.uid = 70_000;
        assert_eq!(
            world.write_file(&spec).unwrap_err().errno,
            Some(libc::EINVAL)
        );
    } else {
        let error = done.unwrap_err();
        assert_eq!(error.errno, Some(libc::EINVAL));
        assert!(error.remedy.contains("subuid"), "{error}");
    }
}

#[test]
fn users_and_groups_are_those_of_the_specification() {
    let mut host = host();
    let spec = SandboxSpec {
        users: vec![UserSpec {
            name: "web".to_owned(),
            uid: 1000,
            gid: 1000,
        }],
        groups: vec![GroupSpec {
            name: "data".to_owned(),
            gid: 2000,
            members: vec!["web".to_owned()],
        }],
        ..SandboxSpec::default()
    };
    let mut world = world_of(&mut host, &spec);
    let seen = output(&mut world, "id", "id web; id nobody; hostname; echo ~web");
    assert_eq!(
        seen,
        "uid=1000(web) gid=1000(web) groups=1000(web),2000(data)\n\
         uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\ndaemonlab\n/home/web\n"
    );
    if many_ids(&host) {
        assert_eq!(world.file(Path::new("/home/web")).unwrap().uid, Some(1000));
    }
}

/// The taker of a `flock` may be gone while a child holds it on.
#[test]
fn a_lock_is_held_by_whoever_has_it_open() {
    let mut host = host();
    let mut world = world(&mut host);
    run(
        &mut world,
        &script("a", "flock /tmp/lock -c 'sleep 1000 & exit' & wait"),
    );
    let sleeper = process(&mut world, "sleep");
    let facts = world.file(Path::new("/tmp/lock")).unwrap();
    assert_eq!(facts.locked_by, [sleeper.pid]);
    world
        .signal(sleeper.pid, daemonlab::sys::Signal::KILL)
        .unwrap();
    until(&mut world, |world| {
        world.processes().unwrap().is_empty().then_some(())
    });
    assert!(
        world
            .file(Path::new("/tmp/lock"))
            .unwrap()
            .locked_by
            .is_empty()
    );
}

/// A POSIX lock is the process's own: its child has the descriptor, not the lock.
#[test]
fn a_posix_lock_is_not_inherited() {
    let mut host = host();
    let mut world = world(&mut host);
    let lock = "use Fcntl; open(F, '>', '/tmp/lock'); \
        my $l = pack('s s x4 q q l x4', F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die $!; \
        $0 = 'taker'; fork or $0 = 'child'; sleep 1000";
    world.launch(&launch("a", &["perl", "-e", lock])).unwrap();
    process(&mut world, "child");
    let taker = process(&mut world, "taker");
    assert_eq!(
        world.file(Path::new("/tmp/lock")).unwrap().locked_by,
        [taker.pid]
    );
}

const SERVER: &str = "use Socket qw(:DEFAULT inet_pton); use IO::Handle; $| = 1; \
    socket(A, PF_INET, SOCK_STREAM, 0); bind(A, sockaddr_in(8080, INADDR_LOOPBACK)) or die $!; listen(A, 5); \
    socket(B, PF_INET6, SOCK_STREAM, 0); bind(B, sockaddr_in6(80, inet_pton(AF_INET6, '::1'))) or die $!; listen(B, 5); \
    socket(C, PF_UNIX, SOCK_STREAM, 0); bind(C, sockaddr_un('/run/a b.sock')) or die $!; listen(C, 5); \
    socket(D, PF_UNIX, SOCK_DGRAM, 0); bind(D, sockaddr_un('/run/datagrams')) or die $!; \
    print \"ready\\n\"; $0 = 'server'; \
    while (accept(N, A)) { $line = <N>; N->print(\"you said $line\"); N->flush; close N if $line =~ /close/; }";

#[test]
fn listening_sockets_are_told_with_who_has_them() {
    let mut host = host();
    let mut world = world(&mut host);
    let pid = world.launch(&launch("a", &["perl", "-e", SERVER])).unwrap();
    until(&mut world, |world| {
        (world.launch_facts("a").unwrap().stdout.text() == "ready\n").then_some(())
    });
    let told: Vec<_> = world
        .sockets()
        .unwrap()
        .into_iter()
        .map(|socket| {
            assert_eq!(socket.processes, [pid]);
            format!("{} {}", socket.protocol, socket.address)
        })
        .collect();
    assert_eq!(
        told,
        ["tcp 127.0.0.1:8080", "tcp [::1]:80", "unix /run/a b.sock"]
    );
}

#[test]
fn a_client_says_something_and_hears_the_answer() {
    let mut host = host();
    let mut world = world(&mut host);
    let error = world
        .connect("127.0.0.1:8080", b"x\n", 1, LONG)
        .unwrap_err();
    assert_eq!(error.errno, Some(libc::ECONNREFUSED));
    world.launch(&launch("a", &["perl", "-e", SERVER])).unwrap();
    until(&mut world, |world| {
        (world.launch_facts("a").unwrap().stdout.text() == "ready\n").then_some(())
    });
    // Until enough has come.
    assert_eq!(
        world.connect("127.0.0.1:8080", b"hi\n", 8, LONG).unwrap(),
        b"you said hi\n"
    );
    // Until the peer closes.
    let heard = world
        .connect("127.0.0.1:8080", b"close\n", 1000, LONG)
        .unwrap();
    assert_eq!(heard, b"you said close\n");
    // Until the time is over: this server never answers there.
    let heard = world
        .connect("[::1]:80", b"hi\n", 1, Duration::from_millis(50))
        .unwrap();
    assert_eq!(heard, b"");
    let heard = world
        .connect("unix:/run/a b.sock", b"hi\n", 1, Duration::from_millis(50))
        .unwrap();
    assert_eq!(heard, b"");
    let error = world.connect("unix:/run/none", b"", 1, LONG).unwrap_err();
    assert_eq!(error.errno, Some(libc::ENOENT));
    let error = world.connect("somewhere", b"", 1, LONG).unwrap_err();
    assert!(error.remedy.contains("127.0.0.1:80"), "{error}");
}

#[rstest]
#[case::missing(&["/no/such/program"], Some(libc::ENOENT), "no such file in the sandbox")]
#[case::not_in_path(&["no-such-program"], Some(libc::ENOENT), "in PATH")]
#[case::no_interpreter(&["/tmp/script"], Some(libc::ENOENT), "\"/no/such/interpreter\"")]
#[case::not_executable(&["/tmp/plain"], Some(libc::EACCES), "0644")]
#[case::folder(&["/tmp"], Some(libc::EACCES), "folder")]
#[case::no_program(&["/tmp/text"], Some(libc::ENOEXEC), "#!")]
#[case::nothing(&[], None, "empty")]
#[case::zero_byte(&["/bin/true", "a\0b"], Some(libc::EINVAL), "zero byte")]
fn a_program_that_does_not_start_says_why(
    #[case] command: &[&str],
    #[case] errno: Option<i32>,
    #[case] evidence: &str,
) {
    let mut host = host();
    let regular = |text: &str| FileContent::Regular(text.as_bytes().to_vec());
    let spec = SandboxSpec {
        files: vec![
            file("/tmp/script", regular("#!/no/such/interpreter\n"), 0o755),
            file("/tmp/plain", regular("#!/bin/sh\n"), 0o644),
            file("/tmp/text", regular("text"), 0o755),
        ],
        ..SandboxSpec::default()
    };
    let mut world = world_of(&mut host, &spec);
    for stdio in [Stdio::Pipes, Stdio::Terminal] {
        let mut launch = launch("a", command);
        launch.stdio = stdio;
        let error = world.launch(&launch).unwrap_err();
        assert_eq!(error.errno, errno, "{error}");
        assert!(error.evidence.contains(evidence), "{error}");
        assert!(error.stage.starts_with("start "), "{error}");
        // It left nothing behind, and its id is free.
        until(&mut world, |world| {
            world.processes().unwrap().is_empty().then_some(())
        });
    }
    assert_eq!(output(&mut world, "a", "echo a"), "a\n");
}

#[rstest]
#[case::cwd(|spec: &mut Launch| spec.cwd = "/no/such".into(), libc::ENOENT, "enter the working directory \"/no/such\"")]
#[case::uid(|spec: &mut Launch| spec.uid = 70_000, libc::EINVAL, "become user 70000")]
#[case::gid(|spec: &mut Launch| spec.gid = 70_000, libc::EINVAL, "become group 70000")]
#[case::descriptor(|spec: &mut Launch| spec.stray_fds = vec![1_000_000], libc::EBADF, "descriptor 1000000")]
fn what_a_launch_cannot_be_given_is_named(
    #[case] change: fn(&mut Launch),
    #[case] errno: i32,
    #[case] evidence: &str,
) {
    let mut host = host();
    let mut world = world(&mut host);
    let mut spec = script("a", "true");
    change(&mut spec);
    let error = world.launch(&spec).unwrap_err();
    assert_eq!(error.errno, Some(errno), "{error}");
    assert!(error.evidence.contains(evidence), "{error}");
}

type Launch = daemonlab_harness::world::spec::LaunchSpec;

#[test]
fn an_id_stands_for_one_launch() {
    let mut host = host();
    let mut world = world(&mut host);
    run(&mut world, &script("a", "true"));
    assert!(
        world
            .launch(&script("a", "true"))
            .unwrap_err()
            .remedy
            .contains("another id")
    );
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

#[test]
fn the_embedded_executable_is_there() {
    let mut host = host();
    let mut world = world(&mut host);
    let facts = world.file(Path::new(INSIDE)).unwrap();
    assert_eq!(
        (facts.kind.as_deref(), facts.mode & 0o555),
        (Some("regular"), 0o555)
    );
    assert_eq!(facts.size, std::fs::metadata(EXECUTABLE).unwrap().len());
}

#[test]
fn evidence_can_be_taken_out() {
    let mut host = host();
    let mut world = world(&mut host);
    world.launch(&script("a", "echo $$ > /run/lab.pid; mkdir /tmp/d; echo log > /tmp/d/log; chmod 000 /tmp/d; ln -s /etc/passwd /tmp/link; exec sleep 1000")).unwrap();
    let pid = process(&mut world, "sleep").pid;
    let folder = tempfile::tempdir().unwrap();
    world.keep(folder.path()).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("files/run/lab.pid"), format!("{pid}\n"));
    assert_eq!(read("files/tmp/d/log"), "log\n");
    assert!(!folder.path().join("files/tmp/link").exists());
    let listed: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_str(&read("files.json")).unwrap();
    let link = listed
        .iter()
        .find(|file| file["path"] == "/tmp/link")
        .unwrap();
    assert_eq!(link["target"], "/etc/passwd");
    assert!(read("processes.json").contains("\"sleep\""));
    assert_eq!(read("sockets.json"), "[]");
    // Nothing of the host's that is bound in.
    assert!(!folder.path().join("files/etc/ssl").exists());
}

/// Everything is bounded: processes by a limit, files by the file system's size.
#[test]
fn a_world_cannot_take_the_machine_with_it() {
    let mut host = host();
    let mut world = world(&mut host);
    let facts = run(
        &mut world,
        &script("fill", "head -c 400000000 /dev/zero > /tmp/big"),
    );
    assert!(facts.stderr.text().contains("No space left"), "{facts:?}");
    let limits = output(&mut world, "limits", "rm /tmp/big; cat /proc/self/limits");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..]
            .split_whitespace()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        (limit("Max processes"), limit("Max core file size")),
        ("4096".to_owned(), "1".to_owned())
    );
}
