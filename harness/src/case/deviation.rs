//! How a case is known to fail, and why.

use super::outcome::{Failure, Verdict, plain};

/// How a case is expected to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Why, in the profile's words.
    pub reason: String,
    /// What its failure must show.
    pub shows: String,
    /// Where it is declared: `peer.yaml:3:11`.
    pub declared: String,
}

impl Deviation {
    /// What a verdict becomes when this deviation is declared.
    pub fn judge(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Passed => Verdict::PassedUnexpectedly {
                reason: self.reason.clone(),
                declared: self.declared.clone(),
            },
            Verdict::Failed { failures } if self.is_shown_by(&failures) => {
                Verdict::FailedAsDeclared {
                    reason: self.reason.clone(),
                    failures,
                }
            }
            Verdict::Failed { mut failures } => {
                if let Some(last) = failures.last_mut() {
                    last.text = format!(
                        "{}\n  = note: {} declares a failure that shows `{}`; this one does not",
                        last.text.trim_end(),
                        self.declared,
                        self.shows
                    );
                }
                Verdict::Failed { failures }
            }
            other => other,
        }
    }

    /// Whether the failures show the text: in what is said of them, or in a
    /// value that is too long to be said in full.
    fn is_shown_by(&self, failures: &[Failure]) -> bool {
        let in_value = |failure: &Failure| {
            let actual = failure.actual.as_deref();
            actual.is_some_and(|actual| actual.contains(&self.shows))
        };
        plain(failures).contains(&self.shows) || failures.iter().any(in_value)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::case::outcome::FailureKind;

    fn deviation() -> Deviation {
        Deviation {
            reason: "the umask is 007".to_owned(),
            shows: "got \"0660\"".to_owned(),
            declared: "peer.yaml:3:11".to_owned(),
        }
    }

    fn failed(text: &str) -> Verdict {
        Verdict::Failed {
            failures: vec![Failure {
                kind: FailureKind::Expectation,
                title: "file".to_owned(),
                line: 1,
                column: 1,
                expected: None,
                actual: None,
                text: text.to_owned(),
                events: Vec::new(),
            }],
        }
    }

    #[rstest]
    #[case::passes(Verdict::Passed, "passed-unexpectedly")]
    #[case::as_declared(
        failed("expected 0644, \x1b[1mgot \"06\x1b[0m60\""),
        "failed-as-declared"
    )]
    #[case::otherwise(failed("it did not start"), "failed")]
    #[case::skipped(Verdict::Skipped { reason: String::new() }, "skipped")]
    fn only_the_declared_failure_is_excused(#[case] verdict: Verdict, #[case] becomes: &str) {
        let verdict = serde_json::to_value(deviation().judge(verdict)).expect("it is JSON");
        assert_eq!(verdict["verdict"], becomes);
    }

    #[test]
    fn what_a_message_shortens_still_shows() {
        let Verdict::Failed { mut failures } = failed("got a long text…") else {
            panic!("it is a failure");
        };
        failures[0].actual = Some("a long text with got \"0660\" at its end".to_owned());
        let verdict = deviation().judge(Verdict::Failed { failures });
        assert!(
            matches!(verdict, Verdict::FailedAsDeclared { .. }),
            "{verdict:?}"
        );
    }

    #[test]
    fn another_failure_says_what_was_declared() {
        let Verdict::Failed { failures } = deviation().judge(failed("it did not start")) else {
            panic!("it is not excused");
        };
        let text = plain(&failures);
        assert!(
            text.contains("peer.yaml:3:11 declares a failure that shows `got \"0660\"`"),
            "{text}"
        );
    }
}
