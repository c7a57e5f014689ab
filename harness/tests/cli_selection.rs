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

/// The ids and ends of a JUnit report's cases, in the order of the ids.
fn ends(xml: &str) -> Vec<(String, bool)> {
    let report = quick_junit::Report::deserialize_from_str(xml).expect("it is JUnit");
    let suites = report.test_suites.into_iter();
    let mut ends: Vec<(String, bool)> = suites
        .flat_map(|suite| suite.test_cases)
        .map(|case| {
            let passed = matches!(case.status, quick_junit::TestCaseStatus::Success { .. });
            (case.name.into_string(), passed)
        })
        .collect();
    ends.sort();
    ends
}

/// Runs the parts and gives the names of their reports. One without cases
/// writes none.
fn run_parts(lab: &Lab, way: &str) -> Vec<String> {
    let parts = (1..=3).filter_map(|part| {
        let file = format!("{way}-{part}.xml");
        let partition = format!("{way}:{part}/3");
        let args = ["run", "--partition", &partition, "--report-junit", &file];
        lab.daemonlab(&args).output().expect("it runs");
        lab.path(&file).exists().then_some(file)
    });
    parts.collect()
}

#[rstest]
#[case("slice")]
#[case("hash")]
fn the_reports_of_all_parts_are_that_of_the_whole(#[case] way: &str) {
    let lab = lab();
    lab.daemonlab(&["run", "--report-junit=whole.xml"])
        .assert()
        .code(1);
    let whole = ends(&lab.read("whole.xml"));
    assert_eq!(whole.len(), 4);
    let files = run_parts(&lab, way);
    let mut args = vec!["merge-junit"];
    args.extend(files.iter().map(String::as_str));
    let output = lab.daemonlab(&args).assert().code(0).stderr("");
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    assert_eq!(ends(&text), whole);
    args.extend(["--output", "out/merged.xml"]);
    lab.daemonlab(&args).assert().code(0).stdout("");
    assert_eq!(lab.read("out/merged.xml"), text);
}

#[test]
fn a_lost_part_does_not_go_unnoticed() {
    let lab = lab();
    let files = run_parts(&lab, "slice");
    lab.daemonlab(&["merge-junit", &files[0], &files[2]])
        .assert()
        .code(3)
        .stdout("")
        .stderr(contains(
            "1 of the 4 selected cases are missing; there is no report of slice:2/3\n",
        ));
    lab.daemonlab(&["merge-junit", &files[0], &files[0]])
        .assert()
        .code(3)
        .stderr(contains(
            "`scenarios/a.yaml` is in `slice-1.xml` and in `slice-1.xml`",
        ));
    lab.daemonlab(&["merge-junit", "scenarios/a.yaml"])
        .assert()
        .code(3)
        .stderr(contains("`scenarios/a.yaml` is no JUnit report"));
    lab.daemonlab(&["merge-junit", "none.xml"])
        .assert()
        .code(2)
        .stderr(contains("cannot read `none.xml`"));
}
