//! Scenario files as tests: what `cargo test` and nextest get to see.
//!
//! This target has no harness of Rust's own either: called with a root, it is
//! the suite below that root; called without, it runs itself so and looks.

mod cli_common;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Output};

use cli_common::{FAILS, Lab, PASSES};
use daemonlab_harness::suite::{self, Suite};
use libtest_mimic::{Arguments, Trial};

const ROOT: &str = "DAEMONLAB_TEST_SUITE_ROOT";
const PROFILE: &str = "DAEMONLAB_TEST_SUITE_PROFILE";

fn main() -> ExitCode {
    // Before the variables are read: what a sandbox starts has none of them.
    if let Some(status) = suite::hook() {
        return status;
    }
    if let Some(package) = env::var_os(ROOT) {
        let suite = Suite::new(package, "scenarios");
        let suite = match env::var_os(PROFILE) {
            Some(profile) => suite.profile(profile),
            None => suite,
        };
        return suite::main(&suite);
    }
    let args = Arguments::from_args();
    let trials = TESTS.iter().map(|(name, test)| {
        Trial::test(*name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&args, trials.collect()).exit_code()
}

const TESTS: &[(&str, fn())] = &[
    ("each_case_is_a_test", each_case_is_a_test),
    ("filters_are_rusts_own", filters_are_rusts_own),
    ("a_failure_shows_everything", a_failure_shows_everything),
    ("what_is_missing_is_ignored", what_is_missing_is_ignored),
    (
        "what_is_required_and_missing_fails",
        what_is_required_and_missing_fails,
    ),
    ("a_declared_failure_passes", a_declared_failure_passes),
    ("mistakes_fail_the_target", mistakes_fail_the_target),
];

const THREE: &str = "\
version: 1
cases:
  - {name: one, status: 0}
  - {name: two, status: 1}
steps:
  - launch: {id: demo, command: [/bin/true], expect: {exit: \"${status}\"}}
";

const NEEDS_SUBUID: &str = "\
version: 1
requires: [subuid]
steps:
  - launch: {id: demo, command: [/bin/true], expect: {exit: 0}}
";

fn lab() -> Lab {
    Lab::new(&[
        ("scenarios/a/passes.yaml", PASSES),
        ("scenarios/b.yaml", FAILS),
        ("scenarios/three.yaml", THREE),
        ("scenarios/uid.yaml", NEEDS_SUBUID),
    ])
}

/// This executable as the suite of a lab.
fn suite_of(lab: &Lab, args: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().expect("it is there"));
    command.args(args).env_clear().env(ROOT, lab.path(""));
    command.env("PATH", env::var_os("PATH").unwrap_or_default());
    command
}

/// The same as a user who has no subordinate ids.
fn without_subuid(lab: &Lab, args: &[&str]) -> Command {
    let mut command = suite_of(lab, args);
    if nix::unistd::geteuid().is_root() {
        // The executable and the folder may lie where only root can look.
        let copy = lab.path("suite");
        if !copy.exists() {
            let executable = env::current_exe().expect("it is there");
            cli_common::copy_program(&executable, &copy);
        }
        let everybody = fs::Permissions::from_mode(0o777);
        fs::set_permissions(lab.path("."), everybody).expect("it is ours");
        command = Command::new(copy);
        command.args(args).env_clear().env(ROOT, lab.path(""));
        command.uid(65534).gid(65534);
    }
    // An ordinary user may have them; newuidmap is not found then.
    command.env("PATH", "/nonexistent");
    command
}

fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

fn each_case_is_a_test() {
    let lab = lab();
    let (code, stdout, stderr) = run(suite_of(&lab, &["--list", "--format", "terse"]));
    assert_eq!(
        stdout,
        "scenarios/a/passes.yaml: test\n\
         scenarios/b.yaml: test\n\
         scenarios/three.yaml::one: test\n\
         scenarios/three.yaml::two: test\n\
         scenarios/uid.yaml: test\n"
    );
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}

fn filters_are_rusts_own() {
    let lab = lab();
    for (args, counts) in [
        (
            &["--exact", "scenarios/three.yaml::one"][..],
            "1 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out",
        ),
        (
            &["passes"],
            "1 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out",
        ),
        (
            &["--skip", "b.yaml", "--skip", "two"],
            "3 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out",
        ),
        (
            &["nothing-is-called-so"],
            "0 passed; 0 failed; 0 ignored; 0 measured; 5 filtered out",
        ),
    ] {
        let (code, stdout, stderr) = run(suite_of(&lab, args));
        assert!(stdout.contains(counts), "{args:?}: {stdout}{stderr}");
        assert_eq!(code, Some(0), "{args:?}: {stdout}{stderr}");
    }
}

fn a_failure_shows_everything() {
    let lab = lab();
    let (code, stdout, _) = run(suite_of(&lab, &["--skip", "passes", "--skip", "uid"]));
    assert_eq!(code, Some(101), "{stdout}");
    for part in [
        "1 passed; 2 failed;",
        "scenarios/b.yaml:3:",
        "expected 0, got 3",
        "launch `demo` (PID ",
        "from-stderr",
        "rerun: cargo test -- --exact 'scenarios/three.yaml::two'",
    ] {
        assert!(stdout.contains(part), "{part}: {stdout}");
    }
    assert!(!stdout.contains('\x1b'), "no colours in a pipe: {stdout}");
}

fn what_is_missing_is_ignored() {
    let lab = lab();
    // As nextest asks for them.
    let list = ["--list", "--format", "terse", "--ignored"];
    let (_, stdout, stderr) = run(without_subuid(&lab, &list));
    assert_eq!(stdout, "scenarios/uid.yaml: test\n", "{stderr}");
    let (_, stdout, _) = run(suite_of(&lab, &list));
    assert_eq!(stdout, "", "nothing is missing here");

    let (code, stdout, stderr) = run(without_subuid(&lab, &["--skip", "b.yaml", "--skip", "two"]));
    assert!(
        stdout.contains("2 passed; 0 failed; 1 ignored;"),
        "{stdout}{stderr}"
    );
    assert!(
        stdout.contains("requires `subuid`: "),
        "the reason: {stdout}"
    );
    assert_eq!(code, Some(0));

    // Who asks for it gets it.
    let (code, stdout, _) = run(without_subuid(&lab, &["--ignored"]));
    assert!(
        stdout.contains("it requires `subuid`, which is missing here: "),
        "{stdout}"
    );
    assert_eq!(code, Some(101));
}

fn what_is_required_and_missing_fails() {
    let lab = lab();
    for require in ["subuid", "userns,subuid", "all"] {
        let mut command = without_subuid(&lab, &["uid.yaml"]);
        command.env("DAEMONLAB_REQUIRE", require);
        let (code, stdout, stderr) = run(command);
        assert!(
            stdout.contains("0 passed; 1 failed; 0 ignored;"),
            "{stdout}{stderr}"
        );
        assert!(stdout.contains("= help: "), "{stdout}");
        assert_eq!(code, Some(101));
    }
    let mut command = suite_of(&lab, &[]);
    command.env("DAEMONLAB_REQUIRE", "root");
    let (code, stdout, stderr) = run(command);
    assert!(
        stderr.contains("DAEMONLAB_REQUIRE names `root`"),
        "{stderr}"
    );
    assert_eq!((code, stdout.as_str()), (Some(101), ""));
}

fn a_declared_failure_passes() {
    let lab = lab();
    let profile = |case: &str| {
        format!("version: 1\ndeviations: [{{case: '{case}', reason: so, shows: got 0}}]\n")
    };
    for (case, filter, counts) in [
        ("three.yaml::two", "two", "1 passed; 0 failed;"),
        ("three.yaml::one", "::", "0 passed; 2 failed;"),
        ("b.yaml", "b.yaml", "0 passed; 1 failed;"),
    ] {
        lab.write("profile.yaml", &profile(case));
        let mut command = suite_of(&lab, &[filter]);
        command.env(PROFILE, OsString::from("profile.yaml"));
        let (_, stdout, stderr) = run(command);
        assert!(stdout.contains(counts), "{case}: {stdout}{stderr}");
    }
}

fn mistakes_fail_the_target() {
    let (code, stdout, stderr) = run(suite_of(&Lab::new(&[("scenarios/x.md", "")]), &[]));
    assert!(
        stderr.contains("there is no scenario file in `"),
        "{stderr}"
    );
    assert_eq!((code, stdout.as_str()), (Some(101), ""));

    let lab = lab();
    lab.write("scenarios/bad.yaml", "version: 1\nstepps: []\n");
    let (code, stdout, stderr) = run(suite_of(&lab, &["--list"]));
    assert!(stderr.contains("scenarios/bad.yaml:2:1"), "{stderr}");
    assert_eq!((code, stdout.as_str()), (Some(101), ""));
    // Only the file that is asked for is read.
    let (code, stdout, stderr) = run(suite_of(&lab, &["--exact", "scenarios/a/passes.yaml"]));
    assert_eq!(code, Some(0), "{stdout}{stderr}");
}
