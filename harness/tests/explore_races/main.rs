//! Classic races of a start, in small C programs: exploration finds each,
//! without any hint but what must hold, and leaves its corrected twin alone.

#[path = "../c_programs/mod.rs"]
mod c_programs;
#[path = "../cli_common/mod.rs"]
mod cli_common;

use std::fs;
use std::path::Path;

use cli_common::Lab;
use rstest::rstest;

/// A folder with what must hold of a program.
fn lab(name: &str) -> Lab {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explore_races");
    let scenario = fs::read_to_string(tests.join(format!("programs/{name}.yaml")));
    Lab::new(&[("s.yaml", &scenario.expect(name))])
}

fn compile(lab: &Lab, name: &str, defines: &[&str]) {
    let source = format!("explore_races/programs/{name}.c");
    c_programs::compile(source, &lab.path("program"), defines);
}

fn explored(lab: &Lab, runs: &str) -> (Option<i32>, String) {
    let args = ["explore", "--target", "./program", "--runs", runs, "s.yaml"];
    let output = lab.daemonlab(&args).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    (output.status.code(), format!("{text}{errors}"))
}

#[rstest]
#[case("late_handler")]
#[case("check_then_pause")]
#[case("pid_file_late")]
#[case("pid_file_partial")]
#[case("death_of_the_intermediate")]
#[case("two_starts")]
#[case("orphan")]
#[case("late_listen")]
#[case("torn_log")]
#[case("lost_child")]
#[case("late_cleaning")]
#[case("hang_up_of_all")]
#[case("same_moment")]
#[case("woken_sleeper")]
#[case("slow_launcher")]
#[case("unsteady")]
fn a_race_is_found_and_its_correction_is_not(#[case] name: &str) {
    let lab = lab(name);
    compile(&lab, name, &[]);
    let (status, text) = explored(&lab, "200");
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("BROKEN"), "{text}");

    let schedule = "target/daemonlab/s.yaml.schedule";
    let replay = lab
        .daemonlab(&["replay", "--times", "10", schedule])
        .output();
    let replay = replay.expect("it runs");
    let shown = String::from_utf8_lossy(&replay.stdout);
    assert!(
        shown.contains("reproduced 10 of 10 times"),
        "{text}\n{shown}"
    );

    compile(&lab, name, &["-DFIXED"]);
    let (status, text) = explored(&lab, "60");
    assert_eq!(status, Some(0), "{text}");
}

/// The launcher ends well, however long it waits.
const PATIENT: &str = r#"
version: 1
time: virtual
timeout: 30m
steps:
  - launch: {id: start, command: ["${target}"], within: 20m, expect: {exit: 0}}
"#;

#[test]
fn a_timeout_comes_before_what_it_waits_for_where_it_may() {
    let lab = Lab::new(&[("s.yaml", PATIENT)]);
    compile(&lab, "timed_out", &[]);
    let (status, text) = explored(&lab, "60");
    assert_eq!(status, Some(0), "{text}");

    let args = [
        "explore",
        "--target",
        "./program",
        "--timers",
        "any-time",
        "s.yaml",
    ];
    let output = lab.daemonlab(&args).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("expected 0, got 75"), "{text}");
    assert!(text.contains("@ rt_sigtimedwait"), "{text}");

    let args = [
        "replay",
        "--times",
        "10",
        "target/daemonlab/s.yaml.schedule",
    ];
    let replay = lab.daemonlab(&args).output().expect("it runs");
    let shown = String::from_utf8_lossy(&replay.stdout);
    assert!(
        shown.contains("reproduced 10 of 10 times"),
        "{text}\n{shown}"
    );
}

/// The launcher ends well.
const ENDS: &str = r#"
version: 1
steps:
  - launch: {id: start, command: ["${target}"], expect: {exit: 0}}
"#;

/// Calls of which no order matters are made in one: what is left to choose is whether the parent
/// waits before its child has ended.
#[test]
fn what_has_nothing_in_common_is_tried_in_one_order() {
    let lab = Lab::new(&[("s.yaml", &format!("{ENDS}{APART}"))]);
    compile(&lab, "apart", &[]);
    let output = lab
        .daemonlab(&[
            "explore",
            "--strategy",
            "reduced",
            "--target",
            "./program",
            "s.yaml",
        ])
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("partial-order reduction: 2 executions,"),
        "{text}"
    );
    assert!(text.contains("nothing is left to try"), "{text}");
}

/// Where its processes write.
const APART: &str = r#"
files: [{path: /run/a/0, content: ""}, {path: /run/b/0, content: ""}]
"#;

/// What a process draws, and where it lies, is its own and the same in every execution, so that
/// one schedule is one execution.
#[test]
fn what_programs_draw_is_the_same_each_time() {
    let lab = Lab::new(&[("s.yaml", ENDS)]);
    compile(&lab, "draws", &[]);
    let drawn = || {
        let args = ["explore", "--target", "./program", "s.yaml"];
        let output = lab.daemonlab(&args).env("COLUMNS", "300").output();
        let text = String::from_utf8(output.expect("it runs").stdout).expect("it is text");
        assert!(text.contains("expected 0, got 7"), "{text}");
        let written = text.lines().filter_map(|line| line.split_once("write(1, "));
        let written = written.filter_map(|(_, line)| line.split_once(')'));
        let written: Vec<String> = written.map(|(text, _)| text.to_owned()).collect();
        assert_eq!(written.len(), 2, "{text}");
        let words = |index: usize| written[index].split(' ').map(str::to_owned);
        let [launcher, child] = [0, 1].map(|index| words(index).collect::<Vec<_>>());
        assert_eq!(launcher.len(), 6, "{text}");
        // The child has its parent's memory, and draws anew.
        assert!(launcher[3..] == child[3..], "{text}");
        for index in 0..3 {
            assert_ne!(launcher[index], child[index], "{text}");
        }
        written
    };
    assert_eq!(drawn(), drawn());
}

/// What says the time cannot be led back in real time, and one execution is not enough then; in
/// virtual time it is.
#[test]
fn what_says_the_time_repeats_itself_in_virtual_time() {
    let lab = Lab::new(&[("s.yaml", ENDS)]);
    compile(&lab, "draws", &["-DTIME"]);
    let (status, text) = explored(&lab, "1");
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("once in 1 executions; no order"), "{text}");
    let help = "= help: its timers run in real time; `time: virtual`";
    assert!(text.contains(help), "{text}");

    lab.write("s.yaml", &format!("{ENDS}time: virtual\n"));
    let (status, text) = explored(&lab, "1");
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("in execution 1 of 1"), "{text}");
    assert!(!text.contains(help), "{text}");
}

/// A busy wait is left after a few rounds, and met again once what it looks at
/// has changed: executions are short, and the race in it is found.
#[test]
fn a_busy_wait_takes_a_few_steps() {
    let lab = Lab::new(&[("s.yaml", ENDS)]);
    compile(&lab, "busy_wait", &[]);
    let (status, text) = explored(&lab, "60");
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("expected 0, got 9"), "{text}");

    compile(&lab, "busy_wait", &["-DFIXED"]);
    let (status, text) = explored(&lab, "60");
    assert_eq!(status, Some(0), "{text}");
    let lengths = text.split("the longest of ").skip(1);
    let lengths = lengths.filter_map(|rest| rest.split(' ').next()?.parse::<u32>().ok());
    assert!(lengths.max().is_some_and(|longest| longest < 60), "{text}");
}
