//! Nothing survives: not a world that ends, not a harness that is killed.

mod world_lab;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use daemonlab::sys::Signal;
use daemonlab_harness::world::World;
use daemonlab_harness::world::event::End;
use daemonlab_harness::world::real::{Host, RealWorld};
use daemonlab_harness::world::spec::{
    Condition, Counting, FaultAction, FaultSpec, Role, Stdio as LaunchStdio,
};
use world_lab::machine::*;
use world_lab::*;

/// A world full of what is hard to get rid of.
fn fill(world: &mut RealWorld, word: &str) {
    let stubborn = format!(
        "trap '' HUP INT TERM; (setsid sh -c 'trap \"\" HUP INT TERM; sleep {word}' &); sleep {word}"
    );
    world.launch(&script("stubborn", &stubborn)).unwrap();
    let mut terminal = script("terminal", &format!("exec sleep {word}"));
    terminal.stdio = LaunchStdio::Terminal;
    world.launch(&terminal).unwrap();
    let mut held = script("held", &format!("umask 1; sleep {word}"));
    held.faults = vec![
        FaultSpec {
            label: "hold".to_owned(),
            role: Role::Any,
            calls: vec!["umask".to_owned()],
            condition: Condition::default(),
            counting: Counting::Tree,
            first: 1,
            last: None,
            action: FaultAction::HoldUntil {
                label: "never".to_owned(),
                matched: 1,
            },
        },
        FaultSpec {
            label: "never".to_owned(),
            role: Role::Any,
            calls: vec!["setgroups".to_owned()],
            condition: Condition::default(),
            counting: Counting::Tree,
            first: 1,
            last: None,
            action: FaultAction::Watch,
        },
    ];
    world.launch(&held).unwrap();
    let stopped = world
        .launch(&script("stopped", &format!("exec sleep {word}")))
        .unwrap();
    world.signal(stopped, Signal::STOP).unwrap();
}

#[test]
fn everything_has_ended_when_a_world_is_finished_or_dropped() {
    let mut host = host();
    // Who is not waited for may have ended by chance, but not each time.
    for n in 0..20 {
        let word = unusual(300 + n);
        let mut world = world(&mut host);
        fill(&mut world, &word);
        let everybody = until(&mut world, |_| {
            Some(named(&word)).filter(|named| named.len() >= 5)
        });
        if n % 2 == 0 {
            Box::new(world).finish().unwrap();
        } else {
            drop(world);
        }
        // Who ends has no name any more, but is still there.
        let is_there = |pid: &i32| Path::new(&format!("/proc/{pid}")).exists();
        let left: Vec<i32> = everybody.into_iter().filter(is_there).collect();
        assert_eq!((left, named(&word)), (Vec::new(), Vec::new()));
    }
}

#[test]
fn everything_has_ended_when_a_host_is_dropped() {
    let word = unusual(10);
    let mut host = host();
    let mut worlds: Vec<RealWorld> = (0..3).map(|_| world(&mut host)).collect();
    worlds.iter_mut().for_each(|world| fill(world, &word));
    drop(host);
    assert_eq!(named(&word), Vec::<i32>::new());
    for world in &mut worlds {
        let error = world.processes().unwrap_err();
        assert!(error.evidence.contains("the world is gone"), "{error}");
    }
}

/// `SIGKILL` of what a world stands on, from outside.
#[test]
fn a_killed_template_takes_its_worlds_along_and_is_replaced() {
    let word = unusual(20);
    let mut host = host();
    let mut doomed = world(&mut host);
    fill(&mut doomed, &word);
    let mine = std::process::id();
    // Of all helpers of this process, the template that this world hangs on.
    let sleeper = named(&word)[0];
    let template = ancestors(sleeper).into_iter().find(|pid| {
        helpers(mine).contains(pid) && pid_namespace(*pid) == pid_namespace(mine as i32)
    });
    kill(template.unwrap());
    gone(&word);
    assert!(doomed.processes().is_err());
    let mut next = world(&mut host);
    assert_eq!(output(&mut next, "a", "echo a"), "a\n");
}

/// The init of the next world is made while one is at work, and waits for it.
#[test]
fn an_init_that_ends_while_it_waits_for_its_world_is_no_loss() {
    let Waiting { mut host, template } = Waiting::new(25);
    kill(waiting(template));
    nobody_left(|| inits(template));
    let mut next = world(&mut host);
    assert_eq!(output(&mut next, "a", "echo a"), "a\n");
}

