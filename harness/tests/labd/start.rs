use std::fs;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use nix::unistd::User;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};
use rstest::rstest;

use crate::instance::{Instance, LIMIT, end_of, patiently, status};
use crate::namespace::output_as_root;

/// A start in the background that waits until the server is ready.
const WAITING: &str = "daemon_wait_for_ready: true\n";
const ANY_PORT: &str = "lab: {listen: '127.0.0.1:0'}";

#[test]
fn root_starts_it_and_is_given_up() {
    let instance = Instance::new(&format!("{WAITING}user: nobody\n{ANY_PORT}"));
    let output = output_as_root(instance.command(&["-d"]));
    assert!(output.status.success(), "{output:?}\n{}", instance.log());
    let pid = instance.pid();
    assert_eq!(instance.ask(), format!("hello from {pid}\n"));
    // In a user namespace `nobody` has another id outside.
    let nobody = User::from_name("nobody").unwrap().unwrap();
    let (uid, gid) = match nix::unistd::geteuid().is_root() {
        true => (nobody.uid.as_raw(), nobody.gid.as_raw()),
        false => outside(pid.as_raw(), nobody.uid.as_raw(), nobody.gid.as_raw()),
    };
    assert_eq!(status(pid, "Uid:"), format!("{uid} {uid} {uid} {uid}"));
    assert_eq!(status(pid, "Gid:"), format!("{gid} {gid} {gid} {gid}"));
    assert_eq!(status(pid, "Groups:"), format!("{gid}"));
    for set in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:"] {
        assert_eq!(status(pid, set), "0000000000000000", "{set}");
    }
}

fn outside(pid: i32, uid: u32, gid: u32) -> (u32, u32) {
    let outside = |map, id| {
        let map = fs::read_to_string(format!("/proc/{pid}/{map}")).unwrap();
        let ranges = map.lines().map(|line| {
            let numbers: Vec<u32> = line
                .split_whitespace()
                .map(|n| n.parse().unwrap())
                .collect();
            (numbers[0], numbers[1], numbers[2])
        });
        let mut found = ranges.filter(|(first, _, count)| (*first..first + count).contains(&id));
        let (first, outside, _) = found.next().unwrap();
        outside + id - first
    };
    (outside("uid_map", uid), outside("gid_map", gid))
}

#[test]
fn it_is_detached_and_answers_with_its_pid() {
    let instance = Instance::new(&format!("{WAITING}{ANY_PORT}"));
    instance
        .start(&["--daemon"])
        .success()
        .stdout(is_empty())
        .stderr(is_empty());
    let pid = instance.pid();
    assert_eq!(instance.ask(), format!("hello from {pid}\n"));
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let (session, terminal) = (fields[3], fields[4]);
    assert_ne!(
        session,
        pid.to_string(),
        "a session leader can get a terminal back"
    );
    assert_eq!(terminal, "0");
    assert_eq!(
        fs::read_link(format!("/proc/{pid}/cwd")).unwrap().to_str(),
        Some("/")
    );
    assert_eq!(status(pid, "Threads:"), "1");
}

#[test]
fn the_launcher_exits_once_it_is_ready() {
    let lab = "lab: {listen: '127.0.0.1:0', ready-after: 100ms}";
    let instance = Instance::new(&format!("{WAITING}{lab}"));
    instance.start(&["-d"]).success();
    assert!(instance.log().contains("ready, PID"), "{}", instance.log());
}

#[test]
fn a_launcher_that_does_not_wait_exits_before_it_is_ready() {
    let instance = Instance::new("lab: {listen: '127.0.0.1:0', ready-after: never}");
    instance.start(&["-d"]).success();
    assert_eq!(instance.left(), [instance.pid()]);
    assert!(!instance.log().contains("ready, PID"), "{}", instance.log());
    // It can be stopped all the same, once it takes signals.
    let pid = instance.pid();
    patiently(|| instance.log().contains("listening on").then_some(()));
    instance.signal(Signal::SIGTERM);
    assert_eq!(end_of(pid), WaitStatus::Exited(pid, 1));
    assert_eq!(instance.files(), ["log"]);
}

#[test]
fn a_start_that_takes_too_long_leaves_nothing_running() {
    let limit = "daemon_ready_timeout_seconds: 1\n";
    let lab = "lab: {listen: '127.0.0.1:0', ready-after: never}";
    let instance = Instance::new(&format!("{WAITING}{limit}{lab}"));
    instance
        .start(&["-d"])
        .code(75)
        .stderr(contains("readiness"));
    assert_eq!(instance.left(), []);
}

#[test]
fn a_start_that_takes_too_long_may_be_left_running() {
    let limit = "daemon_ready_timeout_seconds: 1\non_timeout: leave\n";
    let lab = "lab: {listen: '127.0.0.1:0', ready-after: never}";
    let instance = Instance::new(&format!("{WAITING}{limit}{lab}"));
    instance.start(&["-d"]).code(75);
    assert_eq!(instance.left(), [instance.pid()]);
}

