//! A daemon started: from the exec of its launcher until the launcher has
//! exited and the PID file is complete. With daemonlab the second is so by the
//! time of the first; with others it has to be waited for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::rounds::{Subject, interleaved};
use super::table::Table;

const DAEMONIZE: &str = "daemonize, and a complete PID file";
const PINGORA: &str = "Pingora, until ready";

pub fn measure(pingora: Option<&Path>, rounds: usize, table: &mut Table) {
    // Daemons become this process's children, so that their end is seen.
    nix::sys::prctl::set_child_subreaper(true).expect("Linux 3.4 and newer can");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("pid");
    let beside = |name: &str| {
        let own = std::env::current_exe().expect("there is a /proc");
        own.with_file_name(name)
    };
    let (ours, theirs) = (beside("with-daemonlab"), beside("with-daemonize"));
    let conf = folder.path().join("conf.yaml");
    let text = format!(
        "version: 1\ndaemon: true\ndaemon_wait_for_ready: true\npid_file: {}\nerror_log: {}\nupgrade_sock: {}\n",
        file.display(),
        folder.path().join("log").display(),
        folder.path().join("sock").display(),
    );
    fs::write(&conf, text).expect("a file can be written");
    let start = |program: PathBuf, arguments: Vec<PathBuf>, complete_at_exit: bool| {
        let file = file.clone();
        Box::new(move || start(&program, &arguments, &file, complete_at_exit))
    };
    let mut subjects: Vec<Subject<'_>> = vec![
        (DAEMONIZE, start(theirs, vec![file.clone()], false)),
        (
            "daemonlab, until detached",
            start(ours.clone(), vec![file.clone()], true),
        ),
        (
            "daemonlab, until ready",
            start(ours, vec![file.clone(), "ready".into()], true),
        ),
    ];
    let mut targets = vec![
        ("daemonlab, until detached", DAEMONIZE, 1.5),
        ("daemonlab, until ready", DAEMONIZE, 1.5),
    ];
    match pingora {
        Some(pingora) => {
            let arguments = vec!["-c".into(), conf];
            subjects.push((PINGORA, start(pingora.to_owned(), arguments, false)));
            targets.truncate(2);
        }
        None => table.note(
            PINGORA.to_owned(),
            "not built".to_owned(),
            "`ci/build-peer` builds it".to_owned(),
        ),
    }
    let times = interleaved(rounds, subjects);
    table.add(&times, &targets);
}

fn start(program: &Path, arguments: &[PathBuf], file: &Path, complete_at_exit: bool) -> Duration {
    let _ = fs::remove_file(file);
    let began = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("it is built").success(), "{program:?}");
    let mut pid = complete(file);
    assert!(!complete_at_exit || pid.is_some(), "{program:?}");
    while pid.is_none() {
        thread::sleep(Duration::from_micros(20));
        pid = complete(file);
    }
    let took = began.elapsed();
    end(pid.expect("it is there"));
    took
}

/// The PID, if all of it is there: at least its newline, or, with those who
/// write none, a process of that number.
fn complete(file: &Path) -> Option<Pid> {
    let text = fs::read_to_string(file).ok()?;
    let pid = Pid::from_raw(text.trim_end().parse().ok()?);
    let whole = text.ends_with('\n') || kill(pid, None).is_ok();
    whole.then_some(pid)
}

/// Ends the daemon, and waits for everything that became this process's child.
fn end(daemon: Pid) {
    kill(daemon, Signal::SIGKILL).expect("the daemon runs");
    loop {
        match waitpid(None, None) {
            Err(Errno::ECHILD) => return,
            Err(Errno::EINTR) | Ok(_) => {}
            Err(errno) => panic!("{errno}"),
        }
    }
}
