//! The report for a person at a terminal, in nextest's manner: what passes is
//! a line, what fails is shown at once and again at the end.

use std::io::{self, Write};

use indicatif::ProgressBar;

use super::Reporter;
use super::evidence::evidence;
use super::problem::first_line;
use super::progress::Progress;
use super::slowest::Slowest;
use super::wording::{
    DIM, GREEN, RED, aside, body, count, details, id, indented, time, tries, verb, word,
};
use crate::case::outcome::Verdict;
use crate::case::planned::unrepeated;
use crate::run::event::{CaseReport, RunEvent, Summary};
use crate::world::WorldKind;

/// Whose output the console shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// That of cases that are not good.
    OfFailures,
    /// That of every case that has evidence.
    OfAll,
}

/// Writes the report to `W`, which takes ANSI colours; whether they reach the
/// reader is for the stream below to say.
#[derive(Debug)]
pub struct Console<W> {
    to: W,
    progress: Progress,
    output: Output,
    flags: String,
    cases: usize,
    finished: usize,
    bad: Vec<(usize, CaseReport)>,
    flaky: Vec<(String, String)>,
    skipped: Vec<(String, String)>,
    slowest: Slowest,
}

impl<W: Write> Console<W> {
    /// A report that goes to `to` and moves `bar`, which may be hidden.
    pub fn new(to: W, bar: ProgressBar, output: Output) -> Console<W> {
        Console {
            to,
            progress: Progress::new(bar),
            output,
            flags: String::new(),
            cases: 0,
            finished: 0,
            bad: Vec::new(),
            flaky: Vec::new(),
            skipped: Vec::new(),
            slowest: Slowest::default(),
        }
    }

    /// With flags that a case is run again with, each after a space, as a shell
    /// takes them.
    pub fn with_flags(mut self, flags: String) -> Console<W> {
        self.flags = flags;
        self
    }

    fn print(&mut self, text: &str) -> io::Result<()> {
        let to = &mut self.to;
        // The bar is on the same terminal: it makes room, and comes back below.
        self.progress.suspend(|| {
            to.write_all(text.as_bytes())?;
            to.flush()
        })
    }

    fn start(&mut self, event: &RunEvent) -> io::Result<()> {
        let RunEvent::RunStarted {
            target,
            cases,
            files,
            filtered_out,
            jobs,
        } = event
        else {
            return Ok(());
        };
        self.cases = *cases;
        self.progress.of(*cases);
        let filtered_out = match filtered_out {
            0 => String::new(),
            n => format!(", {n} filtered out"),
        };
        self.print(&format!(
            "{} {} from {} on {}{filtered_out}; target {}\n",
            verb(GREEN, "Starting"),
            count(*cases, "case"),
            count(*files, "file"),
            count(*jobs, "job"),
            target.display(),
        ))
    }

    fn finish_case(&mut self, report: &CaseReport) -> io::Result<()> {
        self.finished += 1;
        self.progress.finished(&report.case.id, self.finished);
        if matches!(report.verdict, Verdict::NotRun) {
            return Ok(());
        }
        self.slowest.note(report);
        if report.is_flaky() {
            self.flaky.push((report.case.id.clone(), tries(report)));
        }
        if let Verdict::Skipped { reason } = &report.verdict {
            let entry = (report.case.id.clone(), reason.clone());
            self.skipped.push(entry);
        }
        let number = self.finished;
        let text = self.case_text(number, report);
        self.print(&text)?;
        // What was cut short stands at the end already.
        let cut_short = matches!(report.verdict, Verdict::CutShort { .. });
        if !report.verdict.is_good() && !cut_short {
            self.bad.push((number, report.clone()));
        }
        Ok(())
    }

