//! What `daemonlab run` does and says.

mod cli_common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use cli_common::{FAILS, Lab, PASSES, THREE, executable};
use predicates::prelude::*;
use predicates::str::{contains, ends_with};
use rstest::rstest;
use serde_json::Value;

#[test]
fn all_green_is_0() {
    let lab = Lab::new(&[("scenarios/a.yaml", PASSES)]);
    lab.daemonlab(&["run"])
        .assert()
        .code(0)
        .stdout(
            contains("    Starting 1 case from 1 file")
                .and(contains("        PASS ["))
                .and(contains("(1/1) scenarios/a.yaml\n"))
                .and(contains("hello").not())
                .and(ends_with("\n1 passed, 0 failed, 0 skipped\n")),
        )
        .stderr("");
}

#[test]
fn a_failure_is_1_and_shows_everything() {
    let lab = Lab::new(&[("scenarios/a.yaml", PASSES), ("scenarios/b.yaml", FAILS)]);
    let shown = contains("        FAIL [")
        .and(contains("scenarios/b.yaml:3:"))
        .and(contains("^"))
        .and(contains("expected 0, got 3"))
        .and(contains("launch `demo` (PID "))
        .and(contains("): exited 3 after "))
        .and(contains("from-stdout"))
        .and(contains("from-stderr"))
        .and(contains(
            "rerun: daemonlab run scenarios/b.yaml --exact 'scenarios/b.yaml'",
        ))
        .and(ends_with("\n1 passed, 1 failed, 0 skipped\n"));
    let assert = lab
        .daemonlab(&["run", "--color", "never"])
        .assert()
        .code(1)
        .stdout(shown);
    let text = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    let (before, after) = text.split_once("Summary").expect("there is a summary");
    assert!(before.contains("from-stderr"), "at once: {text}");
    assert!(after.contains("from-stderr"), "and at the end: {text}");
}

#[rstest]
#[case::never("never", false)]
#[case::auto_in_a_pipe("auto", false)]
#[case::always("always", true)]
fn colours_are_as_asked(#[case] when: &str, #[case] coloured: bool) {
    let lab = Lab::new(&[("scenarios/b.yaml", FAILS)]);
    let output = lab
        .daemonlab(&["run", "--color", when])
        .output()
        .expect("it runs");
    assert_eq!(output.stdout.contains(&0x1b), coloured);
}

#[test]
fn filters_leave_the_rest_out() {
    let lab = Lab::new(&[("scenarios/three.yaml", THREE)]);
    lab.daemonlab(&["run", "--skip", "two", "-j", "1"])
        .assert()
        .code(0)
        .stdout(
            contains("Starting 2 cases from 1 file on 1 job, 1 filtered out")
                .and(contains("::two").not())
                .and(ends_with("\n2 passed, 0 failed, 0 skipped\n")),
        );
}

#[rstest]
#[case("1")]
#[case("4")]
fn any_number_of_jobs_gives_the_same_verdicts(#[case] jobs: &str) {
    let lab = Lab::new(&[("scenarios/a.yaml", THREE), ("scenarios/b.yaml", THREE)]);
    lab.daemonlab(&["run", "-j", jobs])
        .assert()
        .code(1)
        .stdout(contains("(6/6)").and(ends_with("\n4 passed, 2 failed, 0 skipped\n")));
}

#[test]
fn the_target_is_bound_wherever_it_lies() {
    let lab = Lab::new(&[(
        "scenarios/a.yaml",
        "version: 1\nsteps:\n  - launch: {id: demo, command: [\"${target}\"], expect: {exit: 0, stdout: {starts-with: mine}}}\n",
    )]);
    lab.write("bin/server", "#!/bin/sh\necho mine $0\n");
    let server = lab.path("bin/server");
    fs::set_permissions(&server, fs::Permissions::from_mode(0o755)).expect("it is ours");
    lab.daemonlab(&["run", "--target", "bin/server"])
        .assert()
        .code(0);
    lab.daemonlab(&["run", "--target", "server"])
        .env("PATH", server.parent().expect("it has a folder"))
        .assert()
        .code(0);
}

