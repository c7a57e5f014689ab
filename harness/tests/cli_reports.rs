//! The reports that other programs read, several of them at once.

mod cli_common;

use cli_common::{FAILS, Lab, PASSES};
use predicates::prelude::*;
use predicates::str::{contains, ends_with};

/// Its launcher writes what a runner of GitHub takes as commands.
const HOSTILE: &str = "\
version: 1
steps:
  - launch: {id: demo, command: [/bin/sh, -c, 'echo ::error::forged; echo ::add-mask::x; exit 3'], expect: {exit: 0}}
";

#[test]
fn several_reports_at_once() {
    let lab = Lab::new(&[("scenarios/a.yaml", PASSES), ("scenarios/b.yaml", FAILS)]);
    let args = [
        "run",
        "--report-tap=out/run.tap",
        "--report-markdown=out/run.md",
        "--report-junit=out/junit.xml",
        "--report-json=out/run.jsonl",
    ];
    lab.daemonlab(&args)
        .assert()
        .code(1)
        .stdout(contains("\nSlowest:\n").and(ends_with("\n1 passed, 1 failed, 0 skipped\n")));
    let tap = lab.read("out/run.tap");
    assert!(tap.starts_with("TAP version 14\n1..2\n"), "{tap}");
    assert!(tap.lines().any(|line| line.starts_with("ok ")), "{tap}");
    assert!(tap.contains(" - scenarios/b.yaml\n  ---\n"), "{tap}");
    let markdown = lab.read("out/run.md");
    assert!(markdown.starts_with("## daemonlab: 1 passed, 1 failed, 0 skipped\n"));
    assert!(markdown.contains("from-stderr"), "{markdown}");
    assert!(lab.read("out/junit.xml").contains("tests=\"2\""));
    assert!(lab.read("out/run.jsonl").contains("run-finished"));
}

#[test]
fn on_github_no_output_is_a_command_and_the_summary_is_added_to() {
    let lab = Lab::new(&[
        ("sub/scenarios/h.yaml", HOSTILE),
        ("summary.md", "before\n"),
    ]);
    let output = lab
        .daemonlab(&["run", "scenarios"])
        .current_dir(lab.path("sub"))
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", lab.path("."))
        .env("GITHUB_STEP_SUMMARY", lab.path("summary.md"))
        .assert()
        .code(1);
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    let (first, rest) = text.split_once('\n').expect("there are lines");
    let token = first
        .strip_prefix("::stop-commands::")
        .expect("nothing comes before it");
    let (console, commands) = rest
        .split_once(&format!("\n::{token}::\n"))
        .expect("commands are on again");
    assert!(console.contains("::error::forged"), "{text}");
    assert!(!console.contains(token), "{text}");
    assert_eq!(commands.lines().count(), 1, "{text}");
    assert!(
        commands.starts_with("::error file=sub/scenarios/h.yaml,line=3,col="),
        "{commands}"
    );
    let summary = lab.read("summary.md");
    assert!(
        summary.starts_with("before\n## daemonlab: 0 passed, 1 failed"),
        "{summary}"
    );
}

#[test]
fn the_summary_stays_within_githubs_limit() {
    let lab = Lab::new(&[("scenarios/b.yaml", FAILS)]);
    lab.write("summary.md", &"x".repeat(1024 * 1024 - 300));
    lab.daemonlab(&["run", "--report-github"])
        .env("GITHUB_STEP_SUMMARY", lab.path("summary.md"))
        .assert()
        .code(1);
    let summary = lab.read("summary.md");
    assert!(summary.len() <= 1024 * 1024, "{}", summary.len());
    assert!(summary.contains("xx## daemonlab: 0 passed, 1 failed"));
}

#[test]
fn it_can_be_switched_off_there() {
    let lab = Lab::new(&[("scenarios/a.yaml", PASSES)]);
    lab.daemonlab(&["run", "--report-github=false"])
        .env("GITHUB_ACTIONS", "true")
        .assert()
        .code(0)
        .stdout(contains("stop-commands").not());
}
