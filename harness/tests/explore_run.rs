//! `run --explore` with real processes: a regression check for CI.

mod c_programs;
mod cli_common;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use assert_cmd::assert::Assert;
use cli_common::Lab;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::prelude::*;
use predicates::str::contains;

/// The launcher ends well, and the PID file is good then.
const READY: &str = r#"version: 1
steps:
  - launch: {id: start, command: ["${target}"], expect: {exit: 0}}
  - adopt: {id: daemon, from: {pid-file: /run/d.pid}, within: 0s, expect: {alive: true}}
"#;

const SAVED: &str = "target/daemonlab/a.yaml.schedule";

/// A start whose launcher handles the signal too late, or its correction.
fn lab(defines: &[&str]) -> Lab {
    let lab = Lab::new(&[("a.yaml", READY)]);
    compile(&lab, "late_handler", defines);
    lab
}

fn compile(lab: &Lab, name: &str, defines: &[&str]) {
    let source = format!("explore_races/programs/{name}.c");
    c_programs::compile(source, &lab.path("program"), defines);
}

fn run(lab: &Lab, args: &[&str]) -> Assert {
    let mut all = vec!["run", "--target", "./program"];
    all.extend(args);
    lab.daemonlab(&all).assert()
}

#[test]
fn a_race_that_the_usual_order_hides_is_shown_saved_and_replayed() {
    let lab = lab(&[]);
    run(&lab, &["--explore=1", "a.yaml"])
        .code(1)
        .stdout(contains("expected 0, got nothing"))
        .stdout(contains("shrunk from"))
        .stdout(contains("is waitable: killed by SIGUSR1"))
        .stdout(contains("the order that matters:"))
        .stdout(contains(format!("daemonlab replay {SAVED}")))
        .stdout(contains(
            "a.yaml --target ./program --explore=1 --exact 'a.yaml'",
        ))
        .stdout(contains("0 passed, 1 failed, 0 skipped"));
    lab.daemonlab(&["replay", "--times", "5", SAVED])
        .assert()
        .code(1)
        .stdout(contains("reproduced 5 of 5 times"));
}

/// What is told does not depend on how many parts of the search are explored at a
/// time; `explore_jobs` has more of that.
#[test]
fn jobs_change_nothing_but_the_time() {
    let lab = lab(&[]);
    let told = |jobs: &str| {
        let flags = ["explore", "--target", "./program", "--runs", "60"];
        let mut explore = lab.daemonlab(&[&flags[..], &["--jobs", jobs, "a.yaml"]].concat());
        let output = explore.output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("it is text");
        let untimed = regex::Regex::new(r" (in|after) [0-9.]+ s\b").expect("it is one");
        (
            output.status.code(),
            untimed.replace_all(&text, "").into_owned(),
        )
    };
    let alone = told("1");
    assert!(alone.1.contains("a.yaml"), "{alone:?}");
    for jobs in ["2", "8"] {
        assert_eq!(told(jobs), alone, "{jobs} jobs");
    }
}

#[test]
fn what_holds_says_that_nothing_is_left() {
    let lab = lab(&["-DFIXED"]);
    run(&lab, &["--explore", "a.yaml"]).success().stdout(
        contains("a.yaml: all ")
            .and(contains(" schedules with at most 2 preemptions"))
            .and(contains("there are more").not()),
    );
    assert!(!lab.path(SAVED).exists(), "nothing failed");
}

#[test]
fn a_budget_that_is_used_up_is_said() {
    let lab = lab(&["-DFIXED"]);
    let args = ["--explore", "--explore-runs", "2", "a.yaml"];
    run(&lab, &args).success().stdout(contains(
        "a.yaml: 2 schedules with at most 2 preemptions; there are more, the budget is used up",
    ));
    // The schedule at hand is tried to its end.
    let args = ["--explore", "--explore-for", "1ms", "a.yaml"];
    run(&lab, &args).success().stdout(contains(
        "a.yaml: 1 schedule with at most 2 preemptions; there are more, the time is used up",
    ));
    run(&lab, &["--explore-runs", "2", "a.yaml"])
        .code(2)
        .stderr(contains("--explore"));
}