#[test]
fn what_runs_a_case_again_names_the_target() {
    let lab = Lab::new(&[(
        "scenarios/a.yaml",
        "version: 1\nsteps:\n  - launch: {id: demo, command: [\"${target}\"], expect: {exit: 0}}\n",
    )]);
    lab.daemonlab(&["run", "--target", "false"])
        .assert()
        .code(1)
        .stdout(contains(
            "rerun: daemonlab run scenarios/a.yaml --target false --exact 'scenarios/a.yaml'\n",
        ));
}

#[test]
fn a_timeout_says_what_was_waited_for() {
    let lab = Lab::new(&[("scenarios/a.yaml", cli_common::LASTS)]);
    lab.daemonlab(&["run", "--timeout", "300ms"])
        .assert()
        .code(1)
        .stdout(
            contains("     TIMEOUT [")
                .and(contains("launch `demo`"))
                .and(contains("still runs after"))
                .and(contains(
                    "the case's time, 300ms, was over while it waited for this",
                ))
                .and(contains("/bin/sleep 61")),
        );
}

fn profile(shows: &str) -> String {
    format!(
        "version: 1\ndeviations:\n  - {{case: 'three.yaml::two', reason: it is so, shows: '{shows}'}}\n"
    )
}

#[test]
fn a_declared_failure_is_no_failure() {
    let lab = Lab::new(&[
        ("scenarios/three.yaml", THREE),
        ("profile.yaml", &profile("expected 1, got 0")),
    ]);
    lab.daemonlab(&["run", "--profile", "profile.yaml"])
        .assert()
        .code(0)
        .stdout(
            contains("    DEVIATES [")
                .and(contains("scenarios/three.yaml::two: it is so"))
                .and(contains("(1 of them deviates as declared)"))
                .and(ends_with("\n3 passed, 0 failed, 0 skipped\n")),
        );
}

#[test]
fn a_failure_for_another_reason_is_one() {
    let lab = Lab::new(&[
        ("scenarios/three.yaml", THREE),
        ("profile.yaml", &profile("got 7")),
    ]);
    lab.daemonlab(&["run", "--profile", "profile.yaml"])
        .assert()
        .code(1)
        .stdout(
            contains("profile.yaml:3:12 declares a failure that shows `got 7`").and(contains(
                "rerun: daemonlab run scenarios/three.yaml --profile profile.yaml --exact",
            )),
        );
}

#[test]
fn a_declared_failure_that_passes_is_one() {
    let lab = Lab::new(&[
        (
            "scenarios/three.yaml",
            &THREE.replace("status: 1", "status: 0"),
        ),
        ("profile.yaml", &profile("got 0")),
    ]);
    lab.daemonlab(&["run", "--profile", "profile.yaml"])
        .assert()
        .code(1)
        .stdout(
            contains("  UNEXPECTED [")
                .and(contains(
                    "profile.yaml:3:12 declares that it fails: it is so",
                ))
                .and(ends_with("\n2 passed, 1 failed, 0 skipped\n")),
        );
}

const NEEDS_SUBUID: &str = "\
version: 1
requires: [subuid]
steps:
  - launch: {id: demo, command: [/bin/true], expect: {exit: 0}}
";

/// `daemonlab` as a user who has no subordinate ids.
fn without_subuid(lab: &Lab, args: &[&str]) -> assert_cmd::Command {
    let mut command = lab.plain(args);
    if nix::unistd::geteuid().is_root() {
        // The executable and the folder may lie where only root can look.
        let copy = lab.path("daemonlab");
        if !copy.exists() {
            cli_common::copy_program(executable(), &copy);
        }
        let everybody = fs::Permissions::from_mode(0o777);
        fs::set_permissions(lab.path("."), everybody).expect("it is ours");
        command = std::process::Command::new(copy);
        command.args(args).current_dir(lab.path(".")).env_clear();
        command.uid(NOBODY).gid(NOBODY);
    }
    // An ordinary user may have them; newuidmap is not found then.
    command.env("PATH", "/nonexistent");
    assert_cmd::Command::from_std(command)
}

