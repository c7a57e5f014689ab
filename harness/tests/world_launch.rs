//! Starting programs: what they write, their terminal, and why they do not start.

mod world_lab;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::End;
use daemonlab_harness::world::limits::{Bound, Resource, Wanted};
use daemonlab_harness::world::spec::{FileContent, SandboxSpec, Stdio};
use nix::sys::prctl::get_timerslack;
use rstest::rstest;
use world_lab::*;

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
    assert_eq!(world.launch_facts("a").unwrap().session, sleeper.session);
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
#[case::raised(|spec: &mut Launch| ask(spec, None, Some(Bound::Unlimited)), libc::EPERM, "no hard limit can be raised in a sandbox")]
#[case::crossed(|spec: &mut Launch| ask(spec, Some(Bound::At(2)), None), libc::EINVAL, "to soft 2, hard 1 where it is soft 1, hard 1")]
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

/// Asks for a limit of core files, of which a world has 1.
fn ask(spec: &mut Launch, soft: Option<Bound>, hard: Option<Bound>) {
    spec.limits = [(Resource::Core, Wanted { soft, hard })].into();
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

/// Init naps for microseconds; timers of programs are as late as anywhere.
#[test]
fn timers_have_their_usual_slack() {
    // Of its file only root may read what another thread has than the first.
    let own = get_timerslack().unwrap();
    let mut host = host();
    let mut world = world(&mut host);
    let slack = output(&mut world, "a", "cat /proc/self/timerslack_ns");
    assert_eq!(slack, format!("{own}\n"));
}

/// Rust's runtime ignores SIGPIPE, in the harness as in its helpers, and whoever
/// starts the harness may ignore others.
#[test]
fn what_the_harness_ignores_programs_do_not() {
    let mut host = host();
    let mut world = world(&mut host);
    let pid = world.launch(&launch("a", &["sleep", "1000"])).unwrap();
    assert_eq!(loaded(&mut world, pid).ignored, 0);
}

/// The child shares init's memory up to its exec, and has descriptors of its own.
#[test]
fn init_is_as_it_was_after_each_launch() {
    let mut host = host();
    let mut world = world(&mut host);
    let looks = "stat -c %u /proc/1/status && ls /proc/1/fd | wc -l";
    let before = output(&mut world, "before", looks);
    for n in 0..20 {
        let mut own = script(&format!("own {n}"), "id -u");
        (own.uid, own.gid) = (1000, 1000);
        assert_eq!(run(&mut world, &own).stdout.text(), "1000\n");
        let missing = launch(&format!("missing {n}"), &["no-such-program"]);
        assert!(world.launch(&missing).is_err());
    }
    assert_eq!(output(&mut world, "after", looks), before);
}
