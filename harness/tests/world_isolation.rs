//! Nothing inside can write to the host, see or signal its processes, or reach
//! beyond loopback.

mod world_lab;

use std::path::Path;
use std::process::Command;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::End;
use daemonlab_harness::world::real::EXECUTABLE as INSIDE;
use daemonlab_harness::world::spec::Trace;
use rstest::rstest;
use world_lab::*;

/// Each must fail, and say the expected.
#[rstest]
#[case::core_pattern("echo x > /proc/sys/kernel/core_pattern", "Permission denied")]
#[case::sysrq("echo h > /proc/sysrq-trigger", "")]
#[case::printk("echo 1 > /proc/sys/kernel/printk", "Permission denied")]
#[case::swappiness("echo 1 > /proc/sys/vm/swappiness", "Permission denied")]
#[case::block_device("mknod /tmp/vda b 254 0", "Operation not permitted")]
#[case::char_device("mknod /tmp/mem c 1 1", "Operation not permitted")]
#[case::kernel_log("dmesg -c", "")]
#[case::clock("date -s 2001-01-01", "Operation not permitted")]
#[case::disk("mount /dev/vda /tmp", "")]
#[case::sysfs_write("mount -t sysfs sys /sys && echo 1 > /sys/kernel/profiling", "")]
#[case::control_groups(
    "mkdir /x; (mount -t cgroup2 x /x || unshare -C mount -t cgroup2 x /x) && mkdir /x/new",
    ""
)]
#[case::host_session("ls /run/user /run/systemd /run/dbus", "No such file")]
#[case::host_init("kill -0 99999", "No such process")]
fn what_belongs_to_the_host_is_out_of_reach(#[case] attempt: &str, #[case] said: &str) {
    let mut host = host();
    let mut world = world(&mut host);
    let facts = run(&mut world, &script("try", attempt));
    assert_ne!(facts.end, Some(End::Exit(0)), "{facts:#?}");
    assert!(facts.stderr.text().contains(said), "{facts:#?}");
}