    fn case_text(&self, number: usize, report: &CaseReport) -> String {
        let CaseReport {
            case,
            verdict,
            duration,
            evidence,
            explored,
            ..
        } = report;
        let (style, word) = word(report);
        let mut text = format!(
            "{} {} {} {}{}\n",
            verb(style, word),
            time(verdict, *duration),
            self.counter(number),
            id(case),
            aside(report),
        );
        let body = body(report);
        if !body.is_empty() {
            text.push_str(&indented(&body));
            if let Some(seen) = evidence {
                text.push_str(&indented(&self::evidence(seen)));
            }
        }
        if body.is_empty()
            && self.output == Output::OfAll
            && let Some(seen) = evidence
        {
            text.push_str(&indented(&self::evidence(seen)));
        }
        if matches!(verdict, Verdict::Failed { .. }) {
            let file = case.file.display();
            let (id, world) = WorldKind::of_name(unrepeated(&case.id));
            let mut flags = match world {
                WorldKind::Real => self.flags.clone(),
                world => format!("{} --world {world}", self.flags),
            };
            if let Some(explored) = explored {
                flags += &format!(" --explore={}", explored.preemptions);
            }
            let rerun = format!("{DIM}rerun: daemonlab run {file}{flags} --exact '{id}'{DIM:#}");
            text.push_str(&indented(&rerun));
        }
        text
    }

    fn counter(&self, number: usize) -> String {
        let width = self.cases.to_string().len();
        format!("({number:>width$}/{})", self.cases)
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        self.progress.clear();
        let style = if summary.failed > 0 || summary.interrupted() || summary.passed == 0 {
            RED
        } else {
            GREEN
        };
        let ran = summary.passed + summary.failed - summary.missing + summary.cut_short;
        let mut text = format!(
            "{DIM}{}{DIM:#}\n{} [{:>8.3}s] {} run{}\n",
            "─".repeat(12),
            verb(style, "Summary"),
            summary.duration.as_secs_f64(),
            count(ran, "case"),
            details(summary),
        );
        // A single case stands right above: to repeat it would only hide it.
        let repeated = self.cases > 1;
        for (number, report) in std::mem::take(&mut self.bad) {
            if repeated {
                text.push_str(&self.case_text(number, &report));
            }
        }
        if repeated {
            text.push_str(&self.closing());
        }
        text.push_str(&format!(
            "{} passed, {} failed, {} skipped\n",
            summary.passed, summary.failed, summary.skipped
        ));
        self.print(&text)
    }
}

impl<W: Write> Console<W> {
    /// What is worth a look besides what failed.
    fn closing(&self) -> String {
        let mut text = String::new();
        for (title, cases) in [("Flaky", &self.flaky), ("Skipped", &self.skipped)] {
            if !cases.is_empty() {
                text += &format!("{title}:\n");
            }
            for (id, reason) in cases {
                text += &format!("    {id}: {}\n", first_line(reason));
            }
        }
        if self.slowest.get().len() > 1 {
            text += "Slowest:\n";
            for (time, id) in self.slowest.get() {
                text += &format!("    {:>8.3}s {id}\n", time.as_secs_f64());
            }
        }
        text
    }
}

