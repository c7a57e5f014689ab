//! Start-up code that does not bear a failing call, in small C programs:
//! `explore --faults` finds the call, and leaves the corrected twin alone.

#[path = "../c_programs/mod.rs"]
mod c_programs;
#[path = "../cli_common/mod.rs"]
mod cli_common;

use cli_common::Lab;
use rstest::rstest;

/// Whatever fails: who serves is not root.
const NOT_AS_ROOT: &str = r#"
version: 1
sandbox: {users: {svc: 1000}}
files:
  - {path: /run/d.log, content: "", mode: "0666"}
steps:
  - launch: {id: start, command: ["${target}"], background: true}
  - await: {launch: start, expect: {running: false}}
  - check: {file: /run/d.log, within: 0s, expect: {content: {lacks: "user 0"}}}
"#;

/// Whatever fails: in the end nobody is left.
const NOBODY_LEFT: &str = r#"
version: 1
steps:
  - launch: {id: start, command: ["${target}"], background: true}
  - await: {launch: start, expect: {running: false}}
  - check: {sandbox: {}, within: 100ms, expect: {count: 0}}
"#;

/// Whatever fails: it is ready only after it listens.
const READY_LAST: &str = r#"
version: 1
files:
  - {path: /run/d.log, content: ""}
steps:
  - launch: {id: start, command: ["${target}"], background: true}
  - await: {launch: start, expect: {running: false}}
  - check: {file: /run/d.log, within: 0s, expect: {content: {not: {starts-with: ready}}}}
"#;

/// Whatever fails: the state is the old one or the new one.
const OLD_OR_NEW: &str = r#"
version: 1
files:
  - {path: /run/state, content: "first\n"}
steps:
  - launch: {id: start, command: ["${target}"], background: true}
  - await: {launch: start, expect: {running: false}}
  - check: {file: /run/state, within: 0s, expect: {content: {one-of: ["first\n", "second\n"]}}}
"#;

fn compile(lab: &Lab, name: &str, defines: &[&str]) {
    let source = format!("explore_faults/programs/{name}.c");
    c_programs::compile(source, &lab.path("program"), defines);
}

fn explored(lab: &Lab) -> (Option<i32>, String) {
    let args = ["explore", "--faults", "--target", "./program", "s.yaml"];
    let output = lab.daemonlab(&args).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    (output.status.code(), format!("{text}{errors}"))
}

#[rstest]
#[case::unchecked_setuid("unchecked_setuid", NOT_AS_ROOT, "[fault EAGAIN]")]
#[case::retry_on_anything("retry_on_anything", NOBODY_LEFT, "[fault SIGKILL]")]
#[case::eintr_is_ready("eintr_is_ready", READY_LAST, "[fault EINTR]")]
#[case::state_in_place("state_in_place", OLD_OR_NEW, "[fault ENOSPC]")]
fn a_fault_that_is_not_borne_is_found_and_replayed(
    #[case] name: &str,
    #[case] scenario: &str,
    #[case] fault: &str,
) {
    let lab = Lab::new(&[("s.yaml", scenario)]);
    compile(&lab, name, &[]);
    let (status, text) = explored(&lab);
    assert_eq!(status, Some(1), "{text}");
    // One fault, and nothing else.
    assert!(text.contains("made simpler: 1 of"), "{text}");
    assert!(text.contains(fault), "{text}");

    let schedule = "target/daemonlab/s.yaml.schedule";
    let replay = lab.daemonlab(&["replay", "--times", "5", schedule]);
    let shown = { replay }.output().expect("it runs").stdout;
    let shown = String::from_utf8_lossy(&shown);
    assert!(shown.contains("reproduced 5 of 5 times"), "{text}\n{shown}");

    compile(&lab, name, &["-DFIXED"]);
    let (status, text) = explored(&lab);
    assert_eq!(status, Some(0), "{text}");
}
