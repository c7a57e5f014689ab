//! Processes for tests to spoil.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Output};
use std::thread;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Ended, WaitFor, WaitMode};
use daemonlab::sys::{Forked, Pid, Process};
use nix::sched::{CloneFlags, unshare};

/// Set in the process that [`alone`] starts.
const ALONE: &str = "DAEMONLAB_TEST_ALONE";

/// No test takes this long; one that hangs is ended, and fails.
const LIMIT_SECONDS: u32 = 60;

/// The status of a child whose body panicked, as Rust's own.
const PANICKED: i32 = 101;

/// Runs `body` in a process of its own: this test again, alone.
pub fn alone(body: impl FnOnce()) {
    if is_alone() {
        return body();
    }
    expect_success(this_test().output().expect("this executable runs"));
}

/// As [`alone`], and as root: where the tests are not run by root, in a user
/// namespace with the subordinate ids of whoever runs them.
pub fn alone_as_root(body: impl FnOnce()) {
    if is_alone() {
        return body();
    }
    let mut command = this_test();
    let output = if nix::unistd::geteuid().is_root() {
        command.output()
    } else {
        in_user_namespace(command)
    };
    expect_success(output.expect("this executable runs as root"));
}

fn is_alone() -> bool {
    if env::var_os(ALONE).is_none() {
        return false;
    }
    nix::unistd::alarm::set(LIMIT_SECONDS);
    true
}

fn this_test() -> Command {
    let name = thread::current()
        .name()
        .expect("libtest names its threads")
        .to_owned();
    let mut command = Command::new(env::current_exe().expect("the executable has a path"));
    command
        .args([&name, "--exact", "--nocapture", "--include-ignored"])
        .env(ALONE, "1");
    command
}

fn expect_success(output: Output) {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}\n{stdout}\n{stderr}",
        output.status
    );
    // A name that selects nothing would be a test that cannot fail.
    assert!(
        stdout.contains("test result: ok. 1 passed"),
        "{stdout}\n{stderr}"
    );
}

/// Root inside: id 0 is whoever runs the tests, the others are subordinate.
fn in_user_namespace(mut command: Command) -> std::io::Result<Output> {
    let (mut unshared, tell) = std::io::pipe()?;
    let (wait, mut mapped) = std::io::pipe()?;
    // SAFETY: between fork and exec only system calls are made.
    unsafe {
        command.pre_exec(move || {
            unshare(CloneFlags::CLONE_NEWUSER)?;
            (&tell).write_all(&nix::unistd::getpid().as_raw().to_ne_bytes())?;
            (&wait).read_exact(&mut [0])?;
            nix::unistd::setresuid(0.into(), 0.into(), 0.into())?;
            nix::unistd::setresgid(0.into(), 0.into(), 0.into())?;
            Ok(())
        });
    }
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut pid = [0; 4];
            unshared
                .read_exact(&mut pid)
                .expect("the child has a namespace");
            let pid = i32::from_ne_bytes(pid).to_string();
            map(
                "newuidmap",
                "/etc/subuid",
                &pid,
                nix::unistd::getuid().as_raw(),
            );
            map(
                "newgidmap",
                "/etc/subgid",
                &pid,
                nix::unistd::getgid().as_raw(),
            );
            mapped.write_all(&[0]).expect("the child waits");
        });
        command.output()
    })
}

fn map(tool: &str, ranges: &str, pid: &str, own: u32) {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid())
        .unwrap()
        .expect("a user entry");
    let all = fs::read_to_string(ranges).unwrap_or_default();
    let range = all
        .lines()
        .find_map(|line| {
            line.strip_prefix(&format!("{}:", user.name))?
                .split_once(':')
        })
        .unwrap_or_else(|| {
            panic!(
                "{} has no range in {ranges}: add one, or run the tests as root",
                user.name
            )
        });
    let own = own.to_string();
    let status = Command::new(tool)
        .args([pid, "0", &own, "1", "1", range.0, range.1])
        .status()
        .unwrap_or_else(|error| {
            panic!("{tool}: {error}: install uidmap, or run the tests as root")
        });
    assert!(status.success(), "{tool}: {status}");
}

/// A forked child that ends with `body`: status 0, or 101 if it panics.
pub fn child(body: impl FnOnce()) -> Pid {
    match Linux.fork().expect("fork") {
        Forked::Parent(pid) => pid,
        Forked::Child => {
            nix::unistd::alarm::set(LIMIT_SECONDS);
            let done = catch_unwind(AssertUnwindSafe(body));
            Linux.exit(if done.is_ok() { 0 } else { PANICKED })
        }
    }
}

/// Waits for the child `pid` and says how it ended.
pub fn end_of(pid: Pid) -> Ended {
    let waited = Linux
        .wait(WaitFor::Pid(pid), WaitMode::Block)
        .expect("it is a child");
    waited.expect("a blocking wait has an answer").end
}

/// Runs `body` in a forked child, whose asserts count.
pub fn forked(body: impl FnOnce()) {
    assert_eq!(end_of(child(body)), Ended::Exited(0));
}

/// Interrupts whatever the calling process waits in, again and again.
///
/// Again, since the first time may come before the wait.
pub fn interrupt_for_ever() {
    let often = libc::timeval {
        tv_sec: 0,
        tv_usec: 10_000,
    };
    let timer = libc::itimerval {
        it_interval: often,
        it_value: often,
    };
    // SAFETY: the timer lives through the call; null asks for no old one.
    let set = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    assert_eq!(set, 0);
}
