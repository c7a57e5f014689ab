//! What is wrong with a case, in the form that machine-readable reports share:
//! one line, all of it, and the place.

use crate::case::outcome::{Verdict, plain};
use crate::run::event::CaseReport;

/// Why a case is not good.
pub(super) struct Problem {
    /// Its kind: `expectation`, `unexpected-pass`, `internal`.
    pub(super) kind: &'static str,
    /// In one line.
    pub(super) title: String,
    /// All of it, without colours.
    pub(super) text: String,
    /// The line of the file, from 1.
    pub(super) line: usize,
    /// The column, if there is one.
    pub(super) column: Option<usize>,
}

/// What is wrong with a case; nothing, if its verdict is good or if it never
/// started.
pub(super) fn problem(report: &CaseReport) -> Option<Problem> {
    let at_its_start = |kind, title: &str, text: String| {
        Some(Problem {
            kind,
            title: title.to_owned(),
            text,
            line: report.case.line,
            column: None,
        })
    };
    match &report.verdict {
        Verdict::Passed
        | Verdict::FailedAsDeclared { .. }
        | Verdict::Skipped { .. }
        | Verdict::NotRun => None,
        Verdict::Failed { failures } => {
            let titles: Vec<&str> = failures.iter().map(|f| f.title.as_str()).collect();
            let first = failures.first();
            Some(Problem {
                kind: first.map_or("", |failure| failure.kind.name()),
                title: titles.join("; "),
                text: plain(failures),
                line: first.map_or(report.case.line, |failure| failure.line),
                column: first.map(|failure| failure.column),
            })
        }
        Verdict::PassedUnexpectedly { reason, declared } => at_its_start(
            "unexpected-pass",
            "passed, though its profile declares that it fails",
            format!("declared at {declared}: {reason}; remove that entry"),
        ),
        Verdict::Missing { reason } => at_its_start("missing", first_line(reason), reason.clone()),
        Verdict::Internal { message } => {
            at_its_start("internal", first_line(message), message.clone())
        }
        Verdict::CutShort { doing } => at_its_start(
            "cut-short",
            "interrupted",
            format!("interrupted while it {doing}"),
        ),
    }
}

pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
