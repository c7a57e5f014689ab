//! Stops that come together. The tracer looks at all children of its process, so
//! this test has one of its own.
#![cfg(target_arch = "x86_64")]

use std::ffi::CString;
use std::fs;
use std::io::{PipeReader, PipeWriter, Write, pipe};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use daemonlab_harness::world::real::tracer::stop::{bury, is_stopped};
use daemonlab_harness::world::real::tracer::{Filter, Recording, Rules, Stops, Tracer};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{ForkResult, Pid, execv, fork};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A child that ends with the test, however that ends.
struct Ended(i32);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0), Signal::SIGKILL);
        bury(self.0);
    }
}

/// Waits until the shell is in this state (`proc_pid_stat(5)`), doing `meanwhile`.
/// It looks again and again: no event tells that a process has fallen asleep, and to
/// wait for a stop would be to look at it.
fn until(pid: i32, state: &str, mut meanwhile: impl FnMut()) {
    let began = Instant::now();
    let is_there = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.contains(&format!("(sh) {state} "))
    };
    while !is_there() {
        assert!(began.elapsed() < PATIENCE, "{pid} does not get to {state}");
        meanwhile();
        sleep(Duration::from_millis(1));
    }
}

/// A shell that stops at each `umask`, and at each look at a file, once `go` has something for it.
fn shell(script: &str, go: &PipeReader, stdin: &PipeReader) -> i32 {
    let stops = Stops {
        numbers: [libc::SYS_faccessat, libc::SYS_faccessat2, libc::SYS_umask].into(),
        ..Stops::default()
    };
    let filter = Filter::new(&stops, None);
    let string = |text: &str| CString::new(text).expect("it has no zero byte");
    let arguments = [string("sh"), string("-c"), string(script)];
    let path = string("/bin/sh");
    let (go, stdin) = (go.as_raw_fd(), stdin.as_raw_fd());
    // SAFETY: the child makes system calls only, on what was made before.
    match unsafe { fork() }.expect("a process can be made") {
        ForkResult::Parent { child } => child.as_raw(),
        ForkResult::Child => {
            let mut byte = [0u8];
            // SAFETY: numbers, and a buffer that outlives the call.
            unsafe {
                libc::read(go, byte.as_mut_ptr().cast(), 1);
                libc::dup2(stdin, 0);
                libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            }
            if filter.install().is_ok() {
                let _ = execv(&path, &arguments);
            }
            // SAFETY: it takes a number, and does not return.
            unsafe { libc::_exit(127) }
        }
    }
}

fn say(to: &mut PipeWriter, line: &str) {
    writeln!(to, "{line}").expect("somebody reads it");
}

/// Goes on once it has looked at a file, makes a process stop whose PID it has read,
/// and then stops itself.
const SCRIPT: &str = r#"
    read other
    test -r /proc/self
    kill -USR1 $other
    until [ "${stat#* t }" != "$stat" ]; do read stat </proc/$other/stat; done
    umask 0
"#;

/// Whoever is let go makes another one stop, and then stops itself, while the tracer
/// sleeps: one signal tells of both, and may be the last that comes for long. They
/// come together about every other time.
#[test]
fn no_stop_is_left_that_nobody_tells_of() {
    for _ in 0..10 {
        assert!(!is_one_left(), "nobody will look at its stop");
    }
}

/// Whether the other one has stopped, and the tracer does not want to look again.
fn is_one_left() -> bool {
    let (go, mut release) = pipe().expect("a pipe can be made");
    let (stdin, mut input) = pipe().expect("a pipe can be made");
    // The kernel tells of the eldest first.
    let shell = shell(SCRIPT, &go, &stdin);
    #[expect(clippy::zombie_processes, reason = "`Ended` takes its end")]
    let other = Command::new("sleep")
        .arg("1000")
        .spawn()
        .expect("sleep is there");
    let sleeper = other.id() as i32;
    let _ended = [shell, sleeper].map(Ended);

    let mut tracer = Tracer::default();
    let seize = |tracer: &mut Tracer, pid, launch| {
        let done = tracer.seize(pid, pid, launch, Rules::default(), Recording::default());
        done.expect("it can be traced");
    };
    seize(&mut tracer, sleeper, "sleeper");
    tracer.hold_still("shell");
    seize(&mut tracer, shell, "shell");
    say(&mut release, "go");
    until(shell, "S", || tracer.turn(Duration::ZERO));
    say(&mut input, &sleeper.to_string());
    until(shell, "t", || ());

    tracer.turn(Duration::ZERO);
    is_stopped(sleeper) && !tracer.has_more()
}
