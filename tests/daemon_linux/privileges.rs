//! Privileges, as root (or as root of a user namespace).

use std::fs;
use std::os::unix::fs::MetadataExt;

use daemonlab::daemon::{LauncherWaits, PidFileOwner, Settings, exit_code};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::Ended;
use daemonlab::sys::{Process, Users};
use nix::unistd::Uid;

use crate::lab::{Lab, nobody_is_left, server, status};
use crate::support::{alone, alone_as_root};

/// A user that every Debian has, with a primary group of another number.
const USER: &str = "man";

fn ids() -> (u32, u32) {
    let user = Linux.user(USER).unwrap().unwrap();
    (user.uid.as_raw(), user.gid.as_raw())
}

fn four(id: u32) -> String {
    format!("{id} {id} {id} {id}")
}

#[test]
fn nothing_of_root_is_left() {
    alone_as_root(|| {
        let lab = Lab::new();
        let settings = Settings {
            user: Some(USER.to_owned()),
            ..lab.settings()
        };
        let outcome = lab.start(settings, server);
        assert_eq!(outcome.end, Ended::Exited(0), "{}", outcome.stderr);
        let daemon = lab.daemon();
        let (uid, gid) = ids();
        assert_eq!(status(daemon, "Uid"), four(uid));
        assert_eq!(status(daemon, "Gid"), four(gid));
        assert_eq!(status(daemon, "Groups"), gid.to_string());
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(status(daemon, set), "0000000000000000", "{set}");
        }
        assert_eq!(fs::metadata(lab.pid_file()).unwrap().uid(), 0);
        // The directory is root's: the file stays, and harms nobody.
        assert_eq!(lab.stop(), Ended::Exited(0));
        assert_eq!(lab.names(), ["a.pid"]);
        let again = lab.start(lab.settings(), server);
        assert_eq!(again.end, Ended::Exited(0), "{}", again.stderr);
        lab.stop();
        assert!(nobody_is_left());
    });
}

#[test]
fn a_group_replaces_the_primary_one() {
    alone_as_root(|| {
        let lab = Lab::new();
        let games = Linux.group("games").unwrap().unwrap().gid.as_raw();
        let settings = Settings {
            user: Some(USER.to_owned()),
            group: Some("games".to_owned()),
            launcher_waits: LauncherWaits::ForDetached,
            pid_file_owner: PidFileOwner::User,
            ..lab.settings()
        };
        assert_eq!(lab.start(settings, server).end, Ended::Exited(0));
        let daemon = lab.daemon();
        let (uid, gid) = ids();
        assert_eq!(status(daemon, "Gid"), four(games));
        assert_eq!(status(daemon, "Groups"), gid.to_string());
        let file = fs::metadata(lab.pid_file()).unwrap();
        assert_eq!((file.uid(), file.gid()), (uid, games));
        lab.stop();
    });
}

#[test]
fn the_waiting_launcher_is_nobody_either() {
    alone_as_root(|| {
        let lab = Lab::new();
        let settings = Settings {
            user: Some(USER.to_owned()),
            ..lab.settings()
        };
        let (waits, here) = std::io::pipe().unwrap();
        let (held, go) = std::io::pipe().unwrap();
        let launcher = lab.launch(settings, |ready| {
            std::io::Write::write(&mut &here, &[0]).unwrap();
            std::io::Read::read(&mut &held, &mut [0]).unwrap();
            server(ready)
        });
        std::io::Read::read(&mut &waits, &mut [0]).unwrap();
        let (uid, gid) = ids();
        // The daemon has said that it is detached; the launcher acts on it.
        while status(launcher, "Uid") != four(uid) {
            std::thread::yield_now();
        }
        assert_eq!(status(launcher, "Gid"), four(gid));
        assert_eq!(status(launcher, "Groups"), gid.to_string());
        while status(launcher, "CapPrm") != "0000000000000000" {
            std::thread::yield_now();
        }
        std::io::Write::write(&mut &go, &[0]).unwrap();
        assert_eq!(lab.outcome(launcher).end, Ended::Exited(0));
        lab.stop();
    });
}

#[test]
fn a_daemon_that_is_still_root_can_be_killed() {
    alone_as_root(|| {
        let lab = Lab::new();
        // The daemon opens the FIFO behind its working directory... no: it is
        // held up by a lock that the test has on the name of its PID file.
        let settings = Settings {
            user: Some(USER.to_owned()),
            ready_timeout: std::time::Duration::from_millis(300),
            ..lab.settings()
        };
        let held = fs::File::create(lab.path(".a.pid.starting")).unwrap();
        nix::fcntl::Flock::lock(held, nix::fcntl::FlockArg::LockExclusive)
            .map(std::mem::forget)
            .unwrap();
        let outcome = lab.start(settings, server);
        assert_eq!(
            outcome.end,
            Ended::Exited(exit_code::TIMED_OUT),
            "{}",
            outcome.stderr
        );
        assert!(!outcome.stderr.contains("could not"), "{}", outcome.stderr);
        assert!(nobody_is_left());
    });
}

#[test]
fn whoever_may_not_become_the_user_is_told_before_the_fork() {
    alone_as_root(|| {
        let lab = Lab::new();
        let settings = Settings {
            user: Some("games".to_owned()),
            ..lab.settings()
        };
        let man = Linux.user(USER).unwrap().unwrap();
        let launcher = crate::support::child(|| {
            nix::unistd::setgroups(&[man.gid]).unwrap();
            nix::unistd::setresgid(man.gid, man.gid, man.gid).unwrap();
            nix::unistd::setresuid(man.uid, man.uid, man.uid).unwrap();
            let daemon = daemonlab::daemon::Daemon::new(
                Linux,
                daemonlab::daemon::InheritedFds::none(),
                settings,
            );
            let failure = daemon.daemonize().err().expect("it must fail");
            assert!(
                failure.to_string().starts_with("privileges: setresgid: "),
                "{failure}"
            );
            Linux.exit(failure.status())
        });
        assert_eq!(
            lab.outcome(launcher).end,
            Ended::Exited(exit_code::PRIVILEGES)
        );
    });
}

#[test]
fn becoming_oneself_needs_no_privilege() {
    alone(|| {
        let Ok(Some(own)) = nix::unistd::User::from_uid(Uid::current()) else {
            panic!("whoever runs the tests has an entry in passwd");
        };
        let lab = Lab::new();
        let settings = Settings {
            user: Some(own.name),
            ..lab.settings()
        };
        let outcome = lab.start(settings, server);
        assert_eq!(outcome.end, Ended::Exited(0), "{}", outcome.stderr);
        lab.stop();
    });
}
