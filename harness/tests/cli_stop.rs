//! What is left when `daemonlab run` is stopped: a report, and nothing else.

mod cli_common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use cli_common::{LASTS, Lab, PASSES};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use rstest::rstest;

/// Far more than anything here takes, and far less than the program that the
/// scenarios start.
const LONG: Duration = Duration::from_secs(30);

/// A run that is in the middle of a case which does not end by itself.
struct Running {
    lab: Lab,
    child: Child,
    /// The JSON report goes on coming; without a reader it would stop the run.
    _events: BufReader<fs::File>,
}

impl Running {
    fn start(args: &[&str]) -> Running {
        let lab = Lab::new(&[
            ("scenarios/a.yaml", LASTS),
            ("scenarios/b.yaml", LASTS),
            ("scenarios/c.yaml", LASTS),
        ]);
        fs::create_dir(lab.path("tmp")).expect("a folder can be made");
        let events = lab.path("events");
        mkfifo(&events, Mode::S_IRWXU).expect("a FIFO can be made");
        let run = ["run", "-j", "2", "--report-json", "events"];
        let mut command = lab.plain(&[&run, args].concat());
        command.env("TMPDIR", lab.path("tmp"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().expect("it can be started");
        let mut events = BufReader::new(fs::File::open(events).expect("it is opened by both"));
        for _ in 0..2 {
            until_a_step_starts(&mut events);
        }
        Running {
            lab,
            child,
            _events: events,
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("PIDs fit");
        kill(Pid::from_raw(pid), signal).expect("it still runs");
    }

    /// Its end, and everything that it said.
    fn end(mut self) -> (Lab, ExitStatus, String, String) {
        let begin = Instant::now();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let mut out = self.child.stdout.take().expect("it is a pipe");
        let mut err = self.child.stderr.take().expect("it is a pipe");
        out.read_to_string(&mut stdout).expect("it is text");
        err.read_to_string(&mut stderr).expect("it is text");
        let status = self.child.wait().expect("it is ours");
        assert!(begin.elapsed() < LONG, "it waited for its cases");
        (self.lab, status, stdout, stderr)
    }
}

/// The supervisor by which the machine was probed works for one of the two jobs: there is
/// one for each of them, and none besides.
#[test]
fn the_supervisor_that_has_probed_is_one_of_those_that_work() {
    let running = Running::start(&[]);
    let run = i32::try_from(running.child.id()).expect("PIDs fit");
    let supervisors = all().into_iter().filter(|(_, parent, _)| *parent == run);
    assert_eq!(supervisors.count(), 2);
    running.signal(Signal::SIGINT);
    running.end();
}

fn until_a_step_starts(events: &mut impl BufRead) {
    let mut line = String::new();
    while !line.contains("\"step-started\"") {
        line.clear();
        let read = events.read_line(&mut line).expect("it is text");
        assert!(read > 0, "the run ended before a step began");
    }
}

/// Processes by PID and start time, which together are never used again.
type Processes = BTreeSet<(i32, String)>;

/// Every process on this machine, with its parent.
fn all() -> Vec<(i32, i32, String)> {
    let entries = fs::read_dir("/proc").expect("there is a /proc");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // After the name, which may hold anything: state, parent, ... and
            // the start time as the twentieth, proc_pid_stat(5).
            let (_, rest) = stat.rsplit_once(") ")?;
            let fields: Vec<&str> = rest.split(' ').collect();
            if fields.first() == Some(&"Z") {
                return None;
            }
            Some((
                pid,
                fields.get(1)?.parse().ok()?,
                (*fields.get(19)?).to_owned(),
            ))
        })
        .collect()
}

/// Everything below a process.
fn below(pid: u32) -> Processes {
    let all = all();
    let mut found = Processes::new();
    let mut parents = vec![i32::try_from(pid).expect("PIDs fit")];
    while let Some(parent) = parents.pop() {
        for (pid, _, start) in all.iter().filter(|(_, of, _)| *of == parent) {
            found.insert((*pid, start.clone()));
            parents.push(*pid);
        }
    }
    found
}

/// Waits until none of them is there any more.
fn gone(processes: &Processes) {
    let begin = Instant::now();
    loop {
        let left: Vec<i32> = all()
            .into_iter()
            .filter(|(pid, _, start)| processes.contains(&(*pid, start.clone())))
            .map(|(pid, ..)| pid)
            .collect();
        if left.is_empty() {
            return;
        }
        assert!(begin.elapsed() < LONG, "left behind: {left:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What the file systems show of a run that is over.
fn no_files(lab: &Lab) {
    let folder = lab.path("tmp");
    let left: Vec<_> = fs::read_dir(&folder).expect("it is there").collect();
    assert!(left.is_empty(), "files are left: {left:?}");
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("there is a /proc");
    let lab = lab.path("");
    let lab = lab.to_string_lossy();
    let left: Vec<&str> = mounts
        .lines()
        .filter(|line| line.contains(lab.trim_end_matches('/')) || line.contains("daemonlab/labd"))
        .collect();
    assert!(left.is_empty(), "mounts are left: {left:?}");
}

#[rstest]
#[case::int(Signal::SIGINT)]
#[case::term(Signal::SIGTERM)]
#[case::hup(Signal::SIGHUP)]
fn a_signal_ends_the_run_with_a_report(#[case] signal: Signal) {
    let running = Running::start(&["--report-junit", "junit.xml"]);
    let processes = below(running.child.id());
    assert!(processes.len() >= 4, "two worlds run: {processes:?}");
    running.signal(signal);
    let (lab, status, stdout, stderr) = running.end();
    assert_eq!(status.code(), Some(130), "{stdout}{stderr}");
    assert!(
        stdout.contains(&format!("running because of {signal}")),
        "{stdout}"
    );
    assert_eq!(stdout.matches("   CUT SHORT [").count(), 2, "{stdout}");
    assert!(
        stdout.contains("was at step 1 of 1: launch `demo`"),
        "{stdout}"
    );
    assert!(stdout.contains("2 cut short"), "{stdout}");
    assert!(stdout.contains("1 not run"), "{stdout}");
    assert!(
        stdout.ends_with("\n0 passed, 0 failed, 0 skipped\n"),
        "{stdout}"
    );
    assert_eq!(stderr, "");
    let junit = quick_junit::Report::deserialize_from_str(&lab.read("junit.xml"));
    let junit = junit.expect("the report is whole");
    assert_eq!((junit.tests, junit.errors), (3, 2));
    gone(&processes);
    no_files(&lab);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let running = Running::start(&[]);
    let processes = below(running.child.id());
    running.signal(Signal::SIGINT);
    // It may be gone already.
    let _ = kill(
        Pid::from_raw(i32::try_from(running.child.id()).expect("PIDs fit")),
        Signal::SIGINT,
    );
    let (lab, status, ..) = running.end();
    assert_eq!(status.code(), Some(130));
    gone(&processes);
    no_files(&lab);
}

#[test]
fn nothing_outlives_a_killed_harness() {
    let running = Running::start(&[]);
    let processes = below(running.child.id());
    assert!(processes.len() >= 4, "two worlds run: {processes:?}");
    running.signal(Signal::SIGKILL);
    let (lab, status, ..) = running.end();
    assert_eq!(status.code(), None);
    gone(&processes);
    no_files(&lab);
}

#[test]
fn nothing_outlives_a_run() {
    // A daemon that stays when its case is over.
    let stays = "\
version: 1
steps:
  - launch: {id: demo, command: [/bin/sh, -c, 'setsid sleep 61 & exit 0'], expect: {exit: 0}}
  - adopt: {id: daemon, from: {name: sleep}, expect: {parent: init}}
";
    let lab = Lab::new(&[("scenarios/a.yaml", stays)]);
    fs::create_dir(lab.path("tmp")).expect("a folder can be made");
    let events = lab.path("events");
    mkfifo(&events, Mode::S_IRWXU).expect("a FIFO can be made");
    let mut command = lab.plain(&["run", "--report-json", "events"]);
    command.env("TMPDIR", lab.path("tmp")).stdout(Stdio::null());
    let mut child = command.spawn().expect("it can be started");
    let mut events = BufReader::new(fs::File::open(events).expect("it is opened by both"));
    until_a_step_starts(&mut events);
    let processes = below(child.id());
    let mut rest = String::new();
    events.read_to_string(&mut rest).expect("it is text");
    let status = child.wait().expect("it is ours");
    assert_eq!(status.code(), Some(0), "{rest}");
    // It waits for the end of what it started: there is nothing to wait for.
    let left: Vec<_> = all()
        .into_iter()
        .filter(|(pid, _, start)| processes.contains(&(*pid, start.clone())))
        .collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    no_files(&lab);
}

#[rstest]
#[case::list(&["list"], 0)]
#[case::run(&["run"], 0)]
#[case::help(&["--help"], 0)]
#[case::doctor(&["doctor"], 0)]
fn a_reader_that_goes_away_changes_nothing(#[case] args: &[&str], #[case] code: i32) {
    let lab = Lab::new(&[("scenarios/a.yaml", PASSES)]);
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    let output = lab
        .plain(args)
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .expect("it can be started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stderr, "");
    assert_eq!(output.status.code(), Some(code));
}