impl<W: Write> Reporter for Console<W> {
    fn event(&mut self, event: &RunEvent) -> io::Result<()> {
        match event {
            RunEvent::RunStarted { .. } => self.start(event),
            RunEvent::CaseStarted { case } => {
                self.progress.started(&case.id);
                Ok(())
            }
            RunEvent::StepStarted { id, what, .. } => {
                self.progress.does(id, what);
                Ok(())
            }
            RunEvent::Exploring {
                id,
                schedules,
                most,
            } => {
                let far = format!("{schedules} of at most {most} schedules");
                self.progress.does(id, &far);
                Ok(())
            }
            RunEvent::CaseFinished(report) => self.finish_case(report),
            RunEvent::Interrupted { signal } => {
                let running = count(self.progress.running(), "case");
                self.print(&format!(
                    "{} {running} running because of {signal}; once more ends at once\n",
                    verb(RED, "Canceling"),
                ))
            }
            RunEvent::RunFinished { summary } => self.end(summary),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn console(events: &[RunEvent]) -> String {
        let mut bytes = Vec::new();
        let mut console = Console::new(&mut bytes, ProgressBar::hidden(), Output::OfFailures);
        for event in events {
            console.event(event).expect("a vector takes everything");
        }
        let text = String::from_utf8(bytes).expect("it is UTF-8");
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn every_verdict_has_its_line() {
        let text = console(&sample::run());
        let cases: Vec<&str> = text
            .lines()
            .take_while(|line| !line.contains("Canceling"))
            .filter(|line| line.contains("/9)") || line.contains("Starting"))
            .collect();
        assert_eq!(
            cases,
            [
                "    Starting 9 cases from 1 file on 2 jobs, 2 filtered out; target /opt/labd",
                "        PASS [   0.250s] (1/9) a.yaml::passed",
                "        FAIL [   0.250s] (2/9) a.yaml::failed",
                "    DEVIATES [   0.250s] (3/9) a.yaml::deviates: it writes 0660",
                "  UNEXPECTED [   0.250s] (4/9) a.yaml::unexpected",
                "        SKIP [         ] (5/9) a.yaml::skipped: requires subuid: no range",
                "     MISSING [         ] (6/9) a.yaml::missing",
                "      BROKEN [   0.250s] (7/9) a.yaml::internal",
                "   CUT SHORT [   0.250s] (8/9) a.yaml::cut-short",
            ]
        );
    }

    #[test]
    fn a_failure_is_shown_at_once_and_again_at_the_end() {
        let text = console(&sample::run());
        let shown = [
            "        FAIL [   0.250s] (2/9) a.yaml::failed",
            "    error: process `daemon`: umask",
            "      --> a.yaml:11:22",
            "    launch `demo` (PID 3): exited 1 after 0.204s",
            "        no <such> user",
            "    rerun: daemonlab run a.yaml --exact 'a.yaml::failed'",
        ];
        let (before, after) = text.split_once("Summary").expect("there is a summary");
        for line in shown {
            assert!(before.lines().any(|l| l == line), "before: {line}\n{text}");
            assert!(after.lines().any(|l| l == line), "after: {line}\n{text}");
        }
        assert!(!after.contains("DEVIATES"), "what is good is not repeated");
    }

    #[test]
    fn a_flaky_case_is_marked_where_it_ends_and_at_the_end() {
        let mut events = sample::run();
        let end = events.len() - 1;
        events.insert(end, sample::flaky());
        let text = console(&events);
        let says = "a.yaml::flaky: failed 1 time before: process `daemon`: umask\n";
        assert!(
            text.contains(&format!("       FLAKY [   0.250s] (10/9) {says}")),
            "{text}"
        );
        assert!(text.contains(&format!("Flaky:\n    {says}")), "{text}");
    }

    #[test]
    fn it_ends_with_the_counts() {
        let text = console(&sample::run());
        assert!(
            text.contains(
                "     Summary [   1.500s] 6 cases run: 2 passed (1 of them deviates as declared), \
                 4 failed, 1 skipped, 1 cut short, 1 not run\n"
            ),
            "{text}"
        );
        assert_eq!(text.lines().last(), Some("2 passed, 4 failed, 1 skipped"));
    }

    #[test]
    fn it_ends_with_the_skipped_and_the_slowest() {
        let text = console(&sample::run());
        let (_, end) = text
            .split_once("\nSkipped:\n")
            .expect("the skipped come after the failures");
        let slowest = ["passed", "failed", "deviates", "unexpected", "internal"]
            .map(|name| format!("       0.250s a.yaml::{name}\n"))
            .concat();
        assert_eq!(
            end,
            format!(
                "    a.yaml::skipped: requires subuid: no range\nSlowest:\n{slowest}2 passed, 4 failed, 1 skipped\n"
            )
        );
    }

    #[test]
    fn a_single_case_is_not_repeated() {
        let mut events = sample::run();
        let finished = events
            .iter()
            .position(|event| {
                matches!(event, RunEvent::CaseFinished(report)
                    if matches!(report.verdict, Verdict::Failed { .. }))
            })
            .expect("one case failed");
        let failed = events.swap_remove(finished);
        let end = events.pop().expect("there is an end");
        let RunEvent::RunStarted { cases, .. } = &mut events[0] else {
            panic!("it starts with its start");
        };
        *cases = 1;
        let text = console(&[events.remove(0), failed, end]);
        assert_eq!(text.matches("--> a.yaml:11:22").count(), 1, "{text}");
    }
}
