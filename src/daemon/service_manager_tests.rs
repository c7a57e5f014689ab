use rstest::rstest;

use super::*;
use crate::daemon::scripts::{Steps, close, fail_each, pid, returned};
use crate::sys::call::{Call, Ret};
use crate::sys::scripted::{Scripted, Step, on};

const TIME: Duration = Duration::from_secs(60);
const MESSAGE: &[u8] = b"READY=1\nMAINPID=77";

fn connect(address: UnixAddr) -> Step {
    on(Call::Connect { fd: 6, address })
}

fn path() -> UnixAddr {
    UnixAddr::Path("/run/notify".into())
}

fn sending() -> Step {
    on(Call::Send {
        fd: 6,
        data: MESSAGE.to_vec(),
        fds: Vec::new(),
        to: None,
    })
}

fn socket() -> Step {
    let kind = SocketKind::Datagram;
    on(Call::Socket { kind }).gives(Ret::Fd(6))
}

fn told(sys: &Scripted, name: &str) -> Result<(), Failure> {
    ready(sys, OsStr::new(name), pid(77), TIME)
}

fn telling() -> Steps {
    vec![
        socket(),
        connect(path()).done(),
        sending().gives(Ret::Size(MESSAGE.len())),
    ]
}

#[rstest]
#[case::path("/run/notify", path())]
#[case::abstract_name("@notify", UnixAddr::Abstract(b"notify".to_vec()))]
fn it_is_told_the_pid(#[case] name: &str, #[case] address: UnixAddr) {
    let mut steps = telling();
    steps[1] = connect(address).done();
    steps.push(close(6));
    assert_eq!(returned(steps, |sys| told(&sys, name)), Ok(()));
}

#[test]
fn every_call_that_fails_is_named_with_the_socket() {
    fail_each(
        &telling(),
        Errno::EACCES,
        |failing| if failing == 0 { vec![] } else { vec![close(6)] },
        |sys| told(&sys, "/run/notify"),
        |_, result| {
            let failure = result.unwrap_err();
            assert_eq!(failure.stage, Stage::ServiceManager);
            assert_eq!(
                failure.subject.as_deref(),
                Some("NOTIFY_SOCKET=/run/notify")
            );
            assert_eq!(failure.errno(), Some(Errno::EACCES));
        },
    );
}

#[test]
fn another_kind_of_socket_is_refused() {
    let failure = returned(vec![], |sys| told(&sys, "vsock:2:1234")).unwrap_err();
    assert_eq!(failure.errno(), Some(Errno::EAFNOSUPPORT));
}

fn room(timeout: Duration) -> Step {
    let (read, write) = (false, true);
    on(Call::Poll {
        fds: vec![PollFd { fd: 6, read, write }],
        timeout: Some(timeout),
        mask: None,
    })
}

#[test]
fn a_full_queue_is_waited_for_and_not_for_ever() {
    let mut steps = telling();
    steps[2] = sending().fails(Errno::EAGAIN);
    steps.push(room(TIME).gives(Ret::Polled(Vec::new())));
    let mut in_time = steps.clone();
    in_time.extend([sending().gives(Ret::Size(MESSAGE.len())), close(6)]);
    assert_eq!(returned(in_time, |sys| told(&sys, "/run/notify")), Ok(()));
    steps.extend([sending().fails(Errno::EAGAIN), close(6)]);
    let late = returned(steps, |sys| told(&sys, "/run/notify")).unwrap_err();
    assert_eq!(late.errno(), Some(Errno::EAGAIN));
}

#[test]
fn half_a_message_is_none() {
    let mut steps = telling();
    steps[2] = sending().gives(Ret::Size(3));
    steps.push(close(6));
    assert!(returned(steps, |sys| told(&sys, "/run/notify")).is_err());
}
