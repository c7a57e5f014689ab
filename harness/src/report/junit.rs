//! The JUnit report, in Jenkins' flavour: a suite a file, a test case a case.
//! `file` and `line` are outside the schema, but what shows JUnit on a pull
//! request reads them.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use quick_junit::{
    NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestRerun, TestSuite,
};

use super::Reporter;
use super::evidence::evidence;
use super::problem::first_line;
use crate::case::outcome::{Verdict, plain};
use crate::run::event::{CaseReport, Earlier, RunEvent};
use crate::run::partition::Partition;

/// The property of each suite that says which part of a partition it is of.
pub(super) const PARTITION: &str = "partition";
/// The property that says of how many cases that is a part.
pub(super) const SELECTED: &str = "selected";

/// Collects cases, and writes the report when the run is over.
#[derive(Debug)]
pub struct Junit<W> {
    to: W,
    part: Option<(Partition, usize)>,
    suites: BTreeMap<PathBuf, TestSuite>,
}

impl<W: Write> Junit<W> {
    /// A report that goes to `to`.
    pub fn new(to: W) -> Junit<W> {
        Junit {
            to,
            part: None,
            suites: BTreeMap::new(),
        }
    }

    /// The same for a part of so many selected cases: each suite says so in its
    /// properties `partition` and `selected`.
    #[must_use]
    pub fn part(self, part: Partition, selected: usize) -> Junit<W> {
        Junit {
            part: Some((part, selected)),
            ..self
        }
    }
}

impl<W: Write> Reporter for Junit<W> {
    fn event(&mut self, event: &RunEvent) -> io::Result<()> {
        match event {
            RunEvent::CaseFinished(report) => {
                let file = report.case.file.clone();
                self.suites
                    .entry(file)
                    .or_insert_with_key(|file| TestSuite::new(file.to_string_lossy().as_ref()))
                    .add_test_case(test_case(report));
                Ok(())
            }
            RunEvent::RunFinished { summary } => {
                let mut report = Report::new("daemonlab");
                report.set_time(summary.duration);
                for mut suite in std::mem::take(&mut self.suites).into_values() {
                    suite.set_time(suite.test_cases.iter().filter_map(|case| case.time).sum());
                    if let Some((part, selected)) = self.part {
                        suite.add_property(Property::new(PARTITION, part.to_string()));
                        suite.add_property(Property::new(SELECTED, selected.to_string()));
                    }
                    report.add_test_suite(suite);
                }
                report.serialize(&mut self.to).map_err(io::Error::other)?;
                self.to.flush()
            }
            _ => Ok(()),
        }
    }
}

fn test_case(report: &CaseReport) -> TestCase {
    let mut status = status(&report.verdict);
    status.add_reruns(report.earlier.iter().map(rerun));
    let mut case = TestCase::new(report.case.id.as_str(), status);
    case.set_classname(report.case.file.to_string_lossy().as_ref())
        .set_time(report.duration);
    let line = match &report.verdict {
        Verdict::Failed { failures } => failures.first().map(|failure| failure.line),
        _ => None,
    };
    let line = line.unwrap_or(report.case.line);
    let file = report.case.file.to_string_lossy();
    case.extra.insert("file".into(), file.as_ref().into());
    case.extra
        .insert("line".into(), line.to_string().as_str().into());
    if let Verdict::FailedAsDeclared { reason, .. } = &report.verdict {
        case.add_property(Property::new("expected-failure", reason.as_str()));
    }
    if let Some(explored) = &report.explored {
        case.add_property(Property::new("explored", explored.to_string()));
    }
    if let Some(seen) = &report.evidence {
        case.set_system_out(evidence(seen));
    }
    case
}

/// A try that failed: it becomes a `flakyFailure` of a case that passed in the
/// end, and a `rerunFailure` of one that did not.
fn rerun(earlier: &Earlier) -> TestRerun {
    let mut rerun = TestRerun::new(NonSuccessKind::Failure);
    if let Some(first) = earlier.failures.first() {
        rerun
            .set_type(first.kind.name())
            .set_message(first.title.as_str());
    }
    rerun
        .set_time(earlier.duration)
        .set_description(plain(&earlier.failures));
    rerun
}

