//! Targets that misbehave: whatever one does, its case ends in a verdict, in
//! bounded time, memory and disk. `robust/misbehave.c` is all of them.

mod c_programs;
mod cli_common;
#[path = "c_programs/lasting.rs"]
mod lasting_programs;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::LazyLock;

use cli_common::{Lab, copy_program, executable};
use rstest::rstest;

/// The program, compiled once.
static MISBEHAVE: LazyLock<PathBuf> =
    LazyLock::new(|| lasting_programs::compiled("robust/misbehave.c", "misbehave", &[]));

/// Nobody who is root anywhere, and who has no subordinate ids.
const ORDINARY: u32 = 4242;

/// How much memory the harness may take for a case, in bytes. It takes a tenth
/// of it, and what a target writes in a second is more.
const MEMORY: i64 = 128 << 20;

/// How much a case may write down, in bytes, over all reports.
const REPORTS: u64 = 8 << 20;

struct Ran {
    lab: Lab,
    status: ExitStatus,
    text: String,
}

/// Runs the one scenario, with every report, as whoever this is, or as an
/// ordinary user.
#[expect(
    clippy::zombie_processes,
    reason = "wait4 waits, and tells of the memory"
)]
fn run(steps: &str, as_ordinary_user: bool) -> Ran {
    let scenario = format!("version: 1\ntimeout: 60s\nsteps:\n{steps}");
    let lab = Lab::new(&[("a.yaml", &scenario)]);
    let everybody = || fs::Permissions::from_mode(0o777);
    fs::create_dir(lab.path("out")).expect("a folder can be made");
    for folder in [".", "out"] {
        fs::set_permissions(lab.path(folder), everybody()).expect("it is ours");
    }
    let target = lab.path("misbehave");
    copy_program(&MISBEHAVE, &target);
    let program = lab.path("daemonlab");
    copy_program(executable(), &program);
    let console = fs::File::create(lab.path("out/console")).expect("it can be made");
    let mut command = Command::new(program);
    command
        .args([
            "run",
            "a.yaml",
            "--target",
            "./misbehave",
            "--keep=out/kept",
        ])
        .args([
            "--report-json=out/run.jsonl",
            "--report-junit=out/junit.xml",
        ])
        .args(["--report-tap=out/run.tap", "--report-markdown=out/run.md"])
        .current_dir(lab.path("."))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .stderr(console.try_clone().expect("it can be shared"))
        .stdout(console);
    if as_ordinary_user && nix::unistd::geteuid().is_root() {
        command.uid(ORDINARY).gid(ORDINARY);
    }
    let child = command.spawn().expect("it runs");
    let (status, memory) = wait(child.id());
    let text = lab.read("out/console");
    assert!(memory < MEMORY, "{memory} bytes: {text}");
    let written = size(&lab.path("out"));
    assert!(written < REPORTS, "{written} bytes are written down");
    assert!(
        !text.contains('\x1b'),
        "nothing steers the terminal: {text:?}"
    );
    Ran { lab, status, text }
}

/// Waits for a child: its status, and the most memory that it had at a time.
fn wait(pid: u32) -> (ExitStatus, i64) {
    let pid = i32::try_from(pid).expect("PIDs fit");
    let mut status = 0;
    // SAFETY: a record of numbers, for which zeros are values.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both are this function's, and the child is nobody else's to wait for.
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
    assert_eq!(waited, pid);
    (ExitStatus::from_raw(status), usage.ru_maxrss * 1024)
}

/// The bytes of all files below a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("it can be read");
    let sizes = entries.map(|entry| {
        let entry = entry.expect("it can be read");
        match entry.metadata().expect("it is there") {
            facts if facts.is_dir() => size(&entry.path()),
            facts => facts.len(),
        }
    });
    sizes.sum()
}

fn verdict(ran: &Ran) -> String {
    let json = ran.lab.read("out/run.jsonl");
    let finished = json.lines().find(|line| line.contains("\"case-finished\""));
    let event: serde_json::Value =
        serde_json::from_str(finished.expect("the case has an end")).expect("it is JSON");
    event["verdict"].as_str().expect("it is text").to_owned()
}

