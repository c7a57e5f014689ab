use std::io::Read;
use std::net::TcpStream;

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use rstest::rstest;

use crate::instance::{Instance, LIMIT, end_of};

const WAITING: &str = "daemon_wait_for_ready: true\n";

#[rstest]
#[case(Signal::SIGTERM)]
#[case(Signal::SIGINT)]
#[case(Signal::SIGQUIT)]
fn a_stop_leaves_nothing_but_the_log(#[case] signal: Signal) {
    let instance = Instance::new(&format!("{WAITING}lab: {{listen: '127.0.0.1:0'}}"));
    instance.start(&["-d"]).success();
    assert_eq!(instance.files(), ["log", "pid", "upgrade.sock"]);
    let pid = instance.pid();
    instance.signal(signal);
    assert_eq!(end_of(pid), WaitStatus::Exited(pid, 0));
    assert_eq!(instance.files(), ["log"]);
}

/// A client that is connected to a server that takes its time.
fn waiting_client(answer_after: &str, more: &str) -> (Instance, TcpStream) {
    let lab = format!("lab: {{listen: '127.0.0.1:0', answer-after: {answer_after}}}");
    let instance = Instance::new(&format!("{WAITING}{more}{lab}"));
    instance.start(&["-d"]).success();
    let client = TcpStream::connect(instance.address()).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    (instance, client)
}

fn answer(mut client: TcpStream) -> String {
    let mut answer = String::new();
    // A reset is no answer.
    let _ = client.read_to_string(&mut answer);
    answer
}

#[test]
fn a_graceful_stop_answers_who_is_connected() {
    let (instance, client) = waiting_client("300ms", "");
    let pid = instance.pid();
    instance.signal(Signal::SIGTERM);
    assert_eq!(answer(client), format!("hello from {pid}\n"));
    assert_eq!(end_of(pid), WaitStatus::Exited(pid, 0));
}

#[test]
fn a_stop_at_once_answers_nobody() {
    let (instance, client) = waiting_client("1h", "");
    let pid = instance.pid();
    instance.signal(Signal::SIGINT);
    assert_eq!(end_of(pid), WaitStatus::Exited(pid, 0));
    assert_eq!(answer(client), "");
}

#[test]
fn a_graceful_stop_can_be_hurried() {
    let (instance, client) = waiting_client("1h", "");
    let pid = instance.pid();
    instance.signal(Signal::SIGTERM);
    instance.signal(Signal::SIGINT);
    assert_eq!(end_of(pid), WaitStatus::Exited(pid, 0));
    assert_eq!(answer(client), "");
}

#[test]
fn a_graceful_stop_does_not_wait_for_ever() {
    let grace = "grace_period_seconds: 0\ngraceful_shutdown_timeout_seconds: 1\n";
    let (instance, client) = waiting_client("1h", grace);
    let pid = instance.pid();
    instance.signal(Signal::SIGTERM);
    assert_eq!(end_of(pid), WaitStatus::Exited(pid, 0));
    assert!(
        instance.log().contains("1 connections were not served"),
        "{}",
        instance.log()
    );
    assert_eq!(answer(client), "");
}

#[test]
fn a_client_that_says_much_and_one_that_says_nothing_get_their_answer() {
    let (instance, mut client) = waiting_client("50ms", "");
    std::io::Write::write_all(&mut client, &[b'x'; 20_000]).unwrap();
    assert_eq!(answer(client), format!("hello from {}\n", instance.pid()));
    let half = TcpStream::connect(instance.address()).unwrap();
    half.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(answer(half), format!("hello from {}\n", instance.pid()));
}

#[test]
fn a_server_may_die_while_it_stops() {
    let lab = "lab: {listen: '127.0.0.1:0', die: {at: stopping, how: exit 9}}";
    let instance = Instance::new(&format!("{WAITING}{lab}"));
    instance.start(&["-d"]).success();
    let pid = instance.pid();
    instance.signal(Signal::SIGTERM);
    assert_eq!(end_of(pid), WaitStatus::Exited(pid, 9));
    // What stays behind is harmless: the next start replaces it.
    assert_eq!(instance.files(), ["log", "pid", "upgrade.sock"]);
    instance.start(&["-d"]).success();
    assert_ne!(instance.pid(), pid);
    assert_eq!(instance.ask(), format!("hello from {}\n", instance.pid()));
}
