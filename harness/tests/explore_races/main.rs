//! A dozen classic races of a start, in small C programs: exploration finds
//! each, without any hint but what must hold, and leaves its corrected twin
//! alone.

#[path = "../c_programs/mod.rs"]
mod c_programs;
#[path = "../cli_common/mod.rs"]
mod cli_common;

use cli_common::Lab;
use rstest::rstest;

/// The launcher ends well, and the PID file is good then.
const READY: &str = r#"
version: 1
steps:
  - launch: {id: start, command: ["${target}"], expect: {exit: 0}}
  - adopt: {id: daemon, from: {pid-file: /run/d.pid}, within: 0s, expect: {alive: true}}
"#;

/// The launcher ends well.
const ENDS: &str = r#"
version: 1
steps:
  - launch: {id: start, command: ["${target}"], expect: {exit: 0}}
"#;

/// Of two starts at once, one is refused.
const ONE_WINS: &str = r#"
version: 1
steps:
  - launch: {id: one, command: ["${target}"], background: true}
  - launch: {id: two, command: ["${target}"], background: true}
  - await: {launch: one, expect: {running: false}}
  - await: {launch: two, expect: {running: false}}
  - check: {sandbox: {}, within: 0s, expect: {count: 1}}
"#;

/// Nothing outlives the launcher.
const NO_ORPHAN: &str = r#"
version: 1
steps:
  - launch: {id: start, command: ["${target}"], expect: {exit: 0}}
  - check: {sandbox: {}, expect: {count: 0}}
"#;

/// Who is ready listens.
const LISTENS: &str = r#"
version: 1
steps:
  - launch: {id: start, command: ["${target}"], expect: {exit: 0}}
  - check: {socket: "127.0.0.1:8080", within: 0s, expect: {listening: true}}
"#;

/// Nothing is lost of the log.
const WHOLE_LOG: &str = r#"
version: 1
steps:
  - launch: {id: start, command: ["${target}"], expect: {exit: 0}}
  - check: {file: /run/d.log, within: 0s, expect: {content: {contains: ["launcher\n", "daemon\n"]}}}
"#;

/// The daemon is there in the end.
const STAYS: &str = r#"
version: 1
steps:
  - launch: {id: start, command: ["${target}"], expect: {exit: 0}}
  - adopt: {id: daemon, from: {pid-file: /run/d.pid}, expect: {alive: true}}
"#;

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
#[case::late_handler("late_handler", READY)]
#[case::check_then_pause("check_then_pause", ENDS)]
#[case::pid_file_late("pid_file_late", READY)]
#[case::pid_file_partial("pid_file_partial", READY)]
#[case::death_of_the_intermediate("death_of_the_intermediate", ENDS)]
#[case::two_starts("two_starts", ONE_WINS)]
#[case::orphan("orphan", NO_ORPHAN)]
#[case::late_listen("late_listen", LISTENS)]
#[case::torn_log("torn_log", WHOLE_LOG)]
#[case::lost_child("lost_child", ENDS)]
#[case::late_cleaning("late_cleaning", STAYS)]
#[case::hang_up_of_all("hang_up_of_all", STAYS)]
fn a_race_is_found_and_its_correction_is_not(#[case] name: &str, #[case] scenario: &str) {
    let lab = Lab::new(&[("s.yaml", scenario)]);
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