/// A launch that has to end with 0 soon.
fn launch(way: &str, within: &str) -> String {
    format!(
        "  - launch: {{id: demo, command: [\"${{target}}\", {way}], within: {within}, expect: {{exit: 0}}}}\n"
    )
}

const STILL_RUNS: &str = "expected to end within 500ms, still runs";

#[rstest]
#[case::hangs("hang")]
#[case::ignores_every_signal("ignore")]
#[case::floods_stdout("flood")]
#[case::floods_stderr("flood-stderr")]
#[case::writes_single_bytes_in_turns("chatter")]
#[case::makes_threads_without_end("threads")]
#[case::leaves_zombies("zombies")]
#[case::stops_itself("stop")]
#[case::kills_everybody_else("kill-all")]
#[case::closes_everything("close-all")]
#[case::executes_itself_again_and_again("exec-loop")]
fn a_launcher_that_does_not_end(#[case] way: &str) {
    let ran = run(&launch(way, "500ms"), false);
    assert_eq!(ran.status.code(), Some(1), "{}", ran.text);
    assert_eq!(verdict(&ran), "failed");
    assert!(ran.text.contains(STILL_RUNS), "{}", ran.text);
}

/// It is ended with everything that it made, however fast that multiplies.
#[rstest]
fn a_fork_bomb(#[values(false, true)] as_ordinary_user: bool) {
    let ran = run(&launch("forks", "500ms"), as_ordinary_user);
    assert_eq!(ran.status.code(), Some(1), "{}", ran.text);
    assert_eq!(verdict(&ran), "failed");
    assert!(ran.text.contains(STILL_RUNS), "{}", ran.text);
}

/// Each process leaves one behind and ends: none is there for long, and init
/// has no end of children to reap.
#[test]
fn a_chain_of_processes() {
    let steps = launch("chain", "20s")
        + "  - check: {file: /run/none, within: 200ms, expect: {exists: true}}\n";
    let ran = run(&steps, false);
    assert_eq!(ran.status.code(), Some(1), "{}", ran.text);
    let says = "expected true, got false";
    assert!(ran.text.contains(says), "{}", ran.text);
}

#[rstest]
#[case::memory("eat", 12, "Cannot allocate memory after 2")]
#[case::disk("fill-disk", 28, "No space left on device after 25")]
#[case::files("fill-inodes", 28, "No space left on device after 6")]
fn what_is_taken_without_end_has_one(
    #[case] way: &str,
    #[case] status: i32,
    #[case] says: &str,
    #[values(false, true)] as_ordinary_user: bool,
) {
    let ran = run(&launch(way, "60s"), as_ordinary_user);
    assert_eq!(ran.status.code(), Some(1), "{}", ran.text);
    let got = format!("expected 0, got {status}");
    assert!(ran.text.contains(&got), "{}", ran.text);
    assert!(ran.text.contains(says), "{}", ran.text);
}

#[rstest]
fn the_kernel_ends_a_world_first(#[values(false, true)] as_ordinary_user: bool) {
    let steps = "  - launch: {id: demo, command: [/bin/cat, /proc/self/oom_score_adj], \
                 expect: {exit: 0, stdout: \"1000\\n\"}}\n";
    let ran = run(steps, as_ordinary_user);
    assert_eq!(ran.status.code(), Some(0), "{}", ran.text);
}

#[rstest]
#[case::that_a_child_keeps_open("keep-stdout")]
#[case::below_folders_that_no_path_reaches("deep")]
#[case::of_what_signals_init("kill-init")]
fn what_a_launcher_leaves_is_no_obstacle(#[case] way: &str) {
    let ran = run(&launch(way, "30s"), false);
    assert_eq!(ran.status.code(), Some(0), "{}", ran.text);
    assert_eq!(verdict(&ran), "passed");
}

