//! `daemonlab doctor`: what sandboxes need, tried stage by stage.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use nix::errno::Errno;
use serde::Serialize;

use crate::report::outlet::Outlet;
use crate::run::fate::Missing;
use crate::run::real;
use crate::scenario::Capability;
use crate::world::real::probe::{Outcome, Probe, Stage};

use super::args::DoctorArgs;
use super::chosen::Halt;
use super::exit_status::ExitStatus;

#[derive(Serialize)]
struct Report<'a> {
    format: u32,
    stages: &'a [Stage],
    capabilities: Vec<&'static str>,
    missing: Vec<&'static str>,
}

/// Tries every stage and writes what came of it to stdout.
///
/// # Errors
/// 70 if the probe cannot be started or stdout cannot be written to.
pub fn doctor(args: &DoctorArgs) -> Result<ExitStatus, Halt> {
    let (probe, missing) =
        real::missing().map_err(|error| Halt::new(ExitStatus::Internal, error))?;
    let text = if args.json {
        json(&probe, &missing)
    } else {
        human(&probe, &missing)
    };
    let mut out = Outlet::new(anstream::stdout().lock());
    out.write_all(text.as_bytes()).map_err(|error| {
        Halt::new(
            ExitStatus::Internal,
            format!("cannot write to stdout: {error}"),
        )
    })?;
    let lacking = missing
        .0
        .keys()
        .any(|capability| args.require.iter().any(|r| r.covers(*capability)));
    Ok(if lacking {
        ExitStatus::CapabilityMissing
    } else {
        ExitStatus::Passed
    })
}

fn json(probe: &Probe, missing: &Missing) -> String {
    let there = |capability: &Capability| !missing.0.contains_key(capability);
    let report = Report {
        format: crate::report::json::FORMAT,
        stages: &probe.stages,
        capabilities: Capability::OF_MACHINES
            .into_iter()
            .filter(there)
            .map(Capability::name)
            .collect(),
        missing: Capability::OF_MACHINES
            .into_iter()
            .filter(|capability| !there(capability))
            .map(Capability::name)
            .collect(),
    };
    let text = serde_json::to_string(&report).expect("text, numbers and lists are always JSON");
    format!("{text}\n")
}

fn human(probe: &Probe, missing: &Missing) -> String {
    let mut text = String::new();
    for stage in &probe.stages {
        text += &self::stage(stage);
    }
    text.push('\n');
    for capability in Capability::OF_MACHINES {
        let (style, word) = match missing.0.contains_key(&capability) {
            false => (good(), "there"),
            true => (bad(), "missing"),
        };
        text += &format!("{style}{word:>12}{style:#} {capability}\n");
    }
    text
}

fn stage(stage: &Stage) -> String {
    let Stage {
        id: _,
        name,
        what,
        outcome,
        errno,
        evidence,
        cause,
        remedy,
    } = stage;
    let (style, word) = match outcome {
        Outcome::Passed => (good(), "ok"),
        Outcome::Failed => (bad(), "FAILED"),
        Outcome::NotTried => (Style::new().dimmed(), "not tried"),
    };
    let mut text = format!("{style}{word:>12}{style:#} {name}: {what}\n");
    if *outcome != Outcome::Failed {
        return text;
    }
    let errno = errno.map_or(String::new(), |errno| {
        let errno = Errno::from_raw(errno);
        format!("{errno:?}, {}", errno.desc())
    });
    for (what, said) in [
        ("errno", &errno),
        ("evidence", evidence),
        ("cause", cause),
        ("remedy", remedy),
    ] {
        for (i, line) in said.lines().enumerate() {
            let what = if i == 0 { what } else { "" };
            text += &format!("{what:>21}  {line}\n");
        }
    }
    text
}

fn good() -> Style {
    AnsiColor::Green.on_default().bold()
}

fn bad() -> Style {
    AnsiColor::Red.on_default().bold()
}
