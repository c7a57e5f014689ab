//! The hand-over of listening sockets.

use std::fs;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd};
use std::time::Duration;

use daemonlab::daemon::upgrade::{OldSide, Served, take};
use daemonlab::daemon::{Ready, Settings, Start, exit_code};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Ended, PollFd};
use daemonlab::sys::{Process, Waiting};
use rstest::rstest;

use crate::lab::{Lab, nobody_is_left, pid_in, server, stop};
use crate::support::{alone, alone_as_root, child, end_of};

const SOON: Duration = Duration::from_secs(10);

/// Accepts and says its PID, until SIGTERM; hands its listener to whoever asks.
fn serve(ready: Ready<Linux>, listener: TcpListener) -> i32 {
    let old = OldSide::listen(&Linux, ready.upgrade_sock()).unwrap();
    let pid = ready.pid();
    let running = match ready.notify() {
        Ok(running) => running,
        Err(failure) => return failure.status(),
    };
    let term = nix::sys::signal::SigSet::from(nix::sys::signal::SIGTERM);
    let signals = nix::sys::signalfd::SignalFd::new(&term).unwrap();
    let read = |fd| PollFd {
        fd,
        read: true,
        write: false,
    };
    loop {
        let watched = [
            read(listener.as_raw_fd()),
            read(old.fd()),
            read(signals.as_raw_fd()),
        ];
        let events = Linux.poll(&watched, None, None).unwrap();
        if events[2].readable {
            break;
        }
        if events[1].readable {
            let sockets = [("http", listener.as_raw_fd())];
            let served = old.serve(&sockets, SOON).unwrap();
            assert!(matches!(served, Served::Handed(_)), "{served:?}");
        }
        // The other instance may have been faster: the listener must not block.
        if events[0].readable
            && let Ok((mut guest, _)) = listener.accept()
        {
            std::io::Write::write_all(&mut guest, pid.to_string().as_bytes()).unwrap();
        }
    }
    running.stop().unwrap();
    0
}

