//! The TAP report, version 14: a test point a case, as it ends, with a YAML
//! diagnostic. Scalars are written as JSON, which YAML 1.2 reads, so that
//! nothing a daemon writes can break out of its place.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Reporter;
use super::evidence::evidence;
use super::problem::problem;
use crate::case::outcome::{Verdict, plain};
use crate::run::event::{CaseReport, RunEvent};

/// Writes test points.
#[derive(Debug)]
pub struct Tap<W> {
    to: W,
    number: usize,
}

impl<W: Write> Tap<W> {
    /// A report that goes to `to`.
    pub fn new(to: W) -> Tap<W> {
        Tap { to, number: 0 }
    }

    fn point(&mut self, report: &CaseReport) -> io::Result<()> {
        self.number += 1;
        let problem = problem(report);
        let (ok, directive) = match &report.verdict {
            // A test that is known to fail, in TAP's words.
            Verdict::FailedAsDeclared { reason, .. } => {
                (false, format!(" # TODO {}", line(reason)))
            }
            Verdict::Skipped { reason } => (true, format!(" # SKIP {}", line(reason))),
            Verdict::NotRun => (true, " # SKIP the run ended before it started".to_owned()),
            _ => (problem.is_none(), String::new()),
        };
        let ok = if ok { "ok" } else { "not ok" };
        let id = line(&report.case.id);
        writeln!(self.to, "{ok} {} - {id}{directive}", self.number)?;
        let mut fields: Vec<(&str, Value)> = Vec::new();
        if let Some(problem) = &problem {
            fields.push(("message", json!(problem.title)));
            fields.push(("severity", json!(problem.kind)));
        }
        let place = problem.as_ref().map_or(report.case.line, |p| p.line);
        fields.push(("file", json!(report.case.file.to_string_lossy())));
        fields.push(("line", json!(place)));
        if let Some(column) = problem.as_ref().and_then(|p| p.column) {
            fields.push(("column", json!(column)));
        }
        let milliseconds = report.duration.as_secs_f64() * 1000.0;
        fields.push(("duration_ms", json!(milliseconds)));
        if report.is_flaky() {
            fields.push(("flaky", json!(true)));
        }
        if !report.earlier.is_empty() {
            let earlier: Vec<String> = report.earlier.iter().map(|e| plain(&e.failures)).collect();
            fields.push(("earlier", json!(earlier)));
        }
        if let Some(explored) = &report.explored {
            fields.push(("explored", json!(explored.to_string())));
        }
        if let Some(problem) = problem {
            fields.push(("details", json!(problem.text)));
        }
        if let Some(seen) = &report.evidence {
            fields.push(("evidence", json!(evidence(seen))));
        }
        writeln!(self.to, "  ---")?;
        for (name, value) in fields {
            writeln!(self.to, "  {name}: {value}")?;
        }
        writeln!(self.to, "  ...")
    }
}

impl<W: Write> Reporter for Tap<W> {
    fn event(&mut self, event: &RunEvent) -> io::Result<()> {
        match event {
            RunEvent::RunStarted { cases, .. } => {
                write!(self.to, "TAP version 14\n1..{cases}\n")?;
            }
            RunEvent::CaseFinished(report) => self.point(report)?,
            RunEvent::RunFinished { summary } if summary.interrupted() => {
                writeln!(self.to, "Bail out! The run was interrupted")?;
            }
            _ => return Ok(()),
        }
        self.to.flush()
    }
}

/// Text for a test point's line: one line, in which nothing is a directive.
fn line(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    first.replace('\\', "\\\\").replace('#', "\\#")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn tap(events: &[RunEvent]) -> String {
        let mut bytes = Vec::new();
        let mut tap = Tap::new(&mut bytes);
        for event in events {
            tap.event(event).expect("a vector takes everything");
        }
        String::from_utf8(bytes).expect("TAP is UTF-8")
    }

    #[test]
    fn every_verdict_is_a_test_point() {
        let text = tap(&sample::run());
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(
            lines,
            [
                "TAP version 14",
                "1..9",
                "ok 1 - a.yaml::passed",
                "not ok 2 - a.yaml::failed",
                "not ok 3 - a.yaml::deviates # TODO it writes 0660",
                "not ok 4 - a.yaml::unexpected",
                "ok 5 - a.yaml::skipped # SKIP requires subuid: no range",
                "not ok 6 - a.yaml::missing",
                "not ok 7 - a.yaml::internal",
                "not ok 8 - a.yaml::cut-short",
                "ok 9 - a.yaml::not-run # SKIP the run ended before it started",
                "Bail out! The run was interrupted",
            ]
        );
    }

    #[test]
    fn the_diagnostic_is_yaml_with_place_and_evidence() {
        let text = tap(&sample::run());
        let (_, rest) = text.split_once("not ok 2").expect("it is there");
        let (_, rest) = rest.split_once("  ---\n").expect("it begins");
        let (yaml, _) = rest.split_once("  ...\n").expect("it ends");
        let value: std::collections::BTreeMap<String, Value> =
            serde_saphyr::from_str(yaml).expect("it is YAML");
        assert_eq!(value["message"], "process `daemon`: umask");
        assert_eq!(value["severity"], "expectation");
        assert_eq!((&value["line"], &value["column"]), (&json!(11), &json!(22)));
        assert_eq!(value["duration_ms"], 250.0);
        let seen = value["evidence"].as_str().expect("it is text");
        assert!(seen.contains("no <such> user"), "{seen}");
    }

    #[test]
    fn a_flaky_case_is_ok_and_says_so() {
        let text = tap(&[sample::flaky()]);
        assert!(text.starts_with("ok 1 - a.yaml::flaky\n"), "{text}");
        assert!(text.contains("\n  flaky: true\n"), "{text}");
        assert!(text.contains("umask"), "{text}");
    }

    #[test]
    fn nothing_in_an_id_or_a_reason_is_a_directive_or_a_line_of_its_own() {
        assert_eq!(line("a # TODO\\ x\nnot ok"), "a \\# TODO\\\\ x");
    }
}
