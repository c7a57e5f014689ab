//! The readiness handshake of the daemonizer: a launcher that waits, its
//! intermediate and a daemon that stays.

use std::path::PathBuf;
use std::sync::Arc;

use daemonlab::daemon::{Daemon, InheritedFds, LauncherWaits, Mode, Settings};
use daemonlab::explore::Timers;
use daemonlab::sim::invariants;
use daemonlab::sim::{Actor, Faults, Scene, Setup, Simulation, Start, Sys};
use daemonlab::sys::Waiting;

/// For daemonlab: the daemonizer itself on the simulated kernel, every system
/// call a step.
pub fn simulation(faults: Faults) -> Simulation {
    let program = |sys: Sys| {
        let inherited = InheritedFds::note(&sys);
        let settings = Settings {
            mode: Mode::Background,
            pid_file: PathBuf::from("/run/d.pid"),
            error_log: Some(PathBuf::from("/var/log/d.log")),
            user: Some("www".to_owned()),
            launcher_waits: LauncherWaits::ForReady,
            ..Settings::default()
        };
        let stays = sys.clone();
        Daemon::new(sys, inherited, settings).run_forever(|ready| match ready.notify() {
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

/// For shuttle: only what the three have to do with each other, each of it one
/// step: the pipe with its three records and its end, the signal, the end of
/// the intermediate. The hundred calls that nobody else notices are left out,
/// since a search without a reduction would try each of them at every place.
pub fn on_shuttle() {
    use shuttle::sync::atomic::{AtomicUsize, Ordering};
    use shuttle::sync::{Arc, Condvar, Mutex};
    let pipe = Arc::new((Mutex::new((0usize, 2usize)), Condvar::new()));
    let signal = Arc::new(AtomicUsize::new(0));
    let close = |pipe: &(Mutex<(usize, usize)>, Condvar)| {
        pipe.0.lock().expect("nobody panics").1 -= 1;
        pipe.1.notify_all();
    };
    let (lent, sent) = (pipe.clone(), signal.clone());
    let intermediate = shuttle::thread::spawn(move || {
        let (line, target) = (lent.clone(), sent);
        let daemon = shuttle::thread::spawn(move || {
            let write = || {
                line.0.lock().expect("nobody panics").0 += 1;
                line.1.notify_all();
            };
            write();
            write();
            target.store(1, Ordering::SeqCst);
            write();
            close(&line);
        });
        close(&lent);
        daemon
    });
    let mut read = 0;
    while read < 3 {
        let mut held = pipe.0.lock().expect("nobody panics");
        while held.0 == 0 && held.1 > 0 {
            held = pipe.1.wait(held).expect("nobody panics");
        }
        read += std::mem::take(&mut held.0);
    }
    assert_eq!(signal.load(Ordering::SeqCst), 1);
    let daemon = intermediate.join().expect("it does not panic");
    daemon.join().expect("it does not panic");
}