fn visit(address: SocketAddr) -> String {
    let mut said = String::new();
    let mut guest = TcpStream::connect(address).expect("no connection is refused");
    guest.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn no_connection_is_refused_while_a_new_instance_takes_over() {
    alone(|| {
        let lab = Lab::new();
        let settings = Settings {
            upgrade_sock: lab.path("upgrade.sock"),
            ..lab.settings()
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let first = lab.start(settings.clone(), |ready| serve(ready, listener));
        assert_eq!(first.end, Ended::Exited(0), "{}", first.stderr);
        let old = lab.daemon();
        assert_eq!(visit(address), old.to_string());

        let upgrade = Settings {
            start: Start::Upgrade,
            ..settings
        };
        let second = lab.start(upgrade, |ready| {
            let mut sockets = match take(&Linux, ready.upgrade_sock(), SOON) {
                Ok(sockets) => sockets,
                Err(failure) => return ready.fail_with(failure).status(),
            };
            assert_eq!(sockets.len(), 1);
            assert_eq!(sockets[0].name, "http");
            let fd = sockets.remove(0).fd.into_raw();
            // SAFETY: it has just been given away.
            serve(ready, unsafe { TcpListener::from_raw_fd(fd) })
        });
        assert_eq!(second.end, Ended::Exited(0), "{}", second.stderr);
        let new = lab.daemon();
        assert_eq!(pid_in(&lab.path("a.pid.old")), old);
        let said = visit(address);
        assert!(said == old.to_string() || said == new.to_string());
        // What the service manager does once the new one is ready.
        assert_eq!(stop(old), Ended::Exited(0));
        assert_eq!(visit(address), new.to_string());
        assert_eq!(lab.names(), ["a.pid", "upgrade.sock"]);
        assert_eq!(lab.stop(), Ended::Exited(0));
        assert_eq!(lab.names(), [""; 0]);
        assert!(nobody_is_left());
    });
}

/// An upgrade that takes the old instance's name, and ends as `dies` says.
fn half_way(lab: &Lab, settings: &Settings, dies: impl FnOnce(Ready<Linux>) -> i32) -> Ended {
    let upgrade = Settings {
        start: Start::Upgrade,
        ready_timeout: Duration::from_secs(1),
        ..settings.clone()
    };
    let outcome = lab.start(upgrade, |ready| {
        assert_eq!(lab.daemon(), ready.pid());
        dies(ready)
    });
    assert!(!outcome.stderr.contains("behind"), "{}", outcome.stderr);
    outcome.end
}

#[test]
fn an_old_instance_gets_its_name_back_from_one_that_dies_half_way() {
    alone(|| {
        let lab = Lab::new();
        let settings = lab.settings();
        let first = lab.start(settings.clone(), server);
        assert_eq!(first.end, Ended::Exited(0), "{}", first.stderr);
        let old = lab.daemon();
        let kept = |end: Ended, status: i32| {
            assert_eq!(end, Ended::Exited(status));
            assert_eq!(lab.daemon(), old);
            assert_eq!(lab.names(), ["a.pid"]);
        };
        let killed = half_way(&lab, &settings, |ready| {
            let pid = nix::unistd::Pid::from_raw(ready.pid().as_raw());
            nix::sys::signal::kill(pid, nix::sys::signal::SIGKILL).unwrap();
            0
        });
        kept(killed, exit_code::DIED_EARLY);
        let late = half_way(&lab, &settings, |_ready| {
            std::thread::park();
            0
        });
        kept(late, exit_code::TIMED_OUT);
        // A third has taken over meanwhile: what is its own stays.
        let fresh = |ready: Ready<Linux>| {
            let file = lab.path("third");
            fs::write(&file, "1\n").unwrap();
            fs::rename(&file, lab.pid_file()).unwrap();
            let pid = nix::unistd::Pid::from_raw(ready.pid().as_raw());
            nix::sys::signal::kill(pid, nix::sys::signal::SIGKILL).unwrap();
            0
        };
        let end = half_way(&lab, &settings, fresh);
        assert_eq!(end, Ended::Exited(exit_code::DIED_EARLY));
        assert_eq!(fs::read_to_string(lab.pid_file()).unwrap(), "1\n");
        assert_eq!(pid_in(&lab.path("a.pid.old")), old);
        fs::rename(lab.path("a.pid.old"), lab.pid_file()).unwrap();
        assert_eq!(lab.stop(), Ended::Exited(0));
        assert!(nobody_is_left());
    });
}

#[test]
fn without_an_old_instance_the_upgrade_fails_and_says_where_it_asked() {
    alone(|| {
        let lab = Lab::new();
        let settings = Settings {
            start: Start::Upgrade,
            upgrade_sock: lab.path("upgrade.sock"),
            ..lab.settings()
        };
        let outcome = lab.start(settings, |ready| {
            let failure = take(&Linux, ready.upgrade_sock(), SOON).unwrap_err();
            ready.fail_with(failure).status()
        });
        assert_eq!(outcome.end, Ended::Exited(exit_code::UPGRADE));
        let says = "upgrade.sock: No such file or directory (ENOENT)";
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert_eq!(lab.names(), [""; 0]);
        // And without the file, a fresh start is possible.
        assert_eq!(lab.start(lab.settings(), server).end, Ended::Exited(0));
        lab.stop();
    });
}

#[test]
fn an_old_instance_that_never_answers_is_given_up() {
    alone(|| {
        let lab = Lab::new();
        let path = lab.path("upgrade.sock");
        let _mute = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let failure = take(&Linux, &path, Duration::from_millis(200)).unwrap_err();
        assert!(
            failure.to_string().contains("not within 200ms"),
            "{failure}"
        );
    });
}

#[rstest]
#[case::closes(b"", "the old instance closed the connection")]
#[case::other(b"HTTP/1.1 400\r\n", "is no hand-over of this version")]
#[case::too_long(b"DLU1\xff\xff\xff\xff", "longer than it may be")]
#[case::no_sockets(b"DLU1\x03\x00\x00\x00\x01\x00a", "1 names came with 0 sockets")]
fn an_answer_that_is_none_is_refused(#[case] answer: &[u8], #[case] says: &str) {
    alone(|| {
        let lab = Lab::new();
        let path = lab.path("upgrade.sock");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let other = child(|| {
            let (mut asks, _) = listener.accept().unwrap();
            std::io::Write::write_all(&mut asks, answer).unwrap();
        });
        let failure = take(&Linux, &path, SOON).unwrap_err();
        assert!(failure.to_string().contains(says), "{failure}");
        assert_eq!(end_of(other), Ended::Exited(0));
    });
}

#[test]
fn a_stranger_gets_nothing_and_gives_nothing() {
    alone_as_root(|| {
        let lab = Lab::new();
        let path = lab.path("upgrade.sock");
        nix::sys::stat::umask(nix::sys::stat::Mode::empty());
        let become_man = || {
            let man = nix::unistd::User::from_name("man").unwrap().unwrap();
            nix::unistd::setgroups(&[]).unwrap();
            nix::unistd::setresgid(man.gid, man.gid, man.gid).unwrap();
            nix::unistd::setresuid(man.uid, man.uid, man.uid).unwrap();
        };
        // A stranger asks root, and root asks a stranger.
        let old = OldSide::listen(&Linux, &path).unwrap();
        let stranger = child(|| {
            become_man();
            let failure = take(&Linux, &path, SOON).unwrap_err();
            let shown = failure.to_string();
            let reset = shown.contains("ECONNRESET") || shown.contains("closed the connection");
            assert!(reset, "{shown}");
        });
        let asked = PollFd {
            fd: old.fd(),
            read: true,
            write: false,
        };
        Linux.poll(&[asked], Some(SOON), None).unwrap();
        let served = old.serve(&[("http", 0)], SOON).unwrap();
        assert!(matches!(served, Served::Refused(peer) if peer.pid == stranger));
        assert_eq!(end_of(stranger), Ended::Exited(0));
        drop(old);

        let (listens, here) = std::io::pipe().unwrap();
        let open = lab.path("open");
        fs::create_dir(&open).unwrap();
        let anybody = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        fs::set_permissions(&open, anybody).unwrap();
        let path = open.join("upgrade.sock");
        let stranger = child(|| {
            become_man();
            let _old = OldSide::listen(&Linux, &path).unwrap();
            std::io::Write::write(&mut &here, &[0]).unwrap();
            std::thread::park();
        });
        Read::read(&mut &listens, &mut [0]).unwrap();
        let failure = take(&Linux, &path, SOON).unwrap_err();
        assert!(
            failure.to_string().contains("a process of user id"),
            "{failure}"
        );
        nix::sys::signal::kill(stranger, nix::sys::signal::SIGKILL).unwrap();
        end_of(stranger);
    });
}

#[test]
fn what_is_no_socket_is_not_replaced() {
    alone(|| {
        let lab = Lab::new();
        fs::write(lab.path("precious"), "x").unwrap();
        let failure = OldSide::listen(&Linux, &lab.path("precious"))
            .err()
            .unwrap();
        assert!(
            failure.to_string().contains("no socket has the name"),
            "{failure}"
        );
        assert_eq!(fs::read_to_string(lab.path("precious")).unwrap(), "x");
        let own = Linux.getpid().unwrap();
        assert!(!fs::exists(lab.path(&format!(".precious.{own}"))).unwrap());
    });
}
