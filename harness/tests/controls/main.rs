//! Negative controls: the packs fail on daemons that are wrong, and only where
//! they are wrong.
//!
//! Each broken daemon is `labd` on a kernel that lies in one way (see
//! [`flawed`]). This executable is the broken daemon as well, under the name
//! `wrongd-FLAW`. For each flaw the pack of its subject is run against it, and
//! exactly the cases of [`expected`] must be red.

mod expected;
mod flawed;

use std::collections::BTreeSet;
use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use assert_cmd::Command;
use expected::{CONTROLS, Control};
use flawed::{Flaw, Flawed};
use libtest_mimic::{Arguments, Failed, Trial};

const PREFIX: &str = "wrongd-";

fn main() -> ExitCode {
    if let Some(flaw) = flaw_of_this_name() {
        return daemonlab_harness::labd::run(Flawed::new(flaw), std::env::args_os());
    }
    let arguments = Arguments::from_args();
    let trials = CONTROLS
        .iter()
        .map(|control| {
            let name = format!("{}::{}", control.pack, control.flaw.name());
            Trial::test(name, move || check(control))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn flaw_of_this_name() -> Option<Flaw> {
    let program = std::env::args_os().next()?;
    let name = Path::new(&program)
        .file_name()?
        .to_str()?
        .strip_prefix(PREFIX)?;
    Some(Flaw::named(name).unwrap_or_else(|| panic!("there is no flaw {name:?}")))
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
        std::fs::copy(&this, &target)?;
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

    let red = failed_cases(&report, control.pack)
        .map_err(|error| format!("{error}\n{}", String::from_utf8_lossy(&output.stderr)))?;
    let expected: BTreeSet<String> = control.red.iter().map(ToString::to_string).collect();
    if red == expected {
        return Ok(());
    }
    let wrongly_green: Vec<_> = expected.difference(&red).collect();
    let wrongly_red: Vec<_> = red.difference(&expected).collect();
    Err(format!(
        "wrongly green: {wrongly_green:?}\nwrongly red: {wrongly_red:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}

/// The ids, within the pack, of the cases that failed.
fn failed_cases(report: &Path, pack: &str) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let mut red = BTreeSet::new();
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
        match event["verdict"].as_str() {
            Some("passed") => {}
            Some("failed") => {
                let within = id.strip_prefix(&format!("scenarios/{pack}/"));
                red.insert(within.unwrap_or(id).to_owned());
            }
            other => return Err(format!("{id} ended as {other:?}").into()),
        }
    }
    if finished {
        Ok(red)
    } else {
        Err("the run did not finish".into())
    }
}
