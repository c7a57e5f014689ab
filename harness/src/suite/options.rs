//! Which scenarios a test target has, and against which program.

use std::path::{Component, Path, PathBuf};

use daemonlab::sim::Sys;

use crate::cli::args::Where;

/// Which scenarios a test target has, and against which program they run.
#[derive(Clone, Debug)]
pub struct Suite {
    package: PathBuf,
    root: PathBuf,
    target: Option<String>,
    profile: Option<PathBuf>,
    place: Where,
    simulated: Option<fn(Sys) -> i32>,
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
            place: Where::Real,
            simulated: None,
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

    /// In this world, or in both. `DAEMONLAB_WORLD` overrides it.
    #[must_use]
    pub fn world(self, place: Where) -> Suite {
        Suite { place, ..self }
    }

    /// With this program as the target in the simulated world: the start of
    /// the real one, written against the traits. Its arguments are the
    /// launch's, and what it returns is its exit status.
    #[must_use]
    pub fn simulated(self, program: fn(Sys) -> i32) -> Suite {
        Suite {
            simulated: Some(program),
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

    /// Where its cases run.
    pub(super) fn place(&self) -> Where {
        self.place
    }

    /// What the target is in the simulated world, if it is not `labd`.
    pub(super) fn simulated_program(&self) -> Option<fn(Sys) -> i32> {
        self.simulated
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
