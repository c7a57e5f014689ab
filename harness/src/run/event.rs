//! What a run tells, in order. Reporters read nothing else.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::case::outcome::{Evidence, Failure, Verdict};
use crate::case::planned::CaseName;
use crate::explore::regression::Explored;

/// Something that happened in a run. [`RunEvent::RunStarted`] comes first and
/// [`RunEvent::RunFinished`] last; between them every selected case is finished
/// exactly once, whatever becomes of it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RunEvent {
    /// The run begins.
    RunStarted {
        /// The program that `${target}` stands for.
        target: PathBuf,
        /// How many cases were selected.
        cases: usize,
        /// From how many files.
        files: usize,
        /// How many cases there are that were not selected.
        filtered_out: usize,
        /// How many of them run at a time.
        jobs: usize,
    },
    /// A case was given a world.
    CaseStarted {
        /// Which one.
        case: CaseName,
    },
    /// A step of a case begins.
    StepStarted {
        /// The case's id.
        id: String,
        /// The step's number, from 1.
        step: usize,
        /// How many steps the case has.
        steps: usize,
        /// What it does: ``check process `daemon` ``.
        what: String,
    },
    /// A case is being explored; told every now and then.
    Exploring {
        /// The case's id.
        id: String,
        /// How many schedules were tried so far.
        schedules: u64,
        /// How many there may be at most.
        most: u64,
    },
    /// A case is over.
    CaseFinished(Box<CaseReport>),
    /// The run was asked to stop: by SIGINT, SIGTERM or SIGHUP.
    Interrupted {
        /// The signal's name.
        signal: String,
    },
    /// The run is over.
    RunFinished {
        /// How it went.
        summary: Summary,
    },
}

/// How a case went.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// Which one.
    #[serde(flatten)]
    pub case: CaseName,
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How long it took by the world's clock, zero if it never started.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub duration: Duration,
    /// The tries before this one, each of which failed; nothing unless retries
    /// were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// What was seen at the end. Nothing, if it passed and nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Which schedules were tried, if it was explored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explored: Option<Explored>,
}

/// A try that failed, after which the case was tried again.
#[derive(Clone, Debug, Serialize)]
pub struct Earlier {
    /// How it failed.
    pub failures: Vec<Failure>,
    /// How long it took.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub duration: Duration,
}

impl CaseReport {
    /// Whether it went as it should, but not at the first try.
    pub fn is_flaky(&self) -> bool {
        self.verdict.is_good() && !self.earlier.is_empty()
    }
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Cases that went as they should; those that failed as their profile
    /// declares are among them.
    pub passed: usize,
    /// Cases that did not, and those that passed though their profile says otherwise.
    pub failed: usize,
    /// Cases that were not run because something they require is missing.
    pub skipped: usize,
    /// How many of the passed ones failed as their profile declares.
    pub expected_failures: usize,
    /// Cases that were running when the run was interrupted.
    pub cut_short: usize,
    /// How many of the passed ones failed before, and passed when tried again.
    pub flaky: usize,
    /// Whether as many cases failed as the run was to bear, so that no other
    /// was started.
    pub max_fail_reached: bool,
    /// Cases that had not been started when the run ended.
    pub not_run: usize,
    /// Cases, among the failed ones, for which the harness itself could not go on.
    pub internal: usize,
    /// Cases, among the failed ones, that lacked a required capability.
    pub missing: usize,
    /// From the first event to the last.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub duration: Duration,
}

impl Summary {
    /// Counts one more case.
    pub fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::FailedAsDeclared { .. } => {
                self.passed += 1;
                self.expected_failures += 1;
            }
            Verdict::Failed { .. } | Verdict::PassedUnexpectedly { .. } => self.failed += 1,
            Verdict::Missing { .. } => {
                self.failed += 1;
                self.missing += 1;
            }
            Verdict::Internal { .. } => {
                self.failed += 1;
                self.internal += 1;
            }
            Verdict::Skipped { .. } => self.skipped += 1,
            Verdict::CutShort { .. } => self.cut_short += 1,
            Verdict::NotRun => self.not_run += 1,
        }
    }

    /// Whether the run was stopped from outside before its end.
    pub fn interrupted(&self) -> bool {
        self.cut_short > 0 || self.not_run > 0 && !self.max_fail_reached
    }
}

pub(crate) fn seconds<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(time.as_secs_f64())
}
