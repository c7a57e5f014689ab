//! Complete scenarios: a daemon is started, adopted, checked and stopped.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

use super::table::Table;

const SCENARIO: &str = "\
version: 1
files:
  - path: /run/lab.yaml
    content: |
      version: 1
      pid_file: /run/lab.pid
      daemon_wait_for_ready: true
steps:
  - launch: {id: start, command: [\"${target}\", -d, -c, /run/lab.yaml], within: 30s, expect: {exit: 0}}
  - adopt: {id: daemon, from: {pid-file: /run/lab.pid}, within: 30s}
  - check: {process: daemon, within: 30s, expect: {parent: init, session-leader: false, terminal: none, cwd: /}}
  - signal: {process: daemon, signal: TERM, within: 30s, expect: {gone: true, exit: 0}}
  - check: {file: /run/lab.pid, within: 30s, expect: {exists: false}}
";

/// A folder with scenarios.
pub struct Folder(TempDir);

impl Folder {
    /// So many of them.
    pub fn with(count: usize) -> Folder {
        let folder = tempfile::tempdir().expect("a folder can be made");
        fs::create_dir(folder.path().join("scenarios")).expect("a folder can be made");
        for number in 0..count {
            let file = folder.path().join(format!("scenarios/{number:04}.yaml"));
            fs::write(file, SCENARIO).expect("a file can be written");
        }
        Folder(folder)
    }

    fn command(&self, daemonlab: &Path) -> Command {
        let mut command = Command::new(daemonlab);
        command
            .args(["run", "-j2", "--report-github=false"])
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// Runs them, all of which pass.
    pub fn run(&self, daemonlab: &Path) {
        let status = self.command(daemonlab).status();
        assert!(status.expect("daemonlab is there").success());
    }

    /// The same with flags; gives the most memory that the harness had at a time, in bytes.
    #[expect(clippy::zombie_processes, reason = "wait4 waits")]
    fn memory(&self, daemonlab: &Path, flags: &[&str]) -> i64 {
        let child = self
            .command(daemonlab)
            .args(flags)
            .spawn()
            .expect("daemonlab is there");
        let pid = i32::try_from(child.id()).expect("PIDs fit");
        let mut status = 0;
        // SAFETY: a record of numbers, for which zeros are values.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both are this function's, and the child is nobody else's.
        let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        assert_eq!((waited, status), (pid, 0), "all of them pass");
        usage.ru_maxrss * 1024
    }
}

/// A hundred and a thousand scenarios, two at a time: how long each takes, and
/// whether memory grows with their number. All files are read before anything
/// runs, which a dry run does too: what comes on top is the run's own.
pub fn thousand(daemonlab: &Path, table: &mut Table) {
    let mebibytes = |bytes: i64| bytes as f64 / f64::from(1 << 20);
    let mut own = [0.0; 2];
    for (own, count) in own.iter_mut().zip([100, 1000]) {
        let folder = Folder::with(count);
        let read = mebibytes(folder.memory(daemonlab, &["--dry-run"]));
        let start = Instant::now();
        let whole = mebibytes(folder.memory(daemonlab, &[]));
        let each = start.elapsed().as_secs_f64() * 1000.0 / count as f64;
        *own = whole - read;
        table.note(
            format!("a scenario of {count} at -j2"),
            format!("{each:.2}"),
            format!("peak memory {whole:.1} MiB, of which {read:.1} MiB to read the files"),
        );
    }
    let grown = own[1] - own[0];
    let met = if grown <= 2.0 { "met" } else { "MISSED" };
    table.note(
        "memory that 1000 runs take more than 100".to_owned(),
        String::new(),
        format!("{grown:.1} MiB besides the files; at most 2: {met}"),
    );
}
