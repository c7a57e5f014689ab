//! The report in Markdown: counts, what failed with its evidence, what was
//! skipped and why, the slowest.

use std::io::{self, Write};

use super::Reporter;
use super::evidence::evidence;
use super::problem::problem;
use super::slowest::Slowest;
use super::wording::tries;
use crate::case::outcome::Verdict;
use crate::run::event::{CaseReport, RunEvent, Summary};

/// Writes Markdown when the run is over.
#[derive(Debug)]
pub struct Markdown<W> {
    to: W,
    limit: usize,
    bad: Vec<CaseReport>,
    deviating: Vec<(String, String)>,
    flaky: Vec<(String, String)>,
    explored: Vec<(String, String)>,
    skipped: Vec<(String, String)>,
    slowest: Slowest,
}

impl<W: Write> Markdown<W> {
    /// A report of at most `limit` bytes that goes to `to`. What does not fit
    /// is left out, details first, and that is said.
    pub fn new(to: W, limit: usize) -> Markdown<W> {
        Markdown {
            to,
            limit,
            bad: Vec::new(),
            deviating: Vec::new(),
            flaky: Vec::new(),
            explored: Vec::new(),
            skipped: Vec::new(),
            slowest: Slowest::default(),
        }
    }

    fn text(&self, summary: &Summary) -> String {
        let mut text = Bounded::new(self.limit);
        text.push(&heading(summary));
        let mut overview = String::new();
        if !self.bad.is_empty() {
            overview += "| Failed | Where | Why |\n|---|---|---|\n";
            for report in &self.bad {
                let problem = problem(report).expect("only what has one is kept");
                let place = format!("{}:{}", report.case.file.display(), problem.line);
                overview += &format!(
                    "| {} | {} | {} |\n",
                    cell(&report.case.id),
                    cell(&place),
                    cell(&problem.title)
                );
            }
            overview.push('\n');
        }
        for (title, rows) in [
            ("Deviates as declared", &self.deviating),
            ("Flaky", &self.flaky),
            ("Skipped", &self.skipped),
        ] {
            if rows.is_empty() {
                continue;
            }
            overview += &format!("| {title} | Why |\n|---|---|\n");
            for (id, reason) in rows {
                overview += &format!("| {} | {} |\n", cell(id), cell(reason));
            }
            overview.push('\n');
        }
        if !self.explored.is_empty() {
            overview += "| Explored | How far |\n|---|---|\n";
            for (id, far) in &self.explored {
                overview += &format!("| {} | {} |\n", cell(id), cell(far));
            }
            overview.push('\n');
        }
        if self.slowest.get().len() > 1 {
            overview += "| Slowest | Seconds |\n|---|---:|\n";
            for (time, id) in self.slowest.get() {
                overview += &format!("| {} | {:.3} |\n", cell(id), time.as_secs_f64());
            }
            overview.push('\n');
        }
        for line in overview.split_inclusive('\n') {
            text.push(line);
        }
        for report in &self.bad {
            text.push(&details(report));
        }
        text.finish()
    }
}

impl<W: Write> Reporter for Markdown<W> {
    fn event(&mut self, event: &RunEvent) -> io::Result<()> {
        match event {
            RunEvent::CaseFinished(report) => {
                let id = || report.case.id.clone();
                self.slowest.note(report);
                if let Some(explored) = &report.explored {
                    self.explored.push((id(), explored.to_string()));
                }
                if report.is_flaky() {
                    self.flaky.push((id(), tries(report)));
                }
                match &report.verdict {
                    Verdict::FailedAsDeclared { reason, .. } => {
                        self.deviating.push((id(), reason.clone()));
                    }
                    Verdict::Skipped { reason } => self.skipped.push((id(), reason.clone())),
                    Verdict::NotRun => {
                        let why = "the run ended before it started".to_owned();
                        self.skipped.push((id(), why));
                    }
                    _ if problem(report).is_some() => self.bad.push((**report).clone()),
                    _ => {}
                }
                Ok(())
            }
            RunEvent::RunFinished { summary } => {
                let text = self.text(summary);
                self.to.write_all(text.as_bytes())?;
                self.to.flush()
            }
            _ => Ok(()),
        }
    }
}

