//! `sd_notify`.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use daemonlab::daemon::exit_code;
use daemonlab::sys::records::Ended;

use crate::lab::{Lab, nobody_is_left, server};
use crate::support::alone;

fn set_notify_socket(name: &str) {
    // SAFETY: the test is alone in its process, and libtest's threads read no
    // variable meanwhile.
    unsafe { std::env::set_var("NOTIFY_SOCKET", name) };
}

fn told(lab: &Lab, manager: &UnixDatagram) {
    let outcome = lab.start(lab.settings(), server);
    assert_eq!(outcome.end, Ended::Exited(0), "{}", outcome.stderr);
    let mut message = [0; 100];
    let length = manager.recv(&mut message).unwrap();
    let said = String::from_utf8_lossy(&message[..length]);
    assert_eq!(said, format!("READY=1\nMAINPID={}", lab.daemon()));
    lab.stop();
    assert!(nobody_is_left());
}

#[test]
fn it_is_told_through_a_path() {
    alone(|| {
        let lab = Lab::new();
        let path = lab.path("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        set_notify_socket(path.to_str().unwrap());
        told(&lab, &manager);
    });
}

#[test]
fn it_is_told_through_an_abstract_name() {
    alone(|| {
        let lab = Lab::new();
        let name = format!("daemonlab-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        set_notify_socket(&format!("@{name}"));
        told(&lab, &manager);
    });
}

#[test]
fn a_manager_that_does_not_listen_fails_the_start() {
    alone(|| {
        let lab = Lab::new();
        set_notify_socket("/nowhere/notify");
        let outcome = lab.start(lab.settings(), server);
        assert_eq!(outcome.end, Ended::Exited(exit_code::NOTIFY));
        let says = "NOTIFY_SOCKET=/nowhere/notify: No such file or directory (ENOENT)";
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert_eq!(lab.names(), [""; 0]);
        assert!(nobody_is_left());
    });
}
