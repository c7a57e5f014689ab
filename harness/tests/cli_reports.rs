//! The reports that other programs read, and the evidence that is kept.

mod cli_common;

use cli_common::{FAILS, Lab, PASSES, THREE};
use predicates::prelude::*;
use predicates::str::{contains, ends_with};
use quick_junit::{NonSuccessKind, Report, TestCaseStatus};
use serde_json::Value;

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

#[test]
fn the_json_report_has_an_event_a_line() {
    let lab = Lab::new(&[("scenarios/three.yaml", THREE)]);
    lab.daemonlab(&["run", "-j", "1", "--report-json", "reports/run.jsonl"])
        .assert()
        .code(1);
    let text = lab.read("reports/run.jsonl");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    assert!(lines.iter().all(|line| line["format"] == 1));
    let names: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["event"].as_str())
        .collect();
    let case = ["case-started", "step-started", "case-finished"];
    let expected = [&["run-started"], &case[..], &case, &case, &["run-finished"]].concat();
    assert_eq!(names, expected);
    let verdicts: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["verdict"].as_str())
        .collect();
    assert_eq!(verdicts, ["passed", "failed", "passed"]);
    let failure = &lines[6]["failures"][0];
    assert_eq!(failure["title"], "launch `demo`: exit");
    assert_eq!(failure["line"], 7);
    assert_eq!(failure["expected"], "1");
    assert_eq!(failure["actual"], "0");
    assert!(!text.contains("\\u001b"), "no colours");
    let summary = &lines.last().expect("there are lines")["summary"];
    assert_eq!(
        (&summary["passed"], &summary["failed"]),
        (&2.into(), &1.into())
    );
}

#[test]
fn the_junit_report_reads_back() {
    let lab = Lab::new(&[
        ("scenarios/three.yaml", THREE),
        ("scenarios/x.yaml", PASSES),
    ]);
    lab.daemonlab(&["run", "--report-junit", "junit.xml"])
        .assert()
        .code(1);
    let xml = lab.read("junit.xml");
    let report = Report::deserialize_from_str(&xml).expect("it is JUnit");
    assert_eq!((report.tests, report.failures, report.errors), (4, 1, 0));
    assert_eq!(report.test_suites.len(), 2);
    let failed = report.test_suites[0]
        .test_cases
        .iter()
        .find(|case| case.name.as_str() == "scenarios/three.yaml::two")
        .expect("it is there");
    assert!(matches!(
        &failed.status,
        TestCaseStatus::NonSuccess {
            kind: NonSuccessKind::Failure,
            ..
        }
    ));
    assert!(
        xml.contains(r#"file="scenarios/three.yaml" line="7""#),
        "{xml}"
    );
}

#[test]
fn kept_evidence_is_in_a_folder_a_case() {
    let lab = Lab::new(&[
        (
            "scenarios/a.yaml",
            "version: 1\nsteps:\n  - launch: {id: demo, command: [/bin/sh, -c, 'echo hello; echo note > /run/note'], expect: {exit: 0}}\n",
        ),
        ("scenarios/b.yaml", FAILS),
    ]);
    lab.daemonlab(&["run", "--keep=kept"]).assert().code(1);
    assert_eq!(lab.read("kept/scenarios+a.yaml/demo.stdout"), "hello\n");
    assert_eq!(lab.read("kept/scenarios+a.yaml/files/run/note"), "note\n");
    assert_eq!(
        lab.read("kept/scenarios+b.yaml/demo.stderr"),
        "from-stderr\n"
    );
    assert!(
        lab.read("kept/scenarios+b.yaml/failure.txt")
            .contains("expected 0, got 3")
    );
    let report: Value =
        serde_json::from_str(&lab.read("kept/scenarios+b.yaml/report.json")).expect("it is JSON");
    assert_eq!(report["verdict"], "failed");

    lab.daemonlab(&["run", "--keep", "scenarios/a.yaml"])
        .assert()
        .code(0);
    assert_eq!(
        lab.read("target/daemonlab/scenarios+a.yaml/demo.stdout"),
        "hello\n"
    );
}

#[test]
fn a_report_that_cannot_be_written_is_70() {
    let lab = Lab::new(&[("scenarios/a.yaml", PASSES)]);
    lab.daemonlab(&["run", "--report-json", "/dev/full"])
        .assert()
        .code(70)
        .stdout(ends_with("\n1 passed, 0 failed, 0 skipped\n"))
        .stderr(contains(
            "cannot write to `/dev/full`: No space left on device",
        ));
}
