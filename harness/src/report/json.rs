//! The JSON report: one event a line, as it happens, each with the number of
//! the format. The last line is the summary.

use std::io::{self, Write};

use serde::Serialize;

use super::Reporter;
use crate::run::event::RunEvent;

/// The format's number. It changes when a field changes its meaning or goes
/// away; that new events and fields come is no change.
pub const FORMAT: u32 = 1;

/// Writes events as lines of JSON.
#[derive(Debug)]
pub struct Json<W> {
    to: W,
}

#[derive(Serialize)]
struct Line<'a> {
    format: u32,
    #[serde(flatten)]
    event: &'a RunEvent,
}

impl<W: Write> Json<W> {
    /// A report that goes to `to`.
    pub fn new(to: W) -> Json<W> {
        Json { to }
    }
}

impl<W: Write> Reporter for Json<W> {
    fn event(&mut self, event: &RunEvent) -> io::Result<()> {
        let line = Line {
            format: FORMAT,
            event,
        };
        serde_json::to_writer(&mut self.to, &line)?;
        self.to.write_all(b"\n")?;
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::sample;
    use super::*;

    fn lines() -> Vec<Value> {
        let mut bytes = Vec::new();
        let mut report = Json::new(&mut bytes);
        for event in sample::run() {
            report.event(&event).expect("a vector takes everything");
        }
        let text = String::from_utf8(bytes).expect("JSON is UTF-8");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("each line is JSON"))
            .collect()
    }

    #[test]
    fn each_line_is_an_event_of_format_1() {
        let lines = lines();
        assert!(lines.iter().all(|line| line["format"] == 1));
        assert_eq!(lines[0]["event"], "run-started");
        assert_eq!(lines[0]["cases"], 9);
        let last = lines.last().expect("there are lines");
        assert_eq!(
            *last,
            json!({"format": 1, "event": "run-finished", "summary": {
                "passed": 2, "failed": 4, "skipped": 1, "expected_failures": 1,
                "cut_short": 1, "not_run": 1, "internal": 1, "missing": 1, "flaky": 0,
                "max_fail_reached": false, "seconds": 1.5,
            }})
        );
    }

    #[test]
    fn a_failure_carries_its_place_and_no_colours() {
        let lines = lines();
        let failed = lines
            .iter()
            .find(|line| line["verdict"] == "failed")
            .expect("one case failed");
        assert_eq!(failed["event"], "case-finished");
        assert_eq!(failed["id"], "a.yaml::failed");
        assert_eq!(failed["seconds"], 0.25);
        let failure = &failed["failures"][0];
        assert_eq!(failure["kind"], "expectation");
        assert_eq!(failure["line"], 11);
        assert_eq!(failure["actual"], "\"0022\"");
        assert_eq!(
            failure["text"],
            "error: process `daemon`: umask\n  --> a.yaml:11:22\n"
        );
        assert_eq!(failed["evidence"]["launches"][0]["facts"]["end"]["exit"], 1);
    }
}
