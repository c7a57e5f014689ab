//! Why the kernel refuses a call: every errno of the model by the branch that
//! gives it.
//!
//! An errno says little: `EINVAL` has two dozen reasons. Each reason is a value
//! of [`Refusal`] and is given in one place of the kernel, so that whoever reads
//! a timeline is told which one it was, and a test for each can be asked for
//! (`tests/sim_parity/branches`).

mod table;

pub use table::Refusal;

use std::fmt;

/// What a part of the kernel answers.
pub(super) type Result<T> = std::result::Result<T, Refusal>;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.errno(), self.reason())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    /// The kernel's source, less the table itself and unit tests.
    fn sources() -> Vec<(PathBuf, String)> {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sim/kernel")];
        let mut sources = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("the kernel's source").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.to_string_lossy().contains("refusal") {
                    let text = fs::read_to_string(&path).expect("a source file");
                    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                    sources.push((path, code.to_owned()));
                }
            }
        }
        sources
    }

    /// The names that come after `prefix`, where what is before is no pattern
    /// that only looks at one.
    fn names<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
        let rest = text.split(prefix).skip(1);
        rest.map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
    }

    #[test]
    fn every_refusal_is_given_in_one_place() {
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (path, code) in sources() {
            for name in names(&code, "Refusal::") {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                places
                    .entry(name.to_owned())
                    .or_default()
                    .push(file.into_owned());
            }
        }
        for refusal in Refusal::ALL {
            let name = format!("{refusal:?}");
            let given = places.remove(&name).unwrap_or_default();
            // These are looked at, too: one becomes another errno, and two come
            // with a signal.
            let looked_at = matches!(
                refusal,
                Refusal::NameTaken | Refusal::StreamPeerClosed | Refusal::StreamSendsNoMore
            );
            assert_eq!(given.len(), 1 + usize::from(looked_at), "{name}: {given:?}");
        }
        // What is left are the functions and constants of the type.
        places.retain(|name, _| name.starts_with(|c: char| c.is_ascii_uppercase()));
        assert!(places.is_empty(), "{places:?}");
    }

    #[test]
    fn no_errno_is_given_without_a_reason() {
        for (path, code) in sources() {
            let named = names(&code, "Errno::E");
            assert!(named.is_empty(), "{}: {named:?}", path.display());
        }
    }

    #[test]
    fn a_reason_is_a_sentence_with_its_source() {
        for refusal in Refusal::ALL {
            let reason = refusal.reason();
            assert!(
                !reason.is_empty() && !reason.ends_with('.'),
                "{refusal:?}: {reason}"
            );
            let source = refusal.source();
            let known = ["(2)", "(3)", "(4)", "(5)", "(7)", "net/", "fs/", "kernel/"];
            assert!(
                known.iter().any(|known| source.contains(known)),
                "{refusal:?}: {source}"
            );
        }
    }
}