#[rstest]
#[case("before-fork", "exit 3", 3, "")]
#[case("detached", "exit 5", 79, "exited with status 5")]
#[case("detached", "signal SEGV", 79, "was killed by SIGSEGV")]
#[case("before-ready", "exit 0", 79, "exited with status 0")]
#[case("before-ready", "signal KILL", 79, "was killed by SIGKILL")]
#[case("after-ready", "exit 7", 0, "")]
fn a_server_that_dies_at_a_stage(
    #[case] stage: &str,
    #[case] how: &str,
    #[case] expected: i32,
    #[case] message: &str,
) {
    let lab = format!("lab: {{listen: '127.0.0.1:0', die: {{at: {stage}, how: {how}}}}}");
    let instance = Instance::new(&format!("{WAITING}{lab}"));
    instance
        .start(&["-d"])
        .code(expected)
        .stderr(contains(message));
    // After-ready it ends just after its launcher.
    if expected == 0 {
        let pid = instance.pid();
        assert_eq!(end_of(pid), WaitStatus::Exited(pid, 7));
    }
    assert_eq!(instance.left(), []);
}

#[test]
fn a_second_start_is_refused_and_harms_nothing() {
    let instance = Instance::new(&format!("{WAITING}{ANY_PORT}"));
    instance.start(&["-d"]).success();
    let (pid, files) = (instance.pid(), instance.files());
    instance
        .start(&["-d"])
        .code(69)
        .stderr(contains(format!("PID {pid}")));
    assert_eq!(instance.pid(), pid);
    assert_eq!(instance.files(), files);
    assert_eq!(instance.ask(), format!("hello from {pid}\n"));
}

#[rstest]
#[case::in_the_daemon("after-drop")]
#[case::in_the_launcher("before-fork")]
fn an_address_that_is_taken_fails_the_start(#[case] bind: &str) {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let instance = Instance::new(&format!(
        "{WAITING}lab: {{listen: '{address}', bind: {bind}}}"
    ));
    let cannot = contains(format!("cannot listen on {address}"));
    instance.start(&["-d"]).code(1).stderr(cannot);
    assert_eq!(instance.left(), []);
    assert!(!instance.path("pid").exists());
}

#[test]
fn what_the_launcher_bound_is_served_by_the_daemon() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let lab = format!("lab: {{listen: ['{address}'], bind: before-fork, text: hi}}");
    let instance = Instance::new(&format!("{WAITING}{lab}"));
    instance
        .start(&["-d"])
        .success()
        .stderr(contains("listening on"));
    let answer = crate::instance::ask(address).unwrap();
    assert_eq!(answer, format!("hi from {}\n", instance.pid()));
}

#[test]
fn what_was_inherited_is_closed() {
    let instance = Instance::new(&format!("{WAITING}{ANY_PORT}"));
    let (mut read, write) = std::io::pipe().unwrap();
    let mut command = instance.command(&["-d"]);
    let raw = write.as_raw_fd();
    // SAFETY: between fork and exec only a system call is made, on a
    // descriptor that `write` holds open.
    unsafe {
        command.pre_exec(move || {
            let fd = std::os::fd::BorrowedFd::borrow_raw(raw);
            fcntl(fd, FcntlArg::F_SETFD(FdFlag::empty()))?;
            Ok(())
        });
    }
    assert!(command.output().unwrap().status.success());
    drop(command);
    drop(write);
    // It would not end for as long as the daemon holds the other end.
    let limit = PollTimeout::try_from(LIMIT).unwrap();
    let mut end = [PollFd::new(read.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut end, limit), Ok(1), "the daemon has it still");
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
    assert_eq!(instance.left(), [instance.pid()]);
}

#[test]
fn in_the_foreground_it_is_the_process_that_was_started() {
    let instance = Instance::new(ANY_PORT);
    let mut child = instance
        .command(&[])
        .stderr(fs::File::create(instance.path("log")).unwrap())
        .spawn()
        .unwrap();
    patiently(|| {
        assert_eq!(child.try_wait().unwrap(), None, "{}", instance.log());
        instance.log().contains("ready, PID").then_some(())
    });
    assert_eq!(instance.pid().as_raw(), child.id() as i32);
    assert_eq!(instance.ask(), format!("hello from {}\n", child.id()));
    instance.signal(Signal::SIGTERM);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(instance.files(), ["log"]);
}

#[test]
fn a_start_that_fails_in_the_foreground_says_why() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let instance = Instance::new(&format!("lab: {{listen: '{address}'}}"));
    instance
        .start(&[])
        .code(1)
        .stderr(contains(format!("cannot listen on {address}")).and(contains("in use")));
    assert_eq!(instance.files(), [""; 0]);
}
