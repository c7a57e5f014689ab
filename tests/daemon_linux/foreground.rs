//! The foreground: one code path, no fork.

use std::fs;

use daemonlab::daemon::{Mode, Settings, exit_code};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Ended, KillTarget};
use daemonlab::sys::{Signal, Signals};

use crate::lab::{Lab, server};
use crate::support::{alone, end_of};

#[test]
fn the_process_that_was_started_has_the_pid_file() {
    alone(|| {
        let lab = Lab::new();
        let settings = Settings {
            mode: Mode::Foreground,
            ..lab.settings()
        };
        let (waits, here) = std::io::pipe().unwrap();
        let process = lab.launch(settings.clone(), |ready| {
            std::io::Write::write(&mut &here, &[0]).unwrap();
            server(ready)
        });
        std::io::Read::read(&mut &waits, &mut [0]).unwrap();
        assert_eq!(lab.daemon(), process);
        let second = lab.start(settings, server);
        assert_eq!(second.end, Ended::Exited(exit_code::RUNNING_ALREADY));
        Linux
            .kill(KillTarget::Process(process), Some(Signal::TERM))
            .unwrap();
        assert_eq!(end_of(process), Ended::Exited(0));
        assert!(!fs::exists(lab.pid_file()).unwrap());
    });
}
