use std::os::unix::process::CommandExt;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};
use rstest::rstest;

use crate::instance::Instance;

#[test]
fn a_test_says_nothing_and_touches_nothing() {
    let instance = Instance::new("daemon: true");
    let mut command = instance.command(&["-t"]);
    command.env_remove("RUST_LOG");
    let test = assert_cmd::Command::from_std(command).assert();
    test.success().stdout(is_empty()).stderr(is_empty());
    assert_eq!(instance.files(), [""; 0]);
}

#[rstest]
#[case::no_version_2("version: 2", 78, "labd.yaml:5:1: duplicate mapping key `version`")]
#[case::zero(
    "daemon_ready_timeout_seconds: 0",
    78,
    "labd.yaml:5:31: the time must not be zero"
)]
#[case::lab("lab: {lisen: x}", 78, "labd.yaml:5:7: ")]
#[case::address("lab: {listen: nowhere}", 78, "`nowhere` is no address")]
#[case::nowhere("lab: {listen: []}", 78, "lab.listen: is empty")]
#[case::time("lab:\n  ready-after: soon", 78, "labd.yaml:6:")]
#[case::user("user: no-such-user-here", 67, "no-such-user-here")]
#[case::directory("working_directory: /no/such", 72, "/no/such")]
fn a_conf_file_that_is_wrong(#[case] extra: &str, #[case] code: i32, #[case] message: &str) {
    let instance = Instance::new(extra);
    for args in [&["-t"][..], &["-d"]] {
        instance.start(args).code(code).stderr(contains(message));
        assert_eq!(instance.left(), []);
        assert!(!instance.path("pid").exists());
    }
}

#[test]
fn an_unknown_key_is_a_warning_with_its_line() {
    let instance = Instance::new("threads: 3\ngrace_period_seconds: 1");
    let warning = contains("labd.yaml:5: unknown key `threads` is ignored");
    let known = contains("grace_period_seconds").not();
    instance.start(&["-t"]).success().stderr(warning.and(known));
}

#[test]
fn a_conf_file_that_is_missing() {
    let instance = Instance::new("");
    let missing = instance.start_on("missing.yaml", &["-d"]);
    missing.code(78).stderr(contains("missing.yaml"));
}

#[rstest]
#[case(&["--nonsense"], 64, "--nonsense")]
#[case(&["-c", "second.yaml"], 64, "--conf")]
fn a_command_line_that_is_wrong(#[case] args: &[&str], #[case] code: i32, #[case] message: &str) {
    let instance = Instance::new("");
    instance.start(args).code(code).stderr(contains(message));
}

#[test]
fn the_help_teaches() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_daemonlab"));
    command.arg0("/somewhere/labd").arg("--help");
    let help = assert_cmd::Command::from_std(command).assert().success();
    help.stdout(
        contains("Signals:")
            .and(contains("ready-after"))
            .and(contains("Try it:")),
    );
}
