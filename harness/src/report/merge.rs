//! The JUnit reports of the parts of a partition as one, in which no case is
//! missing and none is there twice.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use quick_junit::{Report, TestSuite};

use super::junit::{PARTITION, SELECTED};
use crate::run::partition::Partition;

/// Why reports cannot be put together.
#[derive(Debug, PartialEq, Eq)]
pub enum MergeError {
    /// A case is in two of them.
    Twice {
        /// Its id.
        id: String,
        /// The two reports.
        files: [String; 2],
    },
    /// They are not parts of one selection: so many cases, and so many parts.
    Different {
        /// Two reports, each with what it says of itself.
        files: [(String, String); 2],
    },
    /// Some of the cases that were selected are in none of them.
    Incomplete {
        /// How many are there.
        there: usize,
        /// How many were selected.
        selected: usize,
        /// The parts of which there is no report.
        parts: Vec<String>,
    },
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeError::Twice { id, files } => write!(
                f,
                "`{id}` is in `{}` and in `{}`\n  = help: give each part once, of one run",
                files[0], files[1]
            ),
            MergeError::Different { files: [one, two] } => write!(
                f,
                "`{}` is {}, but `{}` is {}\n  = help: the parts have to be of one selection: \
                 the same paths and filters, and one number of parts",
                one.0, one.1, two.0, two.1
            ),
            MergeError::Incomplete {
                there,
                selected,
                parts,
            } => {
                let missing = selected.saturating_sub(*there);
                write!(f, "{missing} of the {selected} selected cases are missing")?;
                match parts.as_slice() {
                    [] => f.write_str(": a run ended before its report was complete"),
                    parts => write!(f, "; there is no report of {}", parts.join(", ")),
                }?;
                f.write_str("\n  = help: run the part again, and merge all of them")
            }
        }
    }
}

impl std::error::Error for MergeError {}

/// What a report says of the part that it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    partition: Partition,
    selected: usize,
}

impl Part {
    fn of(report: &Report) -> Option<Part> {
        let suite = report.test_suites.first()?;
        let value = |name: &str| {
            let mut properties = suite.properties.iter();
            let found = properties.find(|property| property.name.as_str() == name)?;
            Some(found.value.as_str())
        };
        Some(Part {
            partition: value(PARTITION)?.parse().ok()?,
            selected: value(SELECTED)?.parse().ok()?,
        })
    }

    fn is_beside(self, other: Part) -> bool {
        self.selected == other.selected && self.partition.is_beside(other.partition)
    }
}

fn told(part: Option<Part>) -> String {
    match part {
        Some(part) => format!("part {} of {} cases", part.partition, part.selected),
        None => "no part of a partition".to_owned(),
    }
}

