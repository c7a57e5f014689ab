//! What is bound in for a file that is meant to be in a world.

use std::path::{Path, PathBuf};

use super::reserved::is_own;
use crate::world::spec::SandboxSpec;

/// What a world must bind so that the program or scenario file `path` (absolute)
/// is there: its folder, or only the file itself where that folder is one that
/// worlds have of their own, such as `/tmp`.
pub fn bind_for(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !is_own(folder) => folder.to_owned(),
        _ => path.to_owned(),
    }
}

/// The same binds with folders where files are meant, each once.
pub fn folders(mut binds: Vec<PathBuf>) -> Vec<PathBuf> {
    for bind in &mut binds {
        if !bind.is_dir() {
            *bind = bind_for(bind);
        }
    }
    binds.sort();
    binds.dedup();
    binds
}

/// The same sandbox with [`folders`] bound in.
pub fn bound(spec: &SandboxSpec) -> SandboxSpec {
    SandboxSpec {
        binds: folders(spec.binds.clone()),
        ..spec.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("/tmp/server", "/tmp/server")]
    #[case("/tmp/x/server", "/tmp/x")]
    #[case("/home/u/target/debug/server", "/home/u/target/debug")]
    #[case("/server", "/server")]
    fn the_folder_is_bound_unless_the_world_has_its_own(#[case] path: &str, #[case] bind: &str) {
        assert_eq!(bind_for(Path::new(path)), Path::new(bind));
    }
}
