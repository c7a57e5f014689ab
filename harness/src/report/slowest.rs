//! The cases that took longest.

use std::time::Duration;

use crate::run::event::CaseReport;

/// How many are kept.
const KEPT: usize = 5;

/// The slowest of the cases so far, slowest first.
#[derive(Debug, Default)]
pub(super) struct Slowest {
    cases: Vec<(Duration, String)>,
}

impl Slowest {
    /// Notes a case. One that never ran is none.
    pub(super) fn note(&mut self, report: &CaseReport) {
        if !report.verdict.has_run() {
            return;
        }
        let place = self
            .cases
            .partition_point(|(time, _)| *time >= report.duration);
        self.cases
            .insert(place, (report.duration, report.case.id.clone()));
        self.cases.truncate(KEPT);
    }

    /// Times and ids.
    pub(super) fn get(&self) -> &[(Duration, String)] {
        &self.cases
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::outcome::Verdict;
    use crate::case::planned::CaseName;

    #[test]
    fn the_five_that_took_longest_slowest_first() {
        let mut slowest = Slowest::default();
        for (milliseconds, verdict) in [
            (3, Verdict::Passed),
            (9, Verdict::Passed),
            (1, Verdict::Passed),
            (4, Verdict::Passed),
            (9, Verdict::Passed),
            (5, Verdict::Passed),
            (99, Verdict::NotRun),
        ] {
            slowest.note(&CaseReport {
                case: CaseName {
                    id: milliseconds.to_string(),
                    world: crate::world::WorldKind::Real,
                    file: "a.yaml".into(),
                    line: 1,
                },
                verdict,
                duration: Duration::from_millis(milliseconds),
                earlier: Vec::new(),
                evidence: None,
                explored: None,
            });
        }
        let ids: Vec<&str> = slowest.get().iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(ids, ["9", "9", "5", "4", "3"]);
    }
}
