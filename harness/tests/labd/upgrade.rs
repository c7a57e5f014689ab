use std::fs;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;
use predicates::str::contains;

use crate::instance::{Instance, ask, end_of, patiently};
use crate::namespace::output_as_root;

const WAITING: &str = "daemon_wait_for_ready: true\n";
const LAB: &str = "lab: {listen: '127.0.0.1:0'}";

/// Connects again and again while `body` runs, which can look at the answers.
fn while_asked(address: SocketAddr, body: impl FnOnce(&Mutex<Vec<String>>)) -> Vec<String> {
    let answers = Mutex::new(Vec::new());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let answer = ask(address).unwrap_or_else(|error| format!("no answer: {error}"));
                answers.lock().unwrap().push(answer);
            }
        });
        // A body that panics must not leave the client asking for ever.
        let body = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(&answers)));
        done.store(true, Ordering::Relaxed);
        if let Err(panic) = body {
            std::panic::resume_unwind(panic);
        }
    });
    answers.into_inner().unwrap()
}

/// Waits until `count` more answers than now are `expected`.
fn until(answers: &Mutex<Vec<String>>, expected: &str, count: usize) {
    let now = answers.lock().unwrap().len();
    patiently(|| {
        let answers = answers.lock().unwrap();
        let came = answers[now..].iter().filter(|answer| *answer == expected);
        (came.count() >= count).then_some(())
    });
}

#[test]
fn no_connection_is_refused_while_one_takes_over_from_another() {
    let instance = Instance::new(&format!("{WAITING}{LAB}"));
    instance.start(&["-d"]).success();
    let (old, address) = (instance.pid(), instance.address());
    let from_old = format!("hello from {old}\n");
    let answers = while_asked(address, |answers| {
        until(answers, &from_old, 20);
        instance.start(&["-d", "-u"]).success();
        let new = instance.pid();
        assert_ne!(new, old);
        let moved = fs::read_to_string(instance.path("pid.old")).unwrap();
        assert_eq!(moved, format!("{old}\n"));
        kill(old, Signal::SIGQUIT).unwrap();
        assert_eq!(end_of(old), WaitStatus::Exited(old, 0));
        until(answers, &format!("hello from {new}\n"), 20);
    });
    let from_new = format!("hello from {}\n", instance.pid());
    let strange: Vec<_> = answers
        .iter()
        .filter(|answer| **answer != from_old && **answer != from_new)
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert_eq!(instance.left(), [instance.pid()]);
    assert_eq!(instance.files(), ["log", "pid", "upgrade.sock"]);
    // The new one can be replaced, and stopped, as the old one could.
    instance.start(&["-d", "-u"]).success();
    kill_and_wait(&instance);
}

fn kill_and_wait(instance: &Instance) {
    let pids = instance.left();
    assert_eq!(pids.len(), 2, "{pids:?}");
    for pid in pids {
        kill(pid, Signal::SIGTERM).unwrap();
        assert_eq!(end_of(pid), WaitStatus::Exited(pid, 0));
    }
    assert_eq!(instance.files(), ["log"]);
}

#[test]
fn a_new_instance_that_fails_leaves_the_old_one_as_it_was() {
    let instance = Instance::new(&format!("{WAITING}{LAB}"));
    let limit = "daemon_ready_timeout_seconds: 1\n";
    let never = "lab: {listen: '127.0.0.1:0', ready-after: never}";
    instance.write("never.yaml", &format!("{WAITING}{limit}{never}"));
    let dies = "lab: {listen: '127.0.0.1:0', die: {at: before-ready, how: exit 3}}";
    instance.write("dies.yaml", &format!("{WAITING}{dies}"));
    instance.start(&["-d"]).success();
    let (old, address) = (instance.pid(), instance.address());
    let from_old = format!("hello from {old}\n");
    let answers = while_asked(address, |answers| {
        instance.start_on("never.yaml", &["-d", "-u"]).code(75);
        instance.start_on("dies.yaml", &["-d", "-u"]).code(79);
        until(answers, &from_old, 20);
    });
    let strange: Vec<_> = answers
        .iter()
        .filter(|answer| **answer != from_old)
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert_eq!(instance.left(), [old]);
    // And it can still be taken over from.
    instance.start(&["-d", "-u"]).success();
    assert_ne!(instance.pid(), old);
}

#[test]
fn an_address_more_is_bound_and_one_less_is_closed() {
    let instance = Instance::new(&format!("{WAITING}{LAB}"));
    instance.start(&["-d"]).success();
    let (old, first) = (instance.pid(), instance.address());
    let other = "lab: {listen: '127.0.0.2:0'}";
    instance.write("other.yaml", &format!("{WAITING}{other}"));
    instance.start_on("other.yaml", &["-d", "-u"]).success();
    assert_eq!(instance.address().ip().to_string(), "127.0.0.2");
    assert_eq!(instance.ask(), format!("hello from {}\n", instance.pid()));
    kill(old, Signal::SIGQUIT).unwrap();
    assert_eq!(end_of(old), WaitStatus::Exited(old, 0));
    let refused = ask(first).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn there_must_be_one_to_take_over_from() {
    let instance = Instance::new(&format!("{WAITING}{LAB}"));
    instance
        .start(&["-d", "-u"])
        .code(81)
        .stderr(contains("upgrade.sock"));
    assert_eq!(instance.left(), []);
    assert_eq!(instance.files(), ["log"]);
}

#[test]
fn another_users_instance_is_not_trusted() {
    let strangers = Instance::new(&format!("{WAITING}user: daemon\n{LAB}"));
    let output = output_as_root(strangers.command(&["-d"]));
    assert!(output.status.success(), "{output:?}");
    let sock = strangers.path("upgrade.sock");
    // So that it is not the file's mode that keeps them apart.
    let output = output_as_root({
        let mut chmod = std::process::Command::new("chmod");
        chmod.arg("777").arg(&sock);
        chmod
    });
    assert!(output.status.success(), "{output:?}");
    let instance = Instance::new("");
    let own = format!(
        "version: 1\nerror_log: {}\n",
        instance.path("log").display()
    );
    let paths = format!(
        "pid_file: {}\nupgrade_sock: {}\n",
        instance.path("pid").display(),
        sock.display()
    );
    fs::write(
        instance.path("labd.yaml"),
        format!("{own}{paths}{WAITING}user: nobody\n{LAB}"),
    )
    .unwrap();
    let output = output_as_root(instance.command(&["-d", "-u"]));
    assert_eq!(output.status.code(), Some(81), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("EACCES"), "{stderr}");
    assert_eq!(instance.left(), []);
    assert_eq!(strangers.ask(), format!("hello from {}\n", strangers.pid()));
}