/// The same for one that was told already, but has not come to read it.
#[test]
fn an_init_that_ends_before_it_makes_its_world_is_no_loss() {
    let Waiting { mut host, template } = Waiting::new(26);
    let waiting = waiting(template);
    let pid = nix::unistd::Pid::from_raw(waiting);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGSTOP).unwrap();
    let making = std::thread::spawn(move || output(&mut world(&mut host), "a", "echo a"));
    // Once it is told of its world, the next one is made.
    let start = Instant::now();
    while inits(template).len() < 2 && !making.is_finished() {
        assert!(start.elapsed() < LONG, "no other init is made");
        std::thread::yield_now();
    }
    kill(waiting);
    assert_eq!(making.join().unwrap(), "a\n");
}

/// A host whose template has made an init ahead.
struct Waiting {
    host: Host,
    template: i32,
}

impl Waiting {
    fn new(n: u32) -> Waiting {
        let word = unusual(n);
        let mut host = host();
        let first = world(&mut host);
        let mut second = world(&mut host);
        fill(&mut second, &word);
        let mine = std::process::id();
        let is_template = |pid: &i32| {
            helpers(mine).contains(pid) && pid_namespace(*pid) == pid_namespace(mine as i32)
        };
        let template = ancestors(named(&word)[0]).into_iter().find(is_template);
        drop((first, second));
        Waiting {
            host,
            template: template.unwrap(),
        }
    }
}

/// The one init that waits for its world.
fn waiting(template: i32) -> i32 {
    let waiting = inits(template);
    assert_eq!(waiting.len(), 1, "one waits for its world");
    waiting[0]
}

/// The inits that a template has made and that have not ended.
fn inits(template: i32) -> Vec<i32> {
    let below = |pid: &i32| ancestors(*pid).get(1) == Some(&template);
    let mine = std::process::id();
    helpers(mine).into_iter().filter(below).collect()
}

#[test]
fn a_killed_supervisor_takes_everything_along() {
    let word = unusual(30);
    let mut host = host();
    let mut doomed = world(&mut host);
    fill(&mut doomed, &word);
    let sleeper = named(&word)[0];
    let mine = std::process::id() as i32;
    let above = ancestors(sleeper);
    let supervisor = above[above.iter().position(|pid| *pid == mine).unwrap() - 1];
    kill(supervisor);
    gone(&word);
    assert!(doomed.processes().is_err());
    assert!(host.world(&Default::default()).is_err());
}

/// Also the harness that is killed below: this test executable, told to run
/// only this test, and by a variable to go on until it is killed.
#[test]
fn worlds_end_however_full_they_are() {
    let endless = std::env::var(ENDLESS).ok();
    let word = endless.clone().unwrap_or_else(|| unusual(50));
    if endless.is_some() {
        println!("going");
    }
    loop {
        let mut host = host();
        for _ in 0..3 {
            let (mut one, mut other) = (world(&mut host), world(&mut host));
            fill(&mut one, &word);
            run(&mut other, &script("a", "true"));
            Box::new(one).finish().unwrap();
        }
        if endless.is_none() {
            assert_eq!(named(&word), Vec::<i32>::new());
            return;
        }
    }
}

/// Holds the word that processes of the endless harness have among their arguments.
const ENDLESS: &str = "DAEMONLAB_TEST_ENDLESS";