#[test]
fn every_report_has_the_verdict_and_how_far_it_went() {
    for (defines, status, says) in [(&[][..], 1, SAVED), (&["-DFIXED"][..], 0, "preemptions")] {
        let lab = lab(defines);
        let reports = ["j.jsonl", "j.xml", "j.tap", "j.md"];
        let mut args = vec!["--explore", "a.yaml"];
        let flags = ["json", "junit", "tap", "markdown"].map(|name| format!("--report-{name}"));
        for (flag, file) in flags.iter().zip(reports) {
            args.extend([flag.as_str(), file]);
        }
        run(&lab, &args).code(status);
        for file in reports {
            let text = lab.read(file);
            assert!(text.contains(says), "{file}: {text}");
            assert!(text.contains("explor") || text.contains("Explor"), "{file}");
        }
        let json = lab.read("j.jsonl");
        assert!(json.contains(r#""event":"exploring","id":"a.yaml","schedules":1,"most":200"#));
    }
}

/// Each part explores its own cases, and together they explore all.
#[test]
fn a_partition_shares_the_cases_out() {
    let lab = lab(&["-DFIXED"]);
    for name in ["b.yaml", "c.yaml"] {
        lab.write(name, READY);
    }
    let mut seen = Vec::new();
    for part in ["slice:1/2", "slice:2/2"] {
        let args = [
            "--explore",
            "--partition",
            part,
            "a.yaml",
            "b.yaml",
            "c.yaml",
        ];
        let output = run(&lab, &args).success().get_output().stdout.clone();
        let text = String::from_utf8(output).expect("it is text");
        let passed = text.lines().filter(|line| line.contains("PASS"));
        let ids = passed.filter_map(|line| {
            let id = line
                .split_whitespace()
                .find(|word| word.contains(".yaml:"))?;
            Some(id.trim_end_matches(':').to_owned())
        });
        seen.extend(ids);
    }
    seen.sort();
    assert_eq!(seen, ["a.yaml", "b.yaml", "c.yaml"]);
}

/// A profile that declares the failure makes it one that is expected.
#[test]
fn a_declared_race_deviates_and_one_that_is_gone_is_told() {
    let profile = "version: 1
deviations:
  - {case: a.yaml, reason: its handler comes too late, shows: 'expected 0, got nothing'}
";
    for (defines, status, says) in [
        (&[][..], 0, "DEVIATES"),
        (&["-DFIXED"][..], 1, "declares that it fails"),
    ] {
        let lab = lab(defines);
        lab.write("p.yaml", profile);
        run(&lab, &["--explore", "--profile", "p.yaml", "a.yaml"])
            .code(status)
            .stdout(contains(says));
    }
}

/// The case that is explored is cut short, says how far it was, and nothing of
/// it is left.
#[test]
fn an_interrupt_ends_it_with_its_reports() {
    let lab = Lab::new(&[("a.yaml", READY)]);
    // A program that takes its time in every schedule.
    lab.write(
        "slow.c",
        "#include <unistd.h>
int main(void) { for (int i = 0; i < 9; i++) { if (!fork()) _exit(0); usleep(50000); } pause(); }",
    );
    c_programs::compile(lab.path("slow.c"), &lab.path("program"), &[]);
    let log = lab.path("j.jsonl");
    let args = ["run", "--target", "./program", "--explore", "a.yaml"];
    let mut command = lab.plain(&[&args[..], &["--report-json", "j.jsonl"]].concat());
    let mut child = command.stdout(Stdio::null()).spawn().expect("it starts");
    let began = Instant::now();
    while !fs::read_to_string(&log).is_ok_and(|text| text.contains("case-started")) {
        assert!(began.elapsed() < Duration::from_secs(60), "it never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = i32::try_from(child.id()).expect("PIDs fit");
    kill(Pid::from_raw(pid), Signal::SIGINT).expect("it still runs");
    assert_eq!(child.wait().expect("it is our child").code(), Some(130));
    let text = lab.read("j.jsonl");
    assert!(text.contains(r#""verdict":"cut-short""#), "{text}");
    assert!(text.contains(r#""event":"run-finished""#), "{text}");
}

/// Executions share a network as long as nobody has opened a socket in it.
#[test]
fn no_execution_finds_the_ports_of_another_taken() {
    let lab = Lab::new(&[(
        "a.yaml",
        "version: 1\nsteps:\n  - launch: {id: start, command: [\"${target}\"], expect: {exit: 0}}\n",
    )]);
    compile(&lab, "leaves_a_port", &[]);
    let args = ["explore", "--strategy", "random", "--runs", "6"];
    let args = [&args[..], &["--target", "./program", "a.yaml"]].concat();
    lab.daemonlab(&args)
        .assert()
        .success()
        .stdout(contains("1 held, 0 broken"));
}

/// Whose calls are not seen has no order that could be chosen: that holds nothing.
#[test]
fn a_program_whose_calls_are_not_seen_is_not_explored() {
    let lab = Lab::new(&[(
        "a.yaml",
        "version: 1\nsteps:\n  - launch: {id: a, command: [\"${target}\", unseen], expect: {exit: 0}}\n",
    )]);
    c_programs::compile("tracer/programs/ways.c", &lab.path("program"), &[]);
    let natively = std::process::Command::new(lab.path("program"))
        .arg("unseen")
        .status();
    let mut explored =
        lab.daemonlab(&["explore", "--target", "./program", "--runs", "3", "a.yaml"]);
    match natively.expect("it was compiled").success() {
        true => explored
            .assert()
            .code(70)
            .stdout(contains("makes calls by the numbering of another machine"))
            .stdout(contains("1 not explored")),
        // A kernel without 32-bit programs kills it.
        false => explored.assert().code(1).stdout(contains("1 broken")),
    };
}