#[test]
fn a_launcher_that_crashes() {
    let ran = run(&launch("crash", "30s"), false);
    assert_eq!(ran.status.code(), Some(1), "{}", ran.text);
    assert!(ran.text.contains("killed by SIGABRT"), "{}", ran.text);
}

fn adopted(way: &str, then: &str) -> String {
    launch(way, "30s")
        + "  - adopt: {id: daemon, from: {pid-file: /run/demo.pid}, within: 500ms}\n"
        + then
}

#[rstest]
#[case::huge("pid-file-huge")]
#[case::a_fifo("pid-file-fifo")]
#[case::a_link_to_zeros("pid-file-zero")]
#[case::a_link_to_itself("pid-file-loop")]
#[case::too_large_a_number("pid-file-overflows")]
#[case::a_negative_number("pid-file-negative")]
#[case::the_number_of_init("pid-file-of-init")]
#[case::there_and_gone("pid-file-flickers")]
fn a_pid_file_that_is_none(#[case] way: &str) {
    let ran = run(&adopted(way, ""), false);
    assert_eq!(ran.status.code(), Some(1), "{}", ran.text);
    let says = "expected the PID of a process in `/run/demo.pid`, found nobody";
    assert!(ran.text.contains(says), "{}", ran.text);
}

#[test]
fn a_daemon_that_floods_its_output_is_watched_as_any_other() {
    let then = "  - signal: {process: daemon, signal: TERM, within: 20s, expect: {signal: TERM}}\n";
    let steps = adopted("daemon-floods", then).replace("500ms", "20s");
    let ran = run(&steps, false);
    assert_eq!(ran.status.code(), Some(0), "{}", ran.text);
}

#[test]
fn a_daemon_that_stops_itself() {
    let then = "  - check: {process: daemon, within: 20s, expect: {state: stopped}}\n  \
                - signal: {process: daemon, signal: TERM, within: 300ms, expect: {gone: true}}\n";
    let steps = adopted("daemon-stops", then).replace("500ms", "20s");
    let ran = run(&steps, false);
    assert_eq!(ran.status.code(), Some(1), "{}", ran.text);
    let says = "process `daemon` after SIGTERM: gone";
    assert!(ran.text.contains(says), "{}", ran.text);
}

/// `) Z 1 1 (` in its name is no state and no parent.
#[test]
fn a_daemon_that_renames_itself() {
    let then = "  - check: {process: daemon, within: 20s, expect: {state: sleeping, parent: init}}\n  \
                - signal: {process: daemon, signal: TERM, within: 20s, expect: {signal: TERM}}\n  \
                - check: {sandbox: {}, within: 20s, expect: {count: 0}}\n";
    let steps = adopted("rename", then).replace("500ms", "20s");
    let ran = run(&steps, false);
    assert_eq!(ran.status.code(), Some(0), "{}", ran.text);
    let steps = adopted(
        "rename",
        "  - check: {file: /none, within: 0s, expect: {exists: true}}\n",
    )
    .replace("500ms", "20s");
    let ran = run(&steps, false);
    assert!(ran.text.contains("\\u{1b}"), "{}", ran.text);
}

/// A daemon that ends at any moment while it is looked for, looked at and
/// signalled: the verdict may be either, but it is one of the scenario's.
#[rstest]
fn a_daemon_that_exits_at_odd_moments(
    #[values(0, 500, 2_000, 8_000, 20_000, 40_000)] microseconds: u32,
) {
    let then = "  - check: {process: daemon, within: 50ms, expect: {parent: init, cwd: /}}\n  \
                - signal: {process: daemon, signal: TERM, within: 50ms, expect: {gone: true}}\n";
    let way = format!("exit-while-looked-at, \"{microseconds}\"");
    let ran = run(&adopted(&way, then), false);
    let verdict = verdict(&ran);
    assert!(
        ["passed", "failed"].contains(&verdict.as_str()),
        "{}",
        ran.text
    );
    assert!(matches!(ran.status.code(), Some(0 | 1)), "{}", ran.text);
}
