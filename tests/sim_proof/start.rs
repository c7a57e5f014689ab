//! A daemon's start on the daemonizer, as a program to be checked.

use daemonlab::daemon::{Daemon, InheritedFds, LauncherWaits, Mode, Ready, Settings, Start};
use daemonlab::sim::{Scene, Sys};
use daemonlab::sys::{Credentials, Uid, Waiting};

/// Where the PID file is.
pub const PID_FILE: &str = "/run/d.pid";

/// The user that the daemon becomes.
pub const USER: u32 = 33;
/// A group that this user is a member of.
pub const MEMBER: u32 = 44;

/// What the program does once it is detached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It says that it is ready, and serves.
    Serves,
    /// It says why it cannot start.
    Fails,
    /// It ends without a word.
    Dies,
    /// It is never ready.
    Hangs,
    /// It becomes the user by itself, so that its signal to the launcher is
    /// never permitted, and says that it is ready.
    NeverPermitted,
}

/// The status with which a program fails or dies.
pub const STATUS: i32 = 5;

/// The settings of a start in the background.
pub fn settings(waits: LauncherWaits) -> Settings {
    Settings {
        mode: Mode::Background,
        pid_file: PID_FILE.into(),
        launcher_waits: waits,
        ..Settings::default()
    }
}

/// The same, with a user.
pub fn as_user(waits: LauncherWaits) -> Settings {
    Settings {
        user: Some("www".to_owned()),
        ..settings(waits)
    }
}

/// The same, as an upgrade.
pub fn upgrade(settings: Settings) -> Settings {
    Settings {
        start: Start::Upgrade,
        ..settings
    }
}

/// The program.
pub fn program(settings: Settings, then: Then) -> impl Fn(Sys) -> i32 + Send + Sync + Clone {
    move |sys| {
        let inherited = InheritedFds::note(&sys);
        Daemon::new(sys, inherited, settings.clone()).run_forever(|ready| run(ready, then))
    }
}

fn run(ready: Ready<Sys>, then: Then) -> i32 {
    let sys = ready.sys().clone();
    match then {
        Then::Serves => {}
        Then::Fails => return ready.fail(STATUS, "the port is taken").status(),
        Then::Dies => return STATUS,
        Then::Hangs => serve(&sys),
        Then::NeverPermitted => {
            let user = Some(Uid::from_raw(USER));
            if sys.setresuid(user, user, user).is_err() {
                return STATUS;
            }
        }
    }
    match ready.notify() {
        Ok(_running) => serve(&sys),
        Err(failure) => failure.status(),
    }
}

/// Serves until a signal ends it.
pub fn serve(sys: &Sys) -> ! {
    loop {
        let _ = sys.poll(&[], None, None);
    }
}

/// A machine with the user.
pub fn scene() -> Scene {
    Scene::new()
        .user("www", USER, USER)
        .group("www", USER, &[])
        .group("media", MEMBER, &["www"])
}
