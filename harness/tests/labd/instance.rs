//! An instance of `labd` with a folder of its own, which leaves nothing behind.

use std::fs::{self, Permissions};
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tempfile::TempDir;

/// No step of a test takes this long; one that does has failed.
pub const LIMIT: Duration = Duration::from_secs(30);

/// A folder with a conf file, and whatever is started on it.
pub struct Instance {
    dir: TempDir,
}

impl Instance {
    /// A folder with `labd.yaml`: `extra` besides the paths, which lie in the
    /// folder. Everybody may write there, as in `/tmp`.
    pub fn new(extra: &str) -> Instance {
        // The daemons of these tests are to be our children once their
        // launchers are gone: nobody else reaps them, and their PIDs stay theirs.
        set_child_subreaper(true).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        let instance = Instance { dir };
        instance.write("labd.yaml", extra);
        instance
    }

    /// Writes another conf file for the same paths.
    pub fn write(&self, name: &str, extra: &str) {
        let dir = self.dir.path().display();
        let text = format!(
            "version: 1\npid_file: {dir}/pid\nupgrade_sock: {dir}/upgrade.sock\n\
             error_log: {dir}/log\n{extra}\n"
        );
        fs::write(self.path(name), text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `labd -c labd.yaml` with these arguments before.
    pub fn command(&self, args: &[&str]) -> Command {
        self.command_on("labd.yaml", args)
    }

    /// As [`Instance::command`], on another conf file.
    pub fn command_on(&self, conf: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daemonlab"));
        command
            .arg0("labd")
            .args(args)
            .arg("-c")
            .arg(self.path(conf));
        command.env_clear().env("RUST_LOG", "info");
        command
    }

    /// Starts with these arguments and gives the launcher's end, to be looked
    /// at.
    pub fn start(&self, args: &[&str]) -> assert_cmd::assert::Assert {
        self.start_on("labd.yaml", args)
    }

    /// As [`Instance::start`], on another conf file.
    pub fn start_on(&self, conf: &str, args: &[&str]) -> assert_cmd::assert::Assert {
        let command = self.command_on(conf, args);
        assert_cmd::Command::from_std(command)
            .timeout(LIMIT)
            .assert()
    }

    /// The PID in the PID file.
    pub fn pid(&self) -> Pid {
        let text = fs::read_to_string(self.path("pid")).expect("there is a PID file");
        let digits = text.strip_suffix('\n').expect("one newline at its end");
        Pid::from_raw(digits.parse().expect("a decimal number"))
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Where the last start listens: the log tells what port 0 became.
    pub fn address(&self) -> SocketAddr {
        let log = self.log();
        let line = log
            .lines()
            .rfind(|line| line.contains("listening on"))
            .expect("it listens");
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// What it says.
    pub fn ask(&self) -> String {
        ask(self.address()).unwrap()
    }

    /// Sends a signal to the process of the PID file.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// The processes that were started on this folder and are still there.
    pub fn left(&self) -> Vec<Pid> {
        let mark = self.dir.path().to_str().unwrap().as_bytes().to_vec();
        let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            // A process that is gone, or a zombie, has none.
            let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let marked = arguments.windows(mark.len()).any(|window| window == mark);
            marked.then_some(Pid::from_raw(pid))
        });
        processes.collect()
    }

    /// The files of the folder, without the conf files.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.ends_with(".yaml")).collect();
        names.sort();
        names
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        for pid in self.left() {
            let _ = kill(pid, Signal::SIGKILL);
            let _ = waitpid(pid, None);
        }
    }
}

/// What comes from `address` until it closes.
pub fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LIMIT))?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Waits until there is an answer.
pub fn patiently<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < LIMIT, "it has not come in time");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits for the end of a daemon, whose launcher has exited.
pub fn end_of(pid: Pid) -> WaitStatus {
    patiently(|| match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
        Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => None,
        // Until its launcher has exited it is the launcher's.
        Err(Errno::ECHILD) if kill(pid, None).is_ok() => None,
        end => Some(end.expect("it was a child")),
    })
}

/// The value of a line of `/proc/PID/status`, with single spaces.
pub fn status(pid: Pid, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
