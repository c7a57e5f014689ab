//! Which scenarios a test target has, and against which program.

use std::path::{Component, Path, PathBuf};

/// Which scenarios a test target has, and against which program they run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    package: PathBuf,
    root: PathBuf,
    target: Option<String>,
    profile: Option<PathBuf>,
}

impl Suite {
    /// The scenario files below `root`, a folder as seen from the folder
    /// `package`, against the embedded target.
    pub fn new(package: impl Into<PathBuf>, root: impl Into<PathBuf>) -> Suite {
        Suite {
            package: package.into(),
            root: root.into(),
            target: None,
            profile: None,
        }
    }

    /// Against this program: a path with a slash, or a name in `PATH`.
    #[must_use]
    pub fn target(self, program: impl Into<String>) -> Suite {
        Suite {
            target: Some(program.into()),
            ..self
        }
    }

    /// With the deviations of this profile, as seen from the folder `package`.
    #[must_use]
    pub fn profile(self, file: impl Into<PathBuf>) -> Suite {
        Suite {
            profile: Some(file.into()),
            ..self
        }
    }

    /// Where the scenario files are.
    pub(super) fn folder(&self) -> PathBuf {
        self.package.join(&self.root)
    }

    /// What ids begin with: `root` as it was given, less what only leads there,
    /// so that they are the ids that `daemonlab run` has at the top.
    pub(super) fn prefix(&self) -> PathBuf {
        let parts = self.root.components();
        parts
            .filter(|part| matches!(part, Component::Normal(_)))
            .collect()
    }

    /// The program, as the command line names it.
    pub(super) fn program(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// The profile, if there is one.
    pub(super) fn profile_path(&self) -> Option<PathBuf> {
        self.profile
            .as_deref()
            .map(|file: &Path| self.package.join(file))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("scenarios", "scenarios")]
    #[case("../scenarios", "scenarios")]
    #[case("./tests/scenarios/", "tests/scenarios")]
    #[case(".", "")]
    fn ids_begin_with_the_root(#[case] root: &str, #[case] prefix: &str) {
        let suite = Suite::new("/package", root);
        assert_eq!(suite.prefix(), Path::new(prefix));
    }
}
