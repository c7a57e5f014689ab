//! A daemon that does nothing, by daemonlab: `with-daemonlab PID-FILE [ready]`.

use daemonlab::daemon::{Daemon, InheritedFds, LauncherWaits, Mode, Settings, exit_code};
use daemonlab::sys::linux::Linux;

fn main() {
    let inherited = InheritedFds::note(&Linux);
    let mut arguments = std::env::args_os().skip(1);
    let settings = Settings {
        mode: Mode::Background,
        pid_file: arguments.next().expect("the PID file is named").into(),
        launcher_waits: match arguments.next() {
            Some(_) => LauncherWaits::ForReady,
            None => LauncherWaits::ForDetached,
        },
        ..Settings::default()
    };
    Daemon::new(Linux, inherited, settings).run_forever(|ready| match ready.notify() {
        Ok(_running) => loop {
            std::thread::park();
        },
        Err(failure) => failure.status().max(exit_code::READY),
    })
}
