//! Starting daemons and looking at them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daemonlab::daemon::{Daemon, InheritedFds, LauncherWaits, Mode, Ready, Settings};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Ended, KillTarget, MaskHow};
use daemonlab::sys::{Pid, Process, Signal, SignalSet, Signals};

use crate::support::{child, end_of};

/// A folder for one test, and settings that keep to it.
pub struct Lab {
    dir: tempfile::TempDir,
}

/// A start whose launcher has ended.
pub struct Outcome {
    pub launcher: Pid,
    pub end: Ended,
    pub stderr: String,
}

impl Lab {
    pub fn new() -> Lab {
        Linux.set_child_subreaper(true).unwrap();
        let dir = tempfile::tempdir().unwrap();
        // For daemons that become somebody else.
        nix::sys::stat::fchmodat(
            nix::fcntl::AT_FDCWD,
            dir.path(),
            nix::sys::stat::Mode::from_bits_truncate(0o755),
            nix::sys::stat::FchmodatFlags::FollowSymlink,
        )
        .unwrap();
        Lab { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn pid_file(&self) -> PathBuf {
        self.path("a.pid")
    }

    /// In the background, waiting for ready, with short times.
    pub fn settings(&self) -> Settings {
        Settings {
            mode: Mode::Background,
            pid_file: self.pid_file(),
            launcher_waits: LauncherWaits::ForReady,
            ready_timeout: Duration::from_secs(30),
            ..Settings::default()
        }
    }

    /// Starts `program` in a child, and waits for the launcher to end.
    pub fn start(&self, settings: Settings, program: impl FnOnce(Ready<Linux>) -> i32) -> Outcome {
        self.outcome(self.launch(settings, program))
    }

    /// Starts `program` in a child, which is the launcher.
    pub fn launch(&self, settings: Settings, program: impl FnOnce(Ready<Linux>) -> i32) -> Pid {
        let stderr = self.path("stderr");
        child(|| {
            let file = fs::File::create(stderr).unwrap();
            nix::unistd::dup2_stderr(&file).unwrap();
            drop(file);
            // What this process inherited is libtest's, and nobody's secret.
            let inherited = InheritedFds::none();
            run(inherited, settings, program)
        })
    }

    pub fn outcome(&self, launcher: Pid) -> Outcome {
        let end = end_of(launcher);
        let stderr = fs::read_to_string(self.path("stderr")).unwrap_or_default();
        Outcome {
            launcher,
            end,
            stderr,
        }
    }

    /// The PID in the PID file.
    pub fn daemon(&self) -> Pid {
        pid_in(&self.pid_file())
    }

    /// Ends the daemon with SIGTERM and gives how it ended.
    pub fn stop(&self) -> Ended {
        stop(self.daemon())
    }

    /// The names in the folder, sorted, less stderr.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "stderr")
            .collect();
        names.sort();
        names
    }
}

/// What a launcher runs. No daemon outlives its test, even one that hangs.
pub fn run(
    inherited: InheritedFds,
    settings: Settings,
    program: impl FnOnce(Ready<Linux>) -> i32,
) -> ! {
    Daemon::new(Linux, inherited, settings).run_forever(|ready| {
        nix::unistd::alarm::set(30);
        let term = SignalSet::EMPTY.with(Signal::TERM);
        Linux.sigmask(MaskHow::Block, term).unwrap();
        program(ready)
    })
}

impl Drop for Lab {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        // Or whoever waits for the end of the test's output waits for them.
        let own = format!("PPid:\t{}\n", std::process::id());
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            if status.contains(&own) {
                let pid = entry.file_name().to_string_lossy().parse().unwrap();
                let target = KillTarget::Process(Pid::from_raw(pid));
                let _ = Linux.kill(target, Some(Signal::KILL));
            }
        }
    }
}

pub fn pid_in(path: &Path) -> Pid {
    let text = fs::read_to_string(path).unwrap();
    let pid = text.strip_suffix('\n').expect("one newline");
    Pid::from_raw(pid.parse().expect("a decimal number and nothing else"))
}

pub fn stop(pid: Pid) -> Ended {
    Linux
        .kill(KillTarget::Process(pid), Some(Signal::TERM))
        .unwrap();
    end_of(pid)
}

/// Nobody but the test itself lives. What has ended is reaped.
pub fn nobody_is_left() -> bool {
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return false,
            Ok(_) => {}
            Err(errno) => return errno == nix::errno::Errno::ECHILD,
        }
    }
}

/// The program of most tests: ready at once, runs until SIGTERM, stops cleanly.
pub fn server(ready: Ready<Linux>) -> i32 {
    match ready.notify() {
        Ok(running) => {
            wait_for_term();
            running.stop().unwrap();
            0
        }
        Err(failure) => failure.status(),
    }
}

/// Waits for SIGTERM, which [`run`] has blocked.
pub fn wait_for_term() {
    let until = SignalSet::EMPTY.with(Signal::TERM);
    while Linux.sigtimedwait(until, None).is_err() {}
}

/// A line of `/proc/PID/status`.
pub fn status(pid: Pid, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{field}:")));
    line.unwrap()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Fields of `/proc/PID/stat` behind the name, counted from 3 as in proc(5).
pub fn stat(pid: Pid, field: usize) -> i32 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let behind = text.rsplit_once(')').unwrap().1;
    behind
        .split_whitespace()
        .nth(field - 3)
        .unwrap()
        .parse()
        .unwrap()
}

/// What the descriptors of a process refer to, by number. One that it closes
/// while they are read is gone, and so not among them.
pub fn descriptors(pid: Pid) -> Vec<(i32, String)> {
    let mut found: Vec<(i32, String)> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|entry| {
            let entry = entry.unwrap();
            let target = match fs::read_link(entry.path()) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
                target => target.unwrap(),
            };
            let number = entry.file_name().into_string().unwrap().parse().unwrap();
            Some((number, target.to_string_lossy().into_owned()))
        })
        .collect();
    found.sort();
    found
}