const NOBODY: u32 = 65534;

#[test]
fn what_is_missing_is_skipped_with_its_reason() {
    let lab = Lab::new(&[
        ("scenarios/a.yaml", PASSES),
        ("scenarios/b.yaml", NEEDS_SUBUID),
    ]);
    without_subuid(&lab, &["run"]).assert().code(0).stdout(
        contains("        SKIP [         ] ")
            .and(contains("scenarios/b.yaml: requires `subuid`: "))
            .and(ends_with("\n1 passed, 0 failed, 1 skipped\n")),
    );
}

#[rstest]
#[case::named("subuid")]
#[case::among_others("userns,subuid")]
#[case::all("all")]
fn what_is_required_and_missing_is_5(#[case] require: &str) {
    let lab = Lab::new(&[
        ("scenarios/a.yaml", PASSES),
        ("scenarios/b.yaml", NEEDS_SUBUID),
    ]);
    without_subuid(&lab, &["run", "--require", require])
        .assert()
        .code(5)
        .stdout(
            contains("     MISSING [         ] ")
                .and(contains("it requires `subuid`, which is missing here: "))
                .and(contains("= help: "))
                .and(ends_with("\n1 passed, 1 failed, 0 skipped\n")),
        );
}

#[test]
fn a_run_that_skipped_everything_is_5() {
    let lab = Lab::new(&[("scenarios/b.yaml", NEEDS_SUBUID)]);
    without_subuid(&lab, &["run"])
        .assert()
        .code(5)
        .stdout(ends_with("\n0 passed, 0 failed, 1 skipped\n"));
}

/// `daemonlab` where no user namespace can be made at all.
fn without_userns(lab: &Lab, args: &str) -> assert_cmd::Command {
    let script = format!(
        "echo 0 > /proc/sys/user/max_user_namespaces && exec {} {args}",
        executable().display()
    );
    let mut command = assert_cmd::Command::new("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", &script]);
    command
        .current_dir(lab.path("."))
        .env_remove("DAEMONLAB_REQUIRE");
    command
}

#[test]
fn without_user_namespaces_nothing_runs_and_that_is_5() {
    let lab = Lab::new(&[("scenarios/a.yaml", PASSES)]);
    without_userns(&lab, "run").assert().code(5).stdout(
        contains("scenarios/a.yaml: requires `userns`: S1 ")
            .and(contains("ENOSPC"))
            .and(ends_with("\n0 passed, 0 failed, 1 skipped\n")),
    );
    without_userns(&lab, "run --require userns")
        .assert()
        .code(5)
        .stdout(
            contains("it requires `userns`, which is missing here: S1 ")
                .and(contains("= evidence: "))
                .and(contains("= help: sudo sysctl -w user.max_user_namespaces="))
                .and(ends_with("\n0 passed, 1 failed, 0 skipped\n")),
        );
    without_userns(&lab, "doctor --require userns")
        .assert()
        .code(5);
}

#[test]
fn doctor_says_what_is_missing_and_what_to_do() {
    let lab = Lab::new(&[]);
    without_subuid(&lab, &["doctor"]).assert().code(5).stdout(
        contains("      FAILED ")
            .and(contains("     missing subuid"))
            .and(contains("       there userns"))
            .and(contains("               remedy  ")),
    );
    without_subuid(&lab, &["doctor", "--require", "userns"])
        .assert()
        .code(0);
    let output = without_subuid(&lab, &["doctor", "--json"])
        .output()
        .expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(report["format"], 1);
    assert_eq!(report["missing"], serde_json::json!(["subuid"]));
    let stages = report["stages"].as_array().expect("it is a list");
    assert!(
        stages
            .iter()
            .any(|stage| stage["outcome"] == "failed" && stage["remedy"] != "")
    );
}

#[test]
fn doctor_is_0_where_everything_is_there() {
    let lab = Lab::new(&[]);
    lab.daemonlab(&["doctor"])
        .assert()
        .code(0)
        .stdout(contains("missing").not());
}
