//! How a case ended, why, and what could be seen then.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::world::event::Event;
use crate::world::facts::{LaunchFacts, ProcessFacts};

/// How a case ended.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything it expects is so.
    Passed,
    /// Something it expects is not so.
    Failed {
        /// What; at least one thing, all of the same step.
        failures: Vec<Failure>,
    },
    /// It failed, and the profile declares just that.
    FailedAsDeclared {
        /// Why it is expected, in the profile's words.
        reason: String,
        /// How it failed.
        failures: Vec<Failure>,
    },
    /// It passed, though the profile declares that it fails.
    PassedUnexpectedly {
        /// Why it was expected to fail, in the profile's words.
        reason: String,
        /// The profile, and the line of the entry to be removed.
        declared: String,
    },
    /// It was not run: this machine lacks something that it requires.
    Skipped {
        /// What is missing, and why.
        reason: String,
    },
    /// It was not run for the same reason, but `--require` forbids to skip it.
    Missing {
        /// What is missing, why, and what to do about it.
        reason: String,
    },
    /// The harness itself could not go on.
    Internal {
        /// The stage, the errno, the evidence and what to do next.
        message: String,
    },
    /// The run was interrupted while it ran.
    CutShort {
        /// What it was doing.
        doing: String,
    },
    /// The run ended before it started: it was interrupted, or enough had failed.
    NotRun,
}

impl Verdict {
    /// Whether the run can still be called good with this verdict.
    pub fn is_good(&self) -> bool {
        matches!(
            self,
            Verdict::Passed | Verdict::FailedAsDeclared { .. } | Verdict::Skipped { .. }
        )
    }

    /// Whether the case was started at all.
    pub fn has_run(&self) -> bool {
        !matches!(
            self,
            Verdict::Skipped { .. } | Verdict::Missing { .. } | Verdict::NotRun
        )
    }
}

/// Why a case failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What failed, in one line: ``process `daemon`: umask``.
    pub title: String,
    /// Where in the file, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was there instead; after a wait, the last that was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// All of it for a reader: the line of the file with a caret, what was
    /// expected, what was there. It may be coloured by ANSI sequences, which
    /// [`plain`] leaves out.
    #[serde(serialize_with = "without_colours")]
    pub text: String,
    /// The events that it is about, if it is about events.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// All of `failures` for a reader, in one text.
pub fn text(failures: &[Failure]) -> String {
    let texts: Vec<&str> = failures
        .iter()
        .map(|failure| failure.text.trim_end())
        .collect();
    texts.join("\n")
}

/// The same without colours.
pub fn plain(failures: &[Failure]) -> String {
    anstream::adapter::strip_str(&text(failures)).to_string()
}

fn without_colours<S: serde::Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&anstream::adapter::strip_str(text))
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// An expectation is not met.
    Expectation,
    /// A step could not be carried out: a program that does not start, a
    /// process that is not there to be signalled.
    Step,
    /// The case took longer than it may.
    Timeout,
    /// A fault or a hold never fired, so that nothing was tested.
    Fault,
}

impl FailureKind {
    /// Its name, as in the JSON report.
    pub fn name(self) -> &'static str {
        match self {
            FailureKind::Expectation => "expectation",
            FailureKind::Step => "step",
            FailureKind::Timeout => "timeout",
            FailureKind::Fault => "fault",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What could be seen when a case ended, before its world did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Evidence {
    /// Every launch with its output, in the order of their starts.
    pub launches: Vec<LaunchEvidence>,
    /// The processes that were left.
    pub processes: Vec<ProcessFacts>,
    /// The logs that are known: what a process has as its stdout or stderr,
    /// and what a conf file of the scenario names as `error_log`.
    pub logs: Vec<LogEvidence>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// What could not be seen, and why.
    pub gaps: Vec<String>,
}

/// A launch at the end of its case.
#[derive(Clone, Debug, Serialize)]
pub struct LaunchEvidence {
    /// Its name.
    pub id: String,
    /// What is known of it.
    pub facts: LaunchFacts,
}

/// A log at the end of its case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogEvidence {
    /// Its path in the world.
    pub path: PathBuf,
    /// Its content.
    pub content: String,
}
