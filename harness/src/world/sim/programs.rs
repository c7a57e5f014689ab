//! The programs of the simulated world.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daemonlab::sim::{Program, Sys};

use crate::labd;
use crate::world::real::EXECUTABLE;

/// Programs by the paths that scenarios start them by.
#[derive(Clone, Default)]
pub struct Programs(BTreeMap<PathBuf, Program>);

impl Programs {
    /// `labd`, where the embedded target is.
    pub fn embedded() -> Programs {
        Programs::default().with(EXECUTABLE, |sys| labd::program(&sys))
    }

    /// One more program, or another for that path. What it returns is its exit
    /// status; see [`Sys`] for what it must not do.
    #[must_use]
    pub fn with(
        mut self,
        path: impl Into<PathBuf>,
        program: impl Fn(Sys) -> i32 + Send + Sync + 'static,
    ) -> Programs {
        self.0.insert(path.into(), Arc::new(program));
        self
    }

    /// The program at a path.
    pub fn get(&self, path: &Path) -> Option<&Program> {
        self.0.get(path)
    }
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
