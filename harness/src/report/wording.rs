//! The words and columns of the console: how each verdict is called, and what
//! is said beside and below it.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::case::outcome::{FailureKind, Verdict, text};
use crate::case::planned::CaseName;
use crate::run::event::{CaseReport, Summary};

pub(super) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();

pub(super) fn verb(style: Style, word: &str) -> String {
    format!("{style}{word:>12}{style:#}")
}

pub(super) fn count(n: usize, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {what}{plural}")
}

pub(super) fn word(report: &CaseReport) -> (Style, &'static str) {
    match &report.verdict {
        _ if report.is_flaky() => (YELLOW, "FLAKY"),
        Verdict::Passed => (GREEN, "PASS"),
        Verdict::FailedAsDeclared { .. } => (YELLOW, "DEVIATES"),
        Verdict::Failed { failures } => match failures.first() {
            Some(failure) if failure.kind == FailureKind::Timeout => (RED, "TIMEOUT"),
            _ => (RED, "FAIL"),
        },
        Verdict::PassedUnexpectedly { .. } => (RED, "UNEXPECTED"),
        Verdict::Skipped { .. } => (YELLOW, "SKIP"),
        Verdict::Missing { .. } => (RED, "MISSING"),
        Verdict::Internal { .. } => (RED, "BROKEN"),
        Verdict::CutShort { .. } => (RED, "CUT SHORT"),
        Verdict::NotRun => (YELLOW, "NOT RUN"),
    }
}

pub(super) fn time(verdict: &Verdict, duration: Duration) -> String {
    if verdict.has_run() {
        format!("[{:>8.3}s]", duration.as_secs_f64())
    } else {
        format!("[{:9}]", "")
    }
}

pub(super) fn id(case: &CaseName) -> String {
    match case.id.rsplit_once("::") {
        Some((file, name)) => format!("{DIM}{file}::{DIM:#}{BOLD}{name}{BOLD:#}"),
        None => format!("{BOLD}{}{BOLD:#}", case.id),
    }
}

/// How often a case failed before: `failed 1 time before: umask`.
pub(super) fn tries(report: &CaseReport) -> String {
    let last = report.earlier.last().and_then(|e| e.failures.first());
    let title = last.map_or("", |failure| failure.title.as_str());
    format!(
        "failed {} before: {title}",
        count(report.earlier.len(), "time")
    )
}

/// What is said on the case's own line.
pub(super) fn aside(report: &CaseReport) -> String {
    match &report.verdict {
        Verdict::Passed if report.explored.is_some() => {
            let explored = report.explored.iter();
            explored.map(|explored| format!(": {explored}")).collect()
        }
        _ if !report.earlier.is_empty() => format!(": {}", tries(report)),
        Verdict::FailedAsDeclared { reason, .. } | Verdict::Skipped { reason } => {
            format!(": {reason}")
        }
        _ => String::new(),
    }
}

/// What is said below it.
pub(super) fn body(report: &CaseReport) -> String {
    match &report.verdict {
        Verdict::Passed
        | Verdict::FailedAsDeclared { .. }
        | Verdict::Skipped { .. }
        | Verdict::NotRun => String::new(),
        Verdict::Failed { failures } => text(failures),
        Verdict::PassedUnexpectedly { reason, declared } => format!(
            "{RED}error{RED:#}: passed, though {declared} declares that it fails: {reason}\n  \
             = help: remove that entry"
        ),
        Verdict::Missing { reason: text } | Verdict::Internal { message: text } => {
            format!("{RED}error{RED:#}: {text}")
        }
        Verdict::CutShort { doing } => format!("while it {doing}"),
    }
}

pub(super) fn details(summary: &Summary) -> String {
    let mut details = format!(": {GREEN}{} passed{GREEN:#}", summary.passed);
    match summary.expected_failures {
        0 => {}
        1 => details += " (1 of them deviates as declared)",
        n => details += &format!(" ({n} of them deviate as declared)"),
    }
    if summary.flaky > 0 {
        details += &format!(" ({YELLOW}{} flaky{YELLOW:#})", summary.flaky);
    }
    for (n, style, what) in [
        (summary.failed, RED, "failed"),
        (summary.skipped, YELLOW, "skipped"),
        (summary.cut_short, RED, "cut short"),
        (summary.not_run, RED, "not run"),
    ] {
        if n > 0 {
            details += &format!(", {style}{n} {what}{style:#}");
        }
    }
    details
}

pub(super) fn indented(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str("    ");
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}
