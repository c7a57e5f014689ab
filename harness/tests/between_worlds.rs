//! A schedule that was found in one world is run in the other.

mod cli_common;

use cli_common::Lab;

/// The launcher of `labd` does not wait for readiness unless it is told to.
const LISTENS: &str = r#"
version: 1
files:
  - path: /run/lab.yaml
    content: |
      version: 1
      pid_file: /run/lab.pid
steps:
  - launch: {id: start, command: ["${target}", -d, -c, /run/lab.yaml], expect: {exit: 0}}
  - check: {socket: "127.0.0.1:8080", within: 0s, expect: {listening: true}}
"#;

const SCHEDULE: &str = "target/daemonlab/s.yaml.common.schedule";

fn said(lab: &Lab, args: &[&str]) -> (Option<i32>, String) {
    let output = lab.daemonlab(args).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    (output.status.code(), format!("{text}{errors}"))
}

fn found_in_the_simulation() -> Lab {
    let lab = Lab::new(&[("s.yaml", LISTENS)]);
    let (status, text) = said(&lab, &["run", "--world", "sim", "--explore", "s.yaml"]);
    assert_eq!(status, Some(1), "{text}");
    let line = format!("= replay: daemonlab replay --world real {SCHEDULE}");
    assert!(text.contains(&line), "{text}");
    lab
}

#[test]
fn what_the_simulation_finds_breaks_the_real_program() {
    let lab = found_in_the_simulation();
    let real = ["replay", "--world", "real", "--times", "10", SCHEDULE];
    let (status, text) = said(&lab, &real);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("reproduced 10 of 10 times"), "{text}");
    assert!(!text.contains("went another way"), "{text}");
    // As it was found, where nothing else is said.
    let (_, text) = said(&lab, &["replay", SCHEDULE]);
    assert!(text.contains("reproduced 1 of 1 times"), "{text}");
}

#[test]
fn what_the_real_program_shows_breaks_the_simulation() {
    let lab = Lab::new(&[("s.yaml", LISTENS)]);
    let explore = ["explore", "--target", "labd", "--runs", "100", "s.yaml"];
    let (status, text) = said(&lab, &explore);
    assert_eq!(status, Some(1), "{text}");
    let line = format!("in the simulated world: daemonlab replay --world sim {SCHEDULE}");
    assert!(text.contains(&line), "{text}");
    let both = ["replay", "--world", "both", "--times", "5", SCHEDULE];
    let (status, text) = said(&lab, &both);
    assert_eq!(status, Some(1), "{text}");
    assert_eq!(text.matches("reproduced 5 of 5 times").count(), 2, "{text}");
    assert!(!text.contains("went another way"), "{text}");
}

#[test]
fn a_divergence_says_which_call_was_expected_and_which_came() {
    let lab = found_in_the_simulation();
    let text = lab.read(SCHEDULE);
    let lines = text
        .lines()
        .map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            ["0.1.1", "1", ..] => "0.1.1 1 chdir(\"/elsewhere\")",
            _ => line,
        });
    let other: Vec<&str> = lines.collect();
    std::fs::write(lab.path("other"), other.join("\n") + "\n").expect("it can be written");
    for world in ["sim", "real"] {
        let (_, text) = said(&lab, &["replay", "--world", world, "other"]);
        assert!(text.contains("went another way"), "{text}");
        let expected = "expected: 0.1.1 1 chdir(\"/elsewhere\")\n";
        assert!(text.contains(expected), "{text}");
        let mut lines = text.lines();
        let got = lines.find(|line| line.trim_start().starts_with("got:"));
        let came = "0.1.1 1 write(5, 7 bytes)";
        assert!(got.is_some_and(|got| got.contains(came)), "{text}");
    }
}

#[test]
fn a_schedule_of_the_real_world_alone_says_which_one_is_for_both() {
    let lab = Lab::new(&[("s.yaml", LISTENS)]);
    said(
        &lab,
        &["explore", "--target", "labd", "--runs", "100", "s.yaml"],
    );
    let alone = [
        "replay",
        "--world",
        "sim",
        "target/daemonlab/s.yaml.schedule",
    ];
    let (status, text) = said(&lab, &alone);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains(".common.schedule"), "{text}");
}