/// Within a PID namespace, reboot(2) ends its init (`pid_namespaces(7)`).
#[test]
fn a_reboot_ends_its_world_alone() {
    let mut host = host();
    let (mut doomed, mut other) = (world(&mut host), world(&mut host));
    let reboot = "use POSIX; syscall(169, 0xfee1dead, 672274793, 0x1234567, 0); POSIX::pause()";
    if cfg!(target_arch = "x86_64") {
        doomed
            .launch(&launch("reboot", &["/usr/bin/perl", "-e", reboot]))
            .unwrap();
        let error = loop {
            match doomed.wait(LONG) {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert!(error.evidence.contains("the world is gone"), "{error}");
    }
    assert_eq!(output(&mut other, "a", "echo alive"), "alive\n");
    world(&mut host);
}

#[test]
fn only_processes_of_the_world_are_seen() {
    let mut host = host();
    let mut world = world(&mut host);
    let seen = output(&mut world, "ls", "cd /proc; echo [0-9]*");
    let pids: Vec<i32> = seen
        .split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect();
    // init, the shell, and nobody else.
    assert!(
        pids.len() <= 3 && pids[0] == 1 && pids.iter().all(|pid| *pid < 10),
        "{seen}"
    );
    // This process's own PID, which exists on the host, is nobody inside.
    let me = std::process::id();
    let facts = run(&mut world, &script("kill", &format!("kill -0 {me}")));
    assert!(me < 10 || facts.end == Some(End::Exit(1)), "{facts:#?}");
}

#[test]
fn nothing_is_reached_beyond_loopback() {
    let mut host = host();
    let mut world = world(&mut host);
    let interfaces = output(&mut world, "dev", "tail -n +3 /proc/net/dev | cut -d: -f1");
    assert_eq!(interfaces.trim(), "lo");
    // A server of the host's on the loopback of the host.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let error = world
        .connect(&address.to_string(), b"", 1, LONG)
        .unwrap_err();
    assert_eq!(error.errno, Some(libc::ECONNREFUSED), "{error}");
    let error = world.connect("192.0.2.1:80", b"", 1, LONG).unwrap_err();
    assert_eq!(error.errno, Some(libc::ENETUNREACH), "{error}");
    // An abstract socket of the host's.
    use std::os::linux::net::SocketAddrExt;
    let name = format!("daemonlab-test-{}", std::process::id());
    let at = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let _server = std::os::unix::net::UnixListener::bind_addr(&at).unwrap();
    let error = world
        .connect(&format!("unix:@{name}"), b"", 1, LONG)
        .unwrap_err();
    assert_eq!(error.errno, Some(libc::ECONNREFUSED), "{error}");
}

#[test]
fn init_holds_nothing_of_the_host() {
    let mut host = host();
    let mut world = world(&mut host);
    let seen = output(
        &mut world,
        "fd",
        "cd /proc/1/fd; for f in *; do readlink $f; done; readlink ../root ../cwd ../exe",
    );
    for target in seen.lines() {
        let kind = target.split([':', '[']).next().unwrap();
        let own = ["pipe", "socket", "anon_inode", "/dev/null", "/", INSIDE];
        assert!(own.contains(&kind), "{seen}");
    }
}

#[test]
fn the_hosts_folders_are_the_worlds_own() {
    let mut host = host();
    let mut world = world(&mut host);
    let seen = output(&mut world, "ls", "ls -A /tmp /home /root /var/tmp /run");
    assert_eq!(
        seen,
        "/home:\n\n/root:\n\n/run:\nlock\n\n/tmp:\n\n/var/tmp:\n"
    );
    for outside in [
        "/boot",
        "/mnt",
        "/media",
        "/lost+found",
        "/etc/shadow",
        "/etc/ssh",
    ] {
        assert_eq!(
            world.file(Path::new(outside)).unwrap().kind,
            None,
            "{outside}"
        );
    }
}

/// Each world has a session keyring of its own, with nothing in it.
#[test]
fn keys_of_the_host_are_not_there() {
    let mut host = host();
    let mut worlds = [world(&mut host), world(&mut host)];
    let keyctl = libc::SYS_keyctl;
    let look = format!("print syscall({keyctl}, 0, -3, 0), ' ', syscall({keyctl}, 11, -3, 0, 0)");
    let [one, other] = worlds.each_mut().map(|world| {
        let seen = run(world, &launch("keys", &["perl", "-e", &look]))
            .stdout
            .text();
        let (id, length) = seen.split_once(' ').unwrap();
        assert!(length == "0" || id == "-1", "{seen}");
        id.to_owned()
    });
    assert!(one != other || one == "-1", "{one}");
}

/// A terminal's Ctrl-C is for the harness alone.
#[test]
fn helpers_are_no_part_of_the_harnesss_session() {
    let _host = host();
    let me = std::process::id().to_string();
    let sessions = Command::new("ps")
        .args(["-eo", "sid,args"])
        .output()
        .unwrap();
    let listed = String::from_utf8_lossy(&sessions.stdout).into_owned();
    let own = nix::unistd::getsid(None).unwrap().to_string();
    let helpers: Vec<&str> = listed
        .lines()
        .filter(|line| line.contains("daemonlab-supervisor") && line.ends_with(&format!(" {me}")))
        .collect();
    assert!(!helpers.is_empty(), "{listed}");
    for line in helpers {
        assert_ne!(line.split_whitespace().next(), Some(own.as_str()), "{line}");
    }
}

const FORWARDING: &str =
    "cat /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/ip_forward";
const NETWORK: &str = "readlink /proc/self/ns/net";

/// What a script says in so many worlds of one host, one after the other.
fn one_after_the_other(count: usize, trace: &Trace, text: &str) -> Vec<String> {
    let mut host = host();
    let mut says = || {
        let mut world = world(&mut host);
        let mut launch = script("a", text);
        launch.trace = trace.clone();
        let facts = run(&mut world, &launch);
        assert_eq!(facts.end, Some(End::Exit(0)), "{facts:#?}");
        Box::new(world).finish().unwrap();
        facts.stdout.text()
    };
    (0..count).map(|_| says()).collect()
}

/// A network outlives its world only where it certainly is as it was.
#[rstest]
#[case::seen(Trace::Visible)]
#[case::seen_in_order(Trace::Ordered)]
#[case::unseen(Trace::Off)]
#[case::seen_in_part(Trace::Calls(vec!["setsid".to_owned()]))]
#[case::of_some(Trace::Every(vec!["setsid".to_owned()]))]
fn no_world_finds_the_settings_of_the_last_ones_network(#[case] trace: Trace) {
    let found = one_after_the_other(6, &trace, FORWARDING);
    assert_eq!(found, ["0\n"; 6]);
}

#[rstest]
#[case::seen(Trace::Visible, true)]
#[case::unseen(Trace::Off, false)]
fn worlds_share_a_network_that_nobody_touches_if_that_is_seen(
    #[case] trace: Trace,
    #[case] shared: bool,
) {
    let networks = one_after_the_other(6, &trace, NETWORK);
    // The first ones show what is to be expected of the others.
    assert_eq!(networks[4] == networks[5], shared, "{networks:?}");
}