/// Puts reports together: a suite a file, its cases in the order of their ids.
/// `reports` are names to call them by, and what they say.
///
/// Reports of whole runs go together as well, if no case is in two of them;
/// whether they are complete cannot be said then.
///
/// # Errors
/// See [`MergeError`].
pub fn merge(reports: Vec<(String, Report)>) -> Result<Report, MergeError> {
    let mut first: Option<(String, Option<Part>)> = None;
    let mut parts = Vec::new();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut suites: BTreeMap<String, Vec<quick_junit::TestCase>> = BTreeMap::new();
    let mut time = Duration::ZERO;
    for (file, report) in reports {
        let part = Part::of(&report);
        let (first_file, first_part) = first.get_or_insert_with(|| (file.clone(), part));
        let together = match (*first_part, part) {
            (Some(one), Some(other)) => one.is_beside(other),
            (None, None) => true,
            _ => false,
        };
        if !together {
            return Err(MergeError::Different {
                files: [(first_file.clone(), told(*first_part)), (file, told(part))],
            });
        }
        parts.extend(part);
        time += report.time.unwrap_or_default();
        for suite in report.test_suites {
            let cases = suites.entry(suite.name.as_str().to_owned()).or_default();
            for case in suite.test_cases {
                let id = case.name.as_str().to_owned();
                if let Some(other) = seen.insert(id.clone(), file.clone()) {
                    let files = [other, file];
                    return Err(MergeError::Twice { id, files });
                }
                cases.push(case);
            }
        }
    }
    if let Some(part) = parts.first()
        && seen.len() != part.selected
    {
        let there: Vec<Partition> = parts.iter().map(|part| part.partition).collect();
        let all = part.partition.all();
        let missing = all.filter(|part| !there.contains(part));
        return Err(MergeError::Incomplete {
            there: seen.len(),
            selected: part.selected,
            parts: missing.map(|part| part.to_string()).collect(),
        });
    }
    let mut merged = Report::new("daemonlab");
    merged.set_time(time);
    for (name, mut cases) in suites {
        cases.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
        let mut suite = TestSuite::new(name);
        suite.set_time(cases.iter().filter_map(|case| case.time).sum());
        suite.add_test_cases(cases);
        merged.add_test_suite(suite);
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::super::Reporter;
    use super::super::junit::Junit;
    use super::super::sample;
    use super::*;
    use crate::run::event::RunEvent;

    fn partition(text: &str) -> Partition {
        text.parse().expect("it is a part")
    }

    /// What a run of a part writes, read back.
    fn report(part: Option<(&str, usize)>) -> (String, Report) {
        let mut bytes = Vec::new();
        let mut junit = Junit::new(&mut bytes);
        if let Some((part, selected)) = part {
            junit = junit.part(partition(part), selected);
        }
        let mut index = 0;
        for event in sample::run() {
            if let RunEvent::CaseFinished(report) = &event {
                let has = part.is_none_or(|(part, _)| partition(part).has(index, &report.case.id));
                index += 1;
                if !has {
                    continue;
                }
            }
            junit.event(&event).expect("a vector takes everything");
        }
        let xml = String::from_utf8(bytes).expect("XML is UTF-8");
        let name = part.map_or("whole", |(part, _)| part).to_owned();
        let report = Report::deserialize_from_str(&xml).expect("it is JUnit");
        (name, report)
    }

    fn parts(of: &[&str]) -> Vec<(String, Report)> {
        of.iter().map(|part| report(Some((part, 9)))).collect()
    }

    #[test]
    fn all_parts_are_the_whole() {
        for (order, whole) in [
            (["slice:1/3", "slice:2/3", "slice:3/3"], report(None).1),
            (["hash:3/3", "hash:1/3", "hash:2/3"], report(None).1),
        ] {
            let merged = merge(parts(&order)).expect("they are all there");
            assert_eq!(
                (merged.tests, merged.failures, merged.errors, merged.skipped),
                (whole.tests, whole.failures, whole.errors, whole.skipped)
            );
            let mut ids: Vec<&str> = whole.test_suites[0]
                .test_cases
                .iter()
                .map(|case| case.name.as_str())
                .collect();
            ids.sort_unstable();
            let suite = &merged.test_suites[0];
            assert_eq!(suite.tests, 9);
            let got: Vec<&str> = suite.test_cases.iter().map(|c| c.name.as_str()).collect();
            assert_eq!(got, ids);
            let failed = suite
                .test_cases
                .iter()
                .find(|c| c.name.as_str() == "a.yaml::failed");
            let extra = &failed.expect("it is there").extra;
            let line = extra.iter().find(|(name, _)| name.as_str() == "line");
            assert_eq!(line.map(|(_, value)| value.as_str()), Some("11"));
        }
    }

    #[test]
    fn a_part_that_is_missing_is_named() {
        let error = merge(parts(&["slice:1/3", "slice:3/3"])).expect_err("one is missing");
        let text = error.to_string();
        assert!(
            text.starts_with(
                "3 of the 9 selected cases are missing; there is no report of slice:2/3\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_part_that_is_given_twice_is_none() {
        let error = merge(parts(&["slice:1/2", "slice:1/2"])).expect_err("it is there twice");
        assert!(matches!(error, MergeError::Twice { .. }), "{error:?}");
    }

    #[test]
    fn parts_of_two_selections_do_not_go_together() {
        for two in [
            [
                report(Some(("slice:1/2", 9))),
                report(Some(("slice:2/3", 9))),
            ],
            [
                report(Some(("slice:1/2", 9))),
                report(Some(("hash:2/2", 9))),
            ],
            [
                report(Some(("slice:1/2", 9))),
                report(Some(("slice:2/2", 8))),
            ],
            [report(Some(("slice:1/2", 9))), report(None)],
        ] {
            let error = merge(two.into()).expect_err("they are of two runs");
            assert!(matches!(error, MergeError::Different { .. }), "{error:?}");
        }
    }
}
