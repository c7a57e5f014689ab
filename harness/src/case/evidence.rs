//! Looking around when a case is over, before its world is.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::scenario::model::{Action, Case, Content, File};
use crate::world::facts::ProcessFacts;

use super::outcome::{Evidence, LaunchEvidence, LogEvidence};
use super::steps::Steps;

/// Gathers what can be seen. What cannot is named, and is no error: there is a
/// verdict already.
pub(super) fn gather(case: &Case, steps: &mut Steps<'_>) -> Evidence {
    let mut evidence = Evidence::default();
    if let Err(error) = steps.watch.catch_up() {
        evidence.gaps.push(error.to_string());
    }
    for id in steps.launches() {
        match steps.watch.world.launch_facts(&id) {
            Ok(facts) => evidence.launches.push(LaunchEvidence { id, facts }),
            Err(error) => evidence.gaps.push(error.to_string()),
        }
    }
    match steps.watch.world.remaining() {
        Ok((processes, left_out)) => {
            evidence.processes = processes;
            if left_out > 0 {
                let gap = format!("{left_out} more processes; all of them were stopped to look");
                evidence.gaps.push(gap);
            }
        }
        Err(error) => evidence.gaps.push(error.to_string()),
    }
    for path in logs(case, steps, &evidence.processes) {
        match steps.watch.world.file(&path) {
            Ok(facts) => evidence
                .logs
                .extend(facts.content.map(|content| LogEvidence { path, content })),
            Err(error) => evidence.gaps.push(error.to_string()),
        }
    }
    evidence.events = steps.watch.events();
    evidence
}

/// The files that are logs as far as one can tell: what a process writes its
/// output to, and what a conf file of the scenario names as `error_log`.
fn logs(case: &Case, steps: &Steps<'_>, processes: &[ProcessFacts]) -> BTreeSet<PathBuf> {
    let open = processes
        .iter()
        .flat_map(|process| {
            [1, 2]
                .into_iter()
                .filter_map(|fd| process.descriptors.get(&fd))
        })
        .filter(|to| to.starts_with('/') && !to.starts_with("/dev/"))
        .map(PathBuf::from);
    let written = case.steps.iter().filter_map(|step| match &step.action {
        Action::Write(file) => Some(file),
        _ => None,
    });
    let named = case
        .files
        .iter()
        .chain(written)
        .flat_map(|file: &File| match &file.content {
            Content::Regular(text) => steps
                .scope
                .text(text)
                .map_or(Vec::new(), |text| named(&text)),
            _ => Vec::new(),
        });
    open.chain(named).collect()
}

/// The absolute paths that a conf file names as `error_log`.
fn named(conf: &str) -> Vec<PathBuf> {
    conf.lines()
        .filter_map(|line| line.trim_start().strip_prefix("error_log:"))
        .map(|path| path.trim().trim_matches(['"', '\'']))
        .filter(|path| path.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conf_file_names_its_log() {
        let conf = "version: 1\n  error_log: \"/run/a.log\"\nerror_log: /run/b.log\nerror_log: c\n";
        let expected: Vec<PathBuf> = vec!["/run/a.log".into(), "/run/b.log".into()];
        assert_eq!(named(conf), expected);
    }
}
