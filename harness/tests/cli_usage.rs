//! What the command line says before anything runs: help, lists, mistakes.

mod cli_common;

use cli_common::{FAILS, Lab, PASSES};
use predicates::prelude::*;
use predicates::str::contains;
use rstest::rstest;

fn lab() -> Lab {
    Lab::new(&[
        ("scenarios/a/passes.yaml", PASSES),
        ("scenarios/b.yaml", FAILS),
        (
            "scenarios/several.yaml",
            "\
version: 1
cases:
  - {name: one, status: 0}
  - {name: two, status: 1}
steps:
  - launch: {id: demo, command: [/bin/true], expect: {exit: \"${status}\"}}
",
        ),
    ])
}

#[rstest]
#[case::top(&["--help"], &["Examples:", "daemonlab doctor", "130  interrupted", "NO_COLOR"])]
#[case::run(&["help", "run"], &["--exact", "DAEMONLAB_TARGET", "deviations:", "Exit statuses:"])]
#[case::trace(&["help", "trace"], &["--settle", "DAEMONLAB_CALLS", "Ctrl-C", "perfetto", "Exit statuses:"])]
#[case::list(&["help", "list"], &["--format", "--tag"])]
#[case::merge(&["help", "merge-junit"], &["--output", "part-2.xml", "Exit statuses:"])]
#[case::doctor(&["help", "doctor"], &["--require", "Exit statuses:"])]
fn help_teaches(#[case] args: &[&str], #[case] says: &[&str]) {
    let mut assert = lab().daemonlab(args).assert().code(0);
    for part in says {
        assert = assert.stdout(contains(*part));
    }
}

#[rstest]
#[case::no_command(&[], "Usage:")]
#[case::unknown_flag(&["run", "--no-such"], "unexpected argument '--no-such'")]
#[case::unknown_requirement(&["run", "--require", "root"], "possible values: userns, subuid")]
#[case::no_jobs(&["run", "-j", "0"], "--jobs")]
#[case::no_unit(&["run", "--timeout", "10"], "say `10s` or `2m`")]
#[case::no_time(&["run", "--timeout", "0s"], "must not be zero")]
#[case::no_path(&["run", "nowhere"], "cannot read `nowhere`")]
#[case::no_target_in_path(&["run", "--target", "no-such-daemon"], "no program `no-such-daemon` in PATH")]
#[case::no_target(&["run", "--target", "./no-such-daemon"], "`./no-such-daemon` is no target")]
#[case::no_program(&["run", "--target", "scenarios/b.yaml"], "it is not executable")]
#[case::no_profile(&["run", "--profile", "no.yaml"], "there is no profile `no.yaml`")]
#[case::no_report(&["run", "--report-json", "scenarios"], "cannot write to `scenarios`")]
fn usage_is_2(#[case] args: &[&str], #[case] says: &str) {
    lab()
        .daemonlab(args)
        .assert()
        .code(2)
        .stdout("")
        .stderr(contains(says));
}

#[test]
fn no_scenarios_here_is_2() {
    let lab = Lab::new(&[]);
    lab.daemonlab(&["run"])
        .assert()
        .code(2)
        .stderr(contains("there is no folder `scenarios` here").and(contains("= help:")));
}

#[rstest]
#[case::unknown_key("version: 1\nstepps: []\n", "stepps")]
#[case::duplicate_key("version: 1\nversion: 1\nsteps: []\n", "version")]
#[case::not_yaml("version: [1\n", "bad.yaml:")]
#[case::asserts_nothing(
    "version: 1\nsteps:\n  - launch: {id: a, command: [x], background: true}\n",
    "bad.yaml:"
)]
#[case::empty("", "bad.yaml")]
fn an_invalid_file_is_3(#[case] text: &str, #[case] says: &str) {
    let lab = lab();
    lab.write("scenarios/bad.yaml", text);
    for command in ["run", "list"] {
        lab.daemonlab(&[command])
            .assert()
            .code(3)
            .stdout("")
            .stderr(contains(says).and(contains("scenarios/bad.yaml")));
    }
    // Nothing of it counts, whatever is filtered.
    lab.daemonlab(&["list", "--exact", "scenarios/b.yaml"])
        .assert()
        .code(3);
}

