//! What helps to begin: scenarios, completions, the man page.

mod cli_common;

use cli_common::Lab;
use predicates::prelude::*;
use predicates::str::{contains, ends_with};
use rstest::rstest;

#[rstest]
#[case("detach", 1)]
#[case("lifecycle", 2)]
#[case("fault", 1)]
fn what_new_writes_runs_and_passes(#[case] template: &str, #[case] cases: usize) {
    let lab = Lab::new(&[]);
    lab.daemonlab(&["new", "first", "--template", template])
        .assert()
        .code(0)
        .stdout(contains("daemonlab run scenarios/first.yaml"));
    lab.daemonlab(&["run", "scenarios/first.yaml"])
        .assert()
        .code(0)
        .stdout(ends_with(format!(
            "\n{cases} passed, 0 failed, 0 skipped\n"
        )));
}

#[test]
fn new_overwrites_nothing() {
    let lab = Lab::new(&[("scenarios/first.yaml", "mine")]);
    lab.daemonlab(&["new", "first"])
        .assert()
        .code(2)
        .stderr(contains("there is `scenarios/first.yaml` already"));
    assert_eq!(lab.read("scenarios/first.yaml"), "mine");
}

#[test]
fn a_name_is_no_path() {
    let lab = Lab::new(&[]);
    lab.daemonlab(&["new", "../first"])
        .assert()
        .code(2)
        .stderr(contains("is no name for a scenario").and(contains("--dir")));
}

#[rstest]
#[case("bash")]
#[case("zsh")]
#[case("fish")]
#[case("elvish")]
#[case("powershell")]
fn completions_know_the_flags(#[case] shell: &str) {
    Lab::new(&[])
        .daemonlab(&["completions", shell])
        .assert()
        .code(0)
        .stdout(contains("report-junit").and(contains("daemonlab")));
}

#[test]
fn the_man_page_has_every_command_with_its_flags() {
    Lab::new(&[]).daemonlab(&["man"]).assert().code(0).stdout(
        contains(".TH daemonlab 1")
            .and(contains(".SH RUN\n"))
            .and(contains("\\-\\-report\\-junit"))
            .and(contains("Every flag has a variable").and(contains("DAEMONLAB_STRESS_COUNT")))
            .and(contains(".SH DOCTOR\n")),
    );
}