fn heading(summary: &Summary) -> String {
    let mut text = format!(
        "## daemonlab: {} passed, {} failed, {} skipped",
        summary.passed, summary.failed, summary.skipped
    );
    for (n, what) in [
        (summary.cut_short, "cut short"),
        (summary.not_run, "not run"),
    ] {
        if n > 0 {
            text += &format!(", {n} {what}");
        }
    }
    text + &format!("\n\nIn {:.3} s.\n\n", summary.duration.as_secs_f64())
}

fn details(report: &CaseReport) -> String {
    let mut content = problem(report).map_or_else(String::new, |problem| problem.text);
    if let Some(seen) = &report.evidence {
        content = format!("{}\n\n{}", content.trim_end(), evidence(seen));
    }
    let fence = fence(&content);
    format!(
        "<details><summary>{}</summary>\n\n{fence}text\n{}\n{fence}\n\n</details>\n\n",
        html(&report.case.id),
        content.trim_end()
    )
}

/// A fence that nothing in the content can close.
fn fence(content: &str) -> String {
    let longest = content
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\n', " ")
}

/// Text as a cell of a table shows it: one line, nothing in it means anything.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.lines().next().unwrap_or_default().chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // An entity, since an escaped name is still a mention.
            '@' => out.push_str("&#64;"),
            c if c.is_control() => out.push(' '),
            c if "\\`*_{}[]()#+!|~>".contains(c) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

const LEFT_OUT: &str = "\n\n*The rest is left out: the report has reached its limit.*\n";

/// Text of at most so many bytes. Whole pieces are left out.
struct Bounded {
    text: String,
    limit: usize,
    full: bool,
}

impl Bounded {
    fn new(limit: usize) -> Bounded {
        Bounded {
            text: String::new(),
            limit: limit.saturating_sub(LEFT_OUT.len()),
            full: false,
        }
    }

    fn push(&mut self, piece: &str) {
        self.full |= self.text.len() + piece.len() > self.limit;
        if !self.full {
            self.text.push_str(piece);
        }
    }

    fn finish(mut self) -> String {
        if self.full {
            self.text.push_str(LEFT_OUT);
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn markdown(limit: usize) -> String {
        let mut bytes = Vec::new();
        let mut report = Markdown::new(&mut bytes, limit);
        for event in sample::run() {
            report.event(&event).expect("a vector takes everything");
        }
        String::from_utf8(bytes).expect("it is UTF-8")
    }

    #[test]
    fn it_names_failures_deviations_and_skips_with_reasons() {
        let text = markdown(usize::MAX);
        for line in [
            "## daemonlab: 2 passed, 4 failed, 1 skipped, 1 cut short, 1 not run",
            "| a.yaml::failed | a.yaml:11 | process \\`daemon\\`: umask |",
            "| a.yaml::deviates | it writes 0660 |",
            "| a.yaml::skipped | requires subuid: no range |",
            "| a.yaml::not-run | the run ended before it started |",
            "| a.yaml::passed | 0.250 |",
            "<details><summary>a.yaml::failed</summary>",
            "    no <such> user",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_limit_holds_and_is_said() {
        let whole = markdown(usize::MAX);
        for limit in [200, 700, whole.len() - 1] {
            let text = markdown(limit);
            assert!(text.len() <= limit, "{limit}: {}", text.len());
            assert!(text.contains("is left out"), "{limit}: {text}");
        }
    }

    #[test]
    fn no_content_closes_its_fence() {
        assert_eq!(fence("a ``` b ```` c"), "`````");
        assert_eq!(fence("plain"), "```");
    }

    #[test]
    fn a_cell_is_only_text() {
        assert_eq!(
            cell("a|b <img> @you [x](y)\nmore"),
            "a\\|b &lt;img\\> &#64;you \\[x\\]\\(y\\)"
        );
    }
}