#[test]
fn every_invalid_file_is_told() {
    let lab = lab();
    lab.write("scenarios/bad.yaml", "version: 1\n");
    lab.write("scenarios/worse.yaml", "version: 2\n");
    lab.daemonlab(&["run"])
        .assert()
        .code(3)
        .stderr(contains("scenarios/bad.yaml").and(contains("scenarios/worse.yaml")));
}

#[rstest]
#[case::syntax("version: 1\n", "deviations")]
#[case::no_such_case(
    "version: 1\ndeviations: [{case: b.yaml::no, reason: r, shows: s}]\n",
    "there is no case `b.yaml::no`"
)]
fn an_invalid_profile_is_3(#[case] text: &str, #[case] says: &str) {
    let lab = lab();
    lab.write("profile.yaml", text);
    lab.daemonlab(&["run", "--profile", "profile.yaml"])
        .assert()
        .code(3)
        .stderr(contains(says).and(contains("profile.yaml:")));
}

#[rstest]
#[case::filter(&["--filter", "nothing"], "`daemonlab list` shows the cases")]
#[case::exact(&["--exact", "scenarios/several.yaml::too"], "did you mean `--exact 'scenarios/several.yaml::two'`")]
#[case::tag(&["--tag", "slow"], "none of the 4 cases in `scenarios` was selected")]
#[case::skip(&["--skip", "scenarios"], "none of the 4 cases")]
fn nothing_selected_is_4(#[case] args: &[&str], #[case] says: &str) {
    for command in ["run", "list"] {
        let args = [&[command], args].concat();
        lab()
            .daemonlab(&args)
            .assert()
            .code(4)
            .stdout("")
            .stderr(contains(says));
    }
}

#[test]
fn a_folder_without_scenarios_is_4() {
    let lab = Lab::new(&[("scenarios/notes.md", "")]);
    lab.daemonlab(&["run"])
        .assert()
        .code(4)
        .stderr(contains("there is no scenario file in `scenarios`"));
}

const ALL: [&str; 4] = [
    "scenarios/a/passes.yaml",
    "scenarios/b.yaml",
    "scenarios/several.yaml::one",
    "scenarios/several.yaml::two",
];

#[rstest]
#[case::all(&[], &[0, 1, 2, 3])]
#[case::folder(&["scenarios/a"], &[0])]
#[case::dotted(&["./scenarios/a/../b.yaml"], &[])]
#[case::files(&["scenarios/b.yaml", "./scenarios/a/"], &[0, 1])]
#[case::filter(&["-f", "e"], &[0, 1, 2, 3])]
#[case::filters(&["-f", "b.yaml", "-f", "::one"], &[1, 2])]
#[case::both(&["-f", "several", "--skip", "one"], &[3])]
#[case::exact(&["--exact", "scenarios/several.yaml::two", "--exact", "scenarios/b.yaml"], &[1, 3])]
#[case::tag(&["--tag", "quick"], &[0])]
fn list_shows_what_is_selected(#[case] args: &[&str], #[case] expected: &[usize]) {
    let args = [&["list"], args].concat();
    let mut ids: Vec<&str> = expected.iter().map(|i| ALL[*i]).collect();
    if ids.is_empty() {
        ids.push("scenarios/a/../b.yaml");
    }
    lab()
        .daemonlab(&args)
        .assert()
        .code(0)
        .stdout(ids.join("\n") + "\n");
}

#[test]
fn variables_stand_for_flags() {
    lab()
        .daemonlab(&["list"])
        .env("DAEMONLAB_TAG", "quick")
        .assert()
        .stdout("scenarios/a/passes.yaml\n");
}

#[test]
fn list_as_json_is_a_case_a_line() {
    let output = lab()
        .daemonlab(&["list", "--format", "json"])
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("it is UTF-8");
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["id"], ALL[0]);
    assert_eq!(lines[0]["tags"], serde_json::json!(["quick"]));
    assert_eq!(lines[3]["line"], 4);
    assert_eq!(lines[3]["file"], "scenarios/several.yaml");
    assert_eq!(lines[3]["requires"], serde_json::json!(["userns"]));
}

#[test]
fn list_as_a_table_has_columns_of_one_width() {
    let output = lab()
        .daemonlab(&["list", "--format=table"])
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("it is UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "ID                           REQUIRES  TAGS   WHERE",
            "scenarios/a/passes.yaml      userns    quick  scenarios/a/passes.yaml:1",
        ]
    );
    assert_eq!(lines.len(), 5);
}