/// SIGKILL of the harness at thirty moments, from its first to its three
/// hundredth millisecond, leaves no process, mount or file.
#[test]
fn a_harness_that_is_killed_leaves_nothing() {
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
    let before = mounts();
    let folder = tempfile::tempdir().unwrap();
    for n in 0..30 {
        let word = unusual(100 + n);
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "worlds_end_however_full_they_are", "--nocapture"])
            .env(ENDLESS, &word)
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("going")));
        // A moment like any other: spread over what the victim does.
        std::thread::sleep(Duration::from_millis(u64::from(n) * 10));
        victim.kill().unwrap();
        assert_eq!(victim.wait().unwrap().signal(), Some(libc::SIGKILL));
        gone(&word);
        nobody_left(|| helpers(victim.id()));
    }
    assert_eq!(mounts(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// What a world shows, without what differs between any two: the numbers of
/// pipes and inodes.
fn facts(world: &mut RealWorld) -> Vec<String> {
    world
        .launch(&script("a", ": > /tmp/x; exec sleep 1000"))
        .unwrap();
    let mut terminal = script("b", "tty; exec sleep 1000");
    terminal.stdio = LaunchStdio::Terminal;
    world.launch(&terminal).unwrap();
    until(world, |world| {
        let processes = world.processes().unwrap();
        (processes
            .iter()
            .filter(|process| process.name == "sleep")
            .count()
            == 2)
            .then_some(())
    });
    let pids: Vec<i32> = world
        .processes()
        .unwrap()
        .iter()
        .map(|process| process.pid)
        .collect();
    let mut processes: Vec<_> = pids.into_iter().map(|pid| loaded(world, pid)).collect();
    for process in &mut processes {
        process.state = 'S';
        for target in process.descriptors.values_mut() {
            *target = target.split('[').next().unwrap().to_owned();
        }
    }
    let mut told: Vec<String> = processes
        .iter()
        .map(|process| format!("{process:#?}"))
        .collect();
    let look = "cat /proc/mounts /proc/net/dev /proc/sysvipc/* /proc/1/limits /proc/self/uid_map; \
        find / -xdev | sort; hostname; cat /proc/sys/net/ipv4/ip_forward; ls -l /proc/1/fd | wc -l";
    told.push(run(world, &script("c", look)).stdout.text());
    told
}

/// One that has made and ended worlds, in which all was changed that can be.
#[test]
fn a_reused_supervisor_gives_the_facts_of_a_fresh_one() {
    let mut used = host();
    for _ in 0..10 {
        let mut world = world(&mut used);
        let change = "hostname other; echo 1 > /proc/sys/net/ipv4/ip_forward; mkdir /x; mount -t tmpfs x /x; \
            touch /tmp/left /etc/left; ipcmk -Q -M 100; chmod 700 /; ulimit -n 100; umount -l /proc; ip link set lo down";
        run(&mut world, &script("change", change));
        world.launch(&script("stay", "exec sleep 1000")).unwrap();
        Box::new(world).finish().unwrap();
    }
    let reused = facts(&mut world(&mut used));
    let fresh = facts(&mut world(&mut host()));
    assert_eq!(reused.len(), fresh.len());
    for (reused, fresh) in reused.iter().zip(&fresh) {
        assert!(reused == fresh, "{reused}\n\n{fresh}");
    }
}

/// Two worlds of one host do not see each other.
#[test]
fn worlds_of_one_host_are_apart() {
    let mut host = host();
    let (mut one, mut other) = (world(&mut host), world(&mut host));
    one.launch(&script("a", "touch /tmp/one; exec sleep 1000"))
        .unwrap();
    process(&mut one, "sleep");
    assert_eq!(other.processes().unwrap(), []);
    assert_eq!(output(&mut other, "b", "ls /tmp"), "");
    Box::new(one).finish().unwrap();
    assert_eq!(output(&mut other, "c", "echo c"), "c\n");
}

/// Scenarios of different folders share a host, each with its own folder.
#[test]
fn a_host_serves_more_folders_than_it_keeps_warm() {
    let folders: Vec<_> = (0..10).map(|_| tempfile::tempdir().unwrap()).collect();
    let mut host = host();
    for _ in 0..2 {
        for folder in &folders {
            let spec = daemonlab_harness::world::spec::SandboxSpec {
                binds: vec![folder.path().to_owned()],
                ..Default::default()
            };
            let mut world = world_of(&mut host, &spec);
            let seen = output(&mut world, "a", "ls -A /tmp");
            assert_eq!(
                seen.trim(),
                folder.path().file_name().unwrap().to_str().unwrap()
            );
        }
    }
}

#[test]
fn hosts_work_side_by_side() {
    let worlds: BTreeSet<String> = std::thread::scope(|scope| {
        let work = |n: usize| {
            move || {
                let mut host = host();
                for _ in 0..10 {
                    let mut world = world(&mut host);
                    assert_eq!(
                        output(&mut world, "a", &format!("echo {n}")),
                        format!("{n}\n")
                    );
                    Box::new(world).finish().unwrap();
                }
                n.to_string()
            }
        };
        let threads: Vec<_> = (0..4).map(|n| scope.spawn(work(n))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(worlds.len(), 4);
}

/// A host may outlive the thread that made it, as well as its worlds: what is
/// bound to a parent is not bound to a thread of it.
#[test]
fn a_host_outlives_the_thread_that_made_it() {
    let mut host: Host = std::thread::spawn(host).join().unwrap();
    let mut world = std::thread::scope(|scope| scope.spawn(|| world(&mut host)).join().unwrap());
    let facts = run(&mut world, &script("a", "echo a"));
    assert_eq!(facts.end, Some(End::Exit(0)));
}
