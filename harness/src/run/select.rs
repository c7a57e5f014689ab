//! From paths and filters to cases.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::scenario::{self, Case, Diagnostics, Scenario};

/// Which cases are meant, out of those in the files. What is empty lets
/// everything through; a case has to pass all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// It has one of these texts in its id.
    pub substrings: Vec<String>,
    /// Its id is one of these.
    pub exact: Vec<String>,
    /// It has none of these texts in its id.
    pub skip: Vec<String>,
    /// It has one of these tags.
    pub tags: Vec<String>,
}

impl Filter {
    /// Whether a case is meant.
    pub fn lets_through(&self, case: &Case) -> bool {
        let any = |texts: &[String], test: &dyn Fn(&String) -> bool| {
            texts.is_empty() || texts.iter().any(test)
        };
        any(&self.substrings, &|text| case.id.contains(text.as_str()))
            && any(&self.exact, &|id| case.id == *id)
            && any(&self.tags, &|tag| case.tags.contains(tag))
            && !self.skip.iter().any(|text| case.id.contains(text.as_str()))
    }
}

/// Why there are no scenarios.
#[derive(Debug)]
pub enum SelectError {
    /// A path cannot be read.
    Unreadable(PathBuf, io::Error),
    /// Files are not valid; at least one.
    Invalid(Vec<Diagnostics>),
}

impl fmt::Display for SelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SelectError::Unreadable(path, error) => {
                write!(f, "cannot read `{}`: {error}", path.display())
            }
            SelectError::Invalid(files) => {
                for file in files {
                    writeln!(f, "{file}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for SelectError {}

/// A scenario file that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// What ids call it: the path as it was given, without `./`.
    pub id: String,
    /// Where it is.
    pub path: PathBuf,
}

/// The scenario files that `paths` mean, in the order of their ids, each once:
/// a file is itself, a folder is every `.yaml` and `.yml` file below it.
///
/// # Errors
/// [`SelectError::Unreadable`] if a path cannot be read.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Found>, SelectError> {
    let mut found = BTreeSet::new();
    for path in paths {
        let id: PathBuf = path
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect();
        walk(path, &id, true, &mut found)?;
    }
    Ok(found.into_iter().collect())
}

fn walk(
    path: &Path,
    id: &Path,
    named: bool,
    found: &mut BTreeSet<Found>,
) -> Result<(), SelectError> {
    let unreadable = |error| SelectError::Unreadable(path.to_owned(), error);
    if fs::metadata(path).map_err(unreadable)?.is_dir() {
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name();
            if !name.to_string_lossy().starts_with('.') {
                walk(&path.join(&name), &id.join(&name), false, found)?;
            }
        }
        return Ok(());
    }
    let is_yaml = path
        .extension()
        .is_some_and(|ext| ext == "yaml" || ext == "yml");
    if named || is_yaml {
        found.insert(Found {
            id: id.to_string_lossy().into_owned(),
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// Reads every file, so that all mistakes are told at once.
///
/// # Errors
/// [`SelectError::Invalid`] with every file that is not valid.
pub fn load(files: &[Found]) -> Result<Vec<Scenario>, SelectError> {
    let mut scenarios = Vec::new();
    let mut invalid = Vec::new();
    for file in files {
        // Worlds have the folder at its own path, which has no `..` in it. A
        // path that cannot be told is one that cannot be read either.
        let path = file
            .path
            .canonicalize()
            .unwrap_or_else(|_| file.path.clone());
        match scenario::load(&path, &file.id) {
            Ok(scenario) => scenarios.push(scenario),
            Err(diagnostics) => invalid.push(diagnostics),
        }
    }
    if invalid.is_empty() {
        Ok(scenarios)
    } else {
        Err(SelectError::Invalid(invalid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(paths: &[PathBuf]) -> Vec<String> {
        let found = find(paths).expect("all can be read");
        found.into_iter().map(|file| file.id).collect()
    }

    #[test]
    fn a_folder_is_its_yaml_files_in_order() {
        let root = tempfile::tempdir().expect("a folder can be made");
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("b/.hidden")).expect("a folder can be made");
        for name in [
            "b/z.yaml",
            "b/a.yml",
            "a.yaml",
            "b/notes.md",
            "b/.hidden/x.yaml",
        ] {
            fs::write(at(name), "").expect("a file can be written");
        }
        let root = root.path().to_string_lossy();
        let folder = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| format!("{root}/{name}")).collect()
        };
        let everything = folder(&["a.yaml", "b/a.yml", "b/z.yaml"]);
        assert_eq!(ids(&[PathBuf::from(&*root)]), everything);
        let twice = [at("b"), at("b/z.yaml"), at("./b/z.yaml")];
        assert_eq!(ids(&twice), folder(&["b/a.yml", "b/z.yaml"]), "each once");
        assert_eq!(
            ids(&[at("b/notes.md")]),
            folder(&["b/notes.md"]),
            "whoever names it means it"
        );
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let error = find(&["no/such.yaml".into()]).expect_err("it is not there");
        assert!(
            error
                .to_string()
                .starts_with("cannot read `no/such.yaml`: "),
            "{error}"
        );
    }
}
