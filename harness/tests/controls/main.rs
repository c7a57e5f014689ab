//! Negative controls: the packs fail on daemons that are wrong, and only where
//! they are wrong.
//!
//! Each broken daemon is `labd` on a kernel that lies in one way (see
//! [`flawed`]). This executable is the broken daemon as well, under the name
//! `wrongd-FLAW`; `ci/mutate` runs it as each of the [`mutant`]s, too. For each
//! flaw the pack of its subject is run against it, and exactly the cases of [`expected`] must be red.

mod commute;
mod expected;
mod flawed;
mod flaws;
mod lies;
mod mutant;
mod object;
mod order;

use std::collections::BTreeMap;
use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use assert_cmd::Command;
use expected::{CONTROLS, Control};
use flawed::Flawed;
use flaws::Flaw;
use libtest_mimic::{Arguments, Failed, Trial};
use mutant::Mutant;
use nix::sys::signal::{SigHandler, Signal, signal};

const PREFIX: &str = "wrongd-";

fn main() -> ExitCode {
    if let Some(name) = name_of_this_daemon() {
        return broken_daemon(&name);
    }
    let mut arguments = Arguments::from_args();
    // A case that is red mostly waits.
    arguments.test_threads = arguments.test_threads.or(Some(6));
    let trials = CONTROLS
        .iter()
        .map(|control| {
            let name = format!("{}::{}", control.pack, control.flaw.name());
            Trial::test(name, move || check(control))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What comes after the prefix, if this is to be a broken daemon.
fn name_of_this_daemon() -> Option<String> {
    let program = std::env::args_os().next()?;
    let name = Path::new(&program).file_name()?.to_str()?;
    Some(name.strip_prefix(PREFIX)?.to_owned())
}

fn broken_daemon(name: &str) -> ExitCode {
    let args = std::env::args_os();
    if let Some(mutant) = Mutant::named(name) {
        // As a program begins that is not written in Rust, whose runtime does
        // the daemonizer's work.
        // SAFETY: no other thread runs, and no handler is set.
        let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
        return daemonlab_harness::labd::run(mutant, args);
    }
    let flaw = Flaw::named(name).unwrap_or_else(|| panic!("there is no flaw {name:?}"));
    lies::before(flaw);
    let status = daemonlab_harness::labd::run(Flawed::new(flaw), args);
    match flaw {
        Flaw::RefusesWithZero => ExitCode::SUCCESS,
        _ => status,
    }
}

/// Runs the control's pack against its broken daemon and compares the red cases.
fn check(control: &Control) -> Result<(), Failed> {
    let folder = tempfile::Builder::new()
        .prefix("daemonlab-control")
        .tempdir()?;
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
    let target = folder
        .path()
        .join(format!("{PREFIX}{}", control.flaw.name()));
    let this = std::env::current_exe()?;
    if std::fs::hard_link(&this, &target).is_err() {
        // Another process writes the copy: what this one holds open for writing
        // while it forks cannot be executed (ETXTBSY of execve(2)).
        Command::new("cp").arg(&this).arg(&target).unwrap();
    }
    let report = folder.path().join("run.jsonl");

    let output = Command::new(env!("CARGO_BIN_EXE_daemonlab"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args([
            "run",
            &format!("scenarios/{}", control.pack),
            "--require",
            "all",
        ])
        .arg("--target")
        .arg(&target)
        .arg("--report-json")
        .arg(&report)
        .output()?;

    let cases = cases(&report, control.pack)
        .map_err(|error| format!("{error}\n{}", String::from_utf8_lossy(&output.stderr)))?;
    let wrong = |wrong: bool| -> Vec<&str> {
        let cases = cases.iter();
        let cases = cases.filter(|(id, red)| **red == wrong && covers(control.red, id) != wrong);
        cases.map(|(id, _)| id.as_str()).collect()
    };
    let (wrongly_green, wrongly_red) = (wrong(false), wrong(true));
    let unknown: Vec<_> = control
        .red
        .iter()
        .filter(|entry| !cases.keys().any(|id| covers(&[entry], id)))
        .collect();
    if wrongly_green.is_empty() && wrongly_red.is_empty() && unknown.is_empty() {
        return Ok(());
    }
    Err(format!(
        "wrongly green: {wrongly_green:?}\nwrongly red: {wrongly_red:?}\nno such case: {unknown:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}

/// Whether a case is among `entries`. An entry that ends in `*` stands for all
/// that begin so.
fn covers(entries: &[&str], id: &str) -> bool {
    entries.iter().any(|entry| match entry.strip_suffix('*') {
        Some(start) => id.starts_with(start),
        None => *entry == id,
    })
}

/// The ids, within the pack, of the cases that ran, and whether each failed.
fn cases(report: &Path, pack: &str) -> Result<BTreeMap<String, bool>, Box<dyn Error>> {
    let mut cases = BTreeMap::new();
    let mut finished = false;
    for line in std::fs::read_to_string(report)?.lines() {
        let event: serde_json::Value = serde_json::from_str(line)?;
        finished |= event["event"] == "run-finished";
        if event["event"] != "case-finished" {
            continue;
        }
        let id = event["id"]
            .as_str()
            .ok_or("a finished case without an id")?;
        let red = match event["verdict"].as_str() {
            Some("passed") => false,
            Some("failed") => true,
            other => return Err(format!("{id} ended as {other:?}").into()),
        };
        let within = id.strip_prefix(&format!("scenarios/{pack}/"));
        cases.insert(within.unwrap_or(id).to_owned(), red);
    }
    if finished {
        Ok(cases)
    } else {
        Err("the run did not finish".into())
    }
}
