//! Which cases run, how often, and until when.

mod cli_common;

use std::collections::BTreeSet;

use cli_common::{FAILS, Lab, PASSES};
use predicates::prelude::*;
use predicates::str::{contains, ends_with};
use rstest::rstest;

fn lab() -> Lab {
    Lab::new(&[
        ("scenarios/a.yaml", PASSES),
        ("scenarios/b.yaml", FAILS),
        ("scenarios/c.yaml", FAILS),
        ("scenarios/d.yaml", PASSES),
    ])
}

fn listed(lab: &Lab, part: &str) -> Vec<String> {
    let output = lab
        .daemonlab(&["list", "--partition", part])
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("it is UTF-8");
    text.lines().map(str::to_owned).collect()
}

#[rstest]
#[case("slice")]
#[case("hash")]
fn parts_are_the_whole_each_case_once(#[case] way: &str) {
    let lab = lab();
    let parts: Vec<String> = (1..=3)
        .flat_map(|part| listed(&lab, &format!("{way}:{part}/3")))
        .collect();
    assert_eq!(parts.len(), 4, "{parts:?}");
    assert_eq!(parts.iter().collect::<BTreeSet<_>>().len(), 4, "{parts:?}");
}

#[test]
fn a_slice_takes_every_nth() {
    let ids = ["scenarios/a.yaml", "scenarios/c.yaml"];
    assert_eq!(listed(&lab(), "slice:1/2"), ids);
}

#[test]
fn a_part_that_is_none_is_2_and_an_empty_one_4() {
    let lab = lab();
    lab.daemonlab(&["run", "--partition", "slice:3/2"])
        .assert()
        .code(2)
        .stderr(contains("parts are counted from 1"));
    lab.daemonlab(&["run", "--partition", "slice:9/9"])
        .assert()
        .code(4);
}

#[rstest]
#[case(&["--fail-fast"], "1 passed, 1 failed, 0 skipped\n")]
#[case(&["--max-fail", "2"], "1 passed, 2 failed, 0 skipped\n")]
#[case(&["--max-fail", "3"], "2 passed, 2 failed, 0 skipped\n")]
fn enough_failures_end_the_run_with_1(#[case] flags: &[&str], #[case] end: &'static str) {
    let args = [&["run", "-j1"], flags].concat();
    lab()
        .daemonlab(&args)
        .assert()
        .code(1)
        .stdout(ends_with(end));
}

#[test]
fn a_case_that_fails_is_tried_again() {
    let lab = Lab::new(&[("scenarios/b.yaml", FAILS)]);
    lab.daemonlab(&[
        "run",
        "--retries=2",
        "--report-junit=junit.xml",
        "--keep=kept",
    ])
    .assert()
    .code(1)
    .stdout(contains("failed 2 times before: launch `demo`: exit"));
    assert_eq!(lab.read("junit.xml").matches("<rerunFailure").count(), 2);
}

#[test]
fn repetitions_have_ids_of_their_own() {
    let lab = Lab::new(&[("scenarios/a.yaml", PASSES), ("scenarios/b.yaml", FAILS)]);
    lab.daemonlab(&["run", "-j1", "--stress-count=2", "--report-tap=run.tap"])
        .assert()
        .code(1)
        .stdout(
            contains("rerun: daemonlab run scenarios/b.yaml --exact 'scenarios/b.yaml'\n")
                .and(ends_with("2 passed, 2 failed, 0 skipped\n")),
        );
    let tap = lab.read("run.tap");
    let points: Vec<&str> = tap.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        points[2..],
        [
            "ok 1 - scenarios/a.yaml@1",
            "not ok 2 - scenarios/b.yaml@1",
            "ok 3 - scenarios/a.yaml@2",
            "not ok 4 - scenarios/b.yaml@2",
        ]
    );
}

#[test]
fn a_dry_run_starts_nothing() {
    let lab = lab();
    lab.daemonlab(&["run", "--dry-run", "--skip=c.yaml", "--report-tap=run.tap"])
        .assert()
        .code(0)
        .stdout("run   scenarios/a.yaml\nrun   scenarios/b.yaml\nrun   scenarios/d.yaml\n");
    assert!(!lab.path("run.tap").exists(), "and writes nothing");
}

#[test]
fn without_capture_what_passes_is_heard_too() {
    let lab = Lab::new(&[("scenarios/a.yaml", PASSES)]);
    lab.daemonlab(&["run"])
        .env("DAEMONLAB_NO_CAPTURE", "true")
        .assert()
        .code(0)
        .stdout(contains("on 1 job").and(contains("hello")));
}