fn status(verdict: &Verdict) -> TestCaseStatus {
    let non_success = |kind, of: &str, message: &str, description: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status
            .set_type(of)
            .set_message(message)
            .set_description(description);
        status
    };
    let skipped = |message: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message);
        status
    };
    match verdict {
        Verdict::Passed | Verdict::FailedAsDeclared { .. } => TestCaseStatus::success(),
        Verdict::Failed { failures } => {
            let titles: Vec<&str> = failures
                .iter()
                .map(|failure| failure.title.as_str())
                .collect();
            let kind = failures.first().map_or("", |failure| failure.kind.name());
            non_success(
                NonSuccessKind::Failure,
                kind,
                &titles.join("; "),
                &plain(failures),
            )
        }
        Verdict::PassedUnexpectedly { reason, declared } => non_success(
            NonSuccessKind::Failure,
            "unexpected-pass",
            "passed, though its profile declares that it fails",
            &format!("declared at {declared}: {reason}"),
        ),
        Verdict::Missing { reason } => {
            non_success(NonSuccessKind::Error, "missing", first_line(reason), reason)
        }
        Verdict::Internal { message } => non_success(
            NonSuccessKind::Error,
            "internal",
            first_line(message),
            message,
        ),
        Verdict::CutShort { doing } => {
            non_success(NonSuccessKind::Error, "cut-short", "interrupted", doing)
        }
        Verdict::Skipped { reason } => skipped(reason),
        Verdict::NotRun => skipped("the run ended before it started"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_flaky_case_passed_and_names_its_failure() {
        let mut bytes = Vec::new();
        let mut junit = Junit::new(&mut bytes);
        for event in [
            sample::flaky(),
            sample::run().pop().expect("there is an end"),
        ] {
            junit.event(&event).expect("a vector takes everything");
        }
        let xml = String::from_utf8(bytes).expect("XML is UTF-8");
        assert!(xml.contains("failures=\"0\""), "{xml}");
        let (_, flaky) = xml.split_once("<flakyFailure ").expect("it is there");
        assert!(flaky.contains("process `daemon`: umask"), "{xml}");
    }

    #[test]
    fn it_reads_back_with_every_verdict() {
        let mut bytes = Vec::new();
        let mut junit = Junit::new(&mut bytes);
        for event in sample::run() {
            junit.event(&event).expect("a vector takes everything");
        }
        let xml = String::from_utf8(bytes).expect("XML is UTF-8");
        let report = Report::deserialize_from_str(&xml).expect("it is JUnit");
        assert_eq!((report.tests, report.failures, report.errors), (9, 2, 3));
        let suite = &report.test_suites[0];
        assert_eq!(suite.name.as_str(), "a.yaml");
        assert_eq!(suite.skipped, 2);

        let failed = &suite.test_cases[1];
        assert_eq!(failed.name.as_str(), "a.yaml::failed");
        let TestCaseStatus::NonSuccess {
            kind,
            message,
            description,
            ..
        } = &failed.status
        else {
            panic!("{failed:?}");
        };
        assert_eq!(*kind, NonSuccessKind::Failure);
        let message = message.as_ref().map(|text| text.as_str());
        assert_eq!(message, Some("process `daemon`: umask"));
        let description = description.as_ref().map(|text| text.as_str());
        assert!(description.is_some_and(|text| text.contains("--> a.yaml:11:22")));
        let output = failed.system_out.as_ref().map(|text| text.as_str());
        assert!(output.is_some_and(|text| text.contains("no <such> user")));

        assert!(xml.contains(r#"file="a.yaml" line="11""#), "{xml}");
        assert!(xml.contains(r#"file="a.yaml" line="1""#), "{xml}");
        assert_eq!(
            suite.test_cases[2].properties[0].value.as_str(),
            "it writes 0660"
        );
    }
}
