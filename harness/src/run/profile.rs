//! Profiles: how a target is known to deviate, and why.
//!
//! ```yaml
//! version: 1
//! deviations:
//!   - case: scenarios/pingora/pid_file.yaml::mode
//!     reason: the umask is 007 and the file is made with 0666
//!     shows: 'expected "0644", got "0660"'
//! ```
//!
//! A case that is named here has to fail, and its failure has to show the text
//! that is given: a target that fails for another reason is not excused by it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::case::deviation::Deviation;
use crate::scenario::source::{Source, Span};
use crate::scenario::{Diagnostic, Diagnostics};

/// How a target is known to deviate, by the ids of cases.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    source: Option<Arc<Source>>,
    deviations: BTreeMap<String, (Deviation, Span)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<u32>,
    deviations: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    case: Spanned<String>,
    reason: Spanned<String>,
    shows: Spanned<String>,
}

impl Profile {
    /// Reads a profile. `id` is what messages call it.
    ///
    /// # Errors
    /// Every mistake in it, or why it cannot be read.
    pub fn load(path: &Path, id: &str) -> Result<Profile, Diagnostics> {
        match std::fs::read_to_string(path) {
            Ok(text) => Profile::parse(id, text),
            Err(error) => Err(Diagnostics {
                source: Arc::new(Source {
                    name: id.to_owned(),
                    text: String::new(),
                }),
                mistakes: Vec::new(),
                unreadable: Some(error.to_string()),
            }),
        }
    }

    /// Reads the text of a profile.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(id: &str, text: String) -> Result<Profile, Diagnostics> {
        let source = Arc::new(Source {
            name: id.to_owned(),
            text,
        });
        let wrong = |mistakes| Diagnostics {
            source: Arc::clone(&source),
            mistakes,
            unreadable: None,
        };
        let file: File =
            serde_saphyr::from_str(&source.text).map_err(|error| wrong(vec![syntax(&error)]))?;
        let mut mistakes = Vec::new();
        if file.version.value != 1 {
            let label = format!("version {}", file.version.value);
            mistakes.push(
                Diagnostic::new(
                    span(&file.version),
                    "this is no profile of version 1",
                    label,
                )
                .help("this daemonlab knows version 1 only"),
            );
        }
        let mut deviations = BTreeMap::new();
        for entry in file.deviations {
            for (field, text) in [("reason", &entry.reason), ("shows", &entry.shows)] {
                if text.value.trim().is_empty() {
                    let title = format!("a deviation without `{field}` excuses anything");
                    mistakes.push(Diagnostic::new(span(text), title, "is empty"));
                }
            }
            let at = span(&entry.case);
            let deviation = Deviation {
                declared: source.locate(at),
                reason: entry.reason.value,
                shows: entry.shows.value,
            };
            let case = entry.case.value;
            if let Some((_, first)) = deviations.insert(case.clone(), (deviation, at)) {
                mistakes.push(
                    Diagnostic::new(at, format!("`{case}` is declared twice"), "here again")
                        .related(first, "first here"),
                );
            }
        }
        if mistakes.is_empty() {
            Ok(Profile {
                source: Some(source),
                deviations,
            })
        } else {
            Err(wrong(mistakes))
        }
    }

    /// How the case with this id is expected to fail. An entry may leave out
    /// folders at the start of an id.
    pub fn deviation(&self, id: &str) -> Option<&Deviation> {
        self.deviations
            .iter()
            .find(|(case, _)| names(case, id))
            .map(|(_, (deviation, _))| deviation)
    }

    /// Holds the profile against the ids of all cases of the files that were
    /// read: an entry that names one of these files, but no case of it, is a
    /// mistake.
    ///
    /// # Errors
    /// Every such mistake.
    pub fn check(&self, ids: &[&str]) -> Result<(), Diagnostics> {
        let Some(source) = &self.source else {
            return Ok(());
        };
        let stale = self.deviations.iter().filter(|(case, _)| {
            let file = file_of(case);
            ids.iter().any(|id| names(file, file_of(id))) && !ids.iter().any(|id| names(case, id))
        });
        let mistakes: Vec<Diagnostic> = stale
            .map(|(case, (_, at))| {
                let title = format!("there is no case `{case}`");
                Diagnostic::new(*at, title, "its file has no such case")
                    .help("`daemonlab list` shows the cases; remove the entry if this one is gone")
            })
            .collect();
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(Diagnostics {
                source: Arc::clone(source),
                mistakes,
                unreadable: None,
            })
        }
    }
}

