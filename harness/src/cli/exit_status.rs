//! The exit statuses of `daemonlab`, all of them.

use std::process::ExitCode;

use crate::run::event::Summary;

/// How `daemonlab` ends. `cargo test` has its own: 101 for a failed test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Every selected case went as it should; what was skipped was named.
    Passed = 0,
    /// A case failed, or one passed that its profile says must fail.
    Failed = 1,
    /// The command line makes no sense, or names a file or program that is not there.
    Usage = 2,
    /// A scenario file or a profile is not valid.
    InvalidFile = 3,
    /// No case was selected, so nothing was tested.
    NothingSelected = 4,
    /// Something that is required is missing on this machine: a case that
    /// `--require` forbids to skip, or all that were selected.
    CapabilityMissing = 5,
    /// The harness itself could not go on.
    Internal = 70,
    /// SIGINT, SIGTERM or SIGHUP ended the run.
    Interrupted = 130,
}

/// The table that `--help` shows.
pub const TABLE: &str = "\
Exit statuses:
    0  every selected case went as it should
    1  a case failed, or passed though its profile says that it fails
    2  usage: an unknown flag, a file or a program that is not there
    3  a scenario file or a profile is not valid
    4  no case was selected
    5  a required capability is missing, or every selected case was skipped
   70  the harness itself could not go on
  130  interrupted";

impl ExitStatus {
    /// How a run with this summary ends. What makes the verdicts incomplete
    /// comes before what they say.
    pub fn of_run(summary: &Summary) -> ExitStatus {
        if summary.interrupted() {
            ExitStatus::Interrupted
        } else if summary.internal > 0 {
            ExitStatus::Internal
        } else if summary.missing > 0 {
            ExitStatus::CapabilityMissing
        } else if summary.failed > 0 {
            ExitStatus::Failed
        } else if summary.passed == 0 && summary.skipped > 0 {
            ExitStatus::CapabilityMissing
        } else if summary.passed == 0 {
            ExitStatus::NothingSelected
        } else {
            ExitStatus::Passed
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> ExitCode {
        ExitCode::from(status as u8)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::all_green(Summary { passed: 3, ..Summary::default() }, ExitStatus::Passed)]
    #[case::some_skipped(Summary { passed: 1, skipped: 2, ..Summary::default() }, ExitStatus::Passed)]
    #[case::red(Summary { passed: 3, failed: 1, ..Summary::default() }, ExitStatus::Failed)]
    #[case::all_skipped(Summary { skipped: 2, ..Summary::default() }, ExitStatus::CapabilityMissing)]
    #[case::nothing(Summary::default(), ExitStatus::NothingSelected)]
    #[case::missing(Summary { failed: 2, missing: 1, ..Summary::default() }, ExitStatus::CapabilityMissing)]
    #[case::broken(Summary { failed: 2, missing: 1, internal: 1, ..Summary::default() }, ExitStatus::Internal)]
    #[case::stopped(Summary { failed: 2, internal: 1, not_run: 1, ..Summary::default() }, ExitStatus::Interrupted)]
    #[case::cut(Summary { passed: 2, cut_short: 1, ..Summary::default() }, ExitStatus::Interrupted)]
    fn a_summary_has_one_status(#[case] summary: Summary, #[case] status: ExitStatus) {
        assert_eq!(ExitStatus::of_run(&summary), status);
    }

    #[rstest]
    fn the_table_names_each(
        #[values(
            ExitStatus::Passed,
            ExitStatus::Failed,
            ExitStatus::Usage,
            ExitStatus::InvalidFile,
            ExitStatus::NothingSelected,
            ExitStatus::CapabilityMissing,
            ExitStatus::Internal,
            ExitStatus::Interrupted
        )]
        status: ExitStatus,
    ) {
        let number = format!("{:5}  ", status as u8);
        assert!(
            TABLE.lines().any(|line| line.starts_with(&number)),
            "{number}"
        );
    }

    #[test]
    fn the_manual_has_the_table() {
        let manual = include_str!("../../../docs/src/running.md");
        assert!(manual.contains(TABLE));
    }
}
