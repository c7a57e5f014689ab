//! The readiness handshake of the daemonizer on the simulated kernel, every system call a step.

use std::sync::Arc;

use daemonlab::daemon::{Daemon, InheritedFds, LauncherWaits, Mode, Settings};
use daemonlab::explore::Timers;
use daemonlab::sim::{Actor, Faults, Scene, Setup, Simulation, Start, Sys, invariants};
use daemonlab::sys::Waiting;

/// A launcher that waits, its intermediate, and a daemon that stays.
pub fn handshake(settings: Settings, faults: Faults) -> Simulation {
    let program = move |sys: Sys| {
        let inherited = InheritedFds::note(&sys);
        let stays = sys.clone();
        Daemon::new(sys, inherited, settings.clone()).run_forever(|ready| match ready.notify() {
            Ok(_running) => i32::from(stays.poll(&[], None, None).is_err()),
            Err(failure) => failure.status(),
        })
    };
    Simulation::new(Setup {
        scene: Scene::new().user("www", 33, 33).group("www", 33, &[]),
        actors: vec![Actor {
            program: Arc::new(program),
            start: Start::default(),
            faults,
        }],
        time: Timers::WhenIdle,
        hang_up: false,
        invariants: vec![invariants::launcher_ends()],
    })
}

/// It waits until the daemon is ready.
pub fn plain() -> Settings {
    Settings {
        mode: Mode::Background,
        pid_file: "/run/d.pid".into(),
        launcher_waits: LauncherWaits::ForReady,
        ..Settings::default()
    }
}

/// The same, with users to switch to and a log.
pub fn with_user_and_log() -> Settings {
    Settings {
        user: Some("www".to_owned()),
        error_log: Some("/var/log/d.log".into()),
        ..plain()
    }
}