/// Whether `case`, as a profile gives it, means the case with this id.
fn names(case: &str, id: &str) -> bool {
    match id.strip_suffix(case) {
        Some(before) => before.is_empty() || before.ends_with('/'),
        None => false,
    }
}

fn file_of(id: &str) -> &str {
    id.split_once("::").map_or(id, |(file, _)| file)
}

fn span<T>(value: &Spanned<T>) -> Span {
    place(value.referenced)
}

fn place(location: serde_saphyr::Location) -> Span {
    let span = location.span();
    let start = span.byte_offset().unwrap_or(0) as usize;
    let length = span.byte_len().unwrap_or(0) as usize;
    Span {
        start,
        end: start + length,
    }
}

fn syntax(error: &serde_saphyr::Error) -> Diagnostic {
    let error = error.without_snippet();
    let at = error.location().map(place).unwrap_or_default();
    Diagnostic::new(at, "this is no profile", error.to_string())
        .help("a profile has `version: 1` and `deviations`, each with `case`, `reason` and `shows`")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PROFILE: &str = "\
version: 1
deviations:
  - case: pid_file.yaml::mode
    reason: the umask is 007
    shows: got \"0660\"
";

    fn profile() -> Profile {
        Profile::parse("peer.yaml", PROFILE.to_owned()).expect("it is valid")
    }

    #[rstest]
    #[case("pid_file.yaml::mode", true)]
    #[case("scenarios/pingora/pid_file.yaml::mode", true)]
    #[case("other_pid_file.yaml::mode", false)]
    #[case("pid_file.yaml::mode2", false)]
    fn an_entry_may_leave_out_folders(#[case] id: &str, #[case] meant: bool) {
        assert_eq!(profile().deviation(id).is_some(), meant);
    }

    #[rstest]
    #[case::unknown_key("version: 1\ndeviation: []\n", "deviation")]
    #[case::duplicate("version: 1\nversion: 1\ndeviations: []\n", "version")]
    #[case::other_version("version: 2\ndeviations: []\n", "version 1")]
    #[case::no_text(
        "version: 1\ndeviations: [{case: a, reason: b, shows: ''}]\n",
        "`shows`"
    )]
    #[case::no_reason("version: 1\ndeviations: [{case: a, shows: b}]\n", "reason")]
    #[case::twice(
        "version: 1\ndeviations: [{case: a, reason: b, shows: c}, {case: a, reason: b, shows: c}]\n",
        "declared twice"
    )]
    fn mistakes_are_told_with_their_place(#[case] text: &str, #[case] says: &str) {
        let wrong = Profile::parse("peer.yaml", text.to_owned()).expect_err("it is wrong");
        let message = wrong.to_string();
        assert!(message.contains(says), "{message}");
        assert!(message.contains("peer.yaml:"), "{message}");
    }

    #[rstest]
    #[case::there(&["x/pid_file.yaml::mode"], true)]
    #[case::gone(&["x/pid_file.yaml::owner"], false)]
    #[case::file_not_read(&["x/detach.yaml"], true)]
    fn an_entry_for_a_case_that_is_gone_is_a_mistake(#[case] ids: &[&str], #[case] good: bool) {
        assert_eq!(profile().check(ids).is_ok(), good);
    }

    #[test]
    fn the_manuals_example_is_a_profile() {
        let manual = include_str!("../../../docs/src/running.md");
        let (_, rest) = manual
            .split_once("```yaml,file=my.profile.yaml\n")
            .expect("it has an example");
        let (example, _) = rest.split_once("```").expect("it ends");
        let profile = Profile::parse("running.md", example.to_owned()).expect("it is valid");
        assert!(profile.deviation("mine/mode.yaml").is_some());
    }
}
