//! Which folders a world has of its own, so that nothing can be bound over them.

use std::path::{Path, PathBuf};

/// Folders that every world has of its own. What lies in them can be bound in,
/// but not they themselves.
pub const OWN: &[&str] = &[
    "/",
    "/daemonlab",
    "/dev",
    "/etc",
    "/home",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/tmp",
    "/var",
    "/var/tmp",
    "/var/run",
];

/// What a world must bind so that the program or scenario file `path` (absolute)
/// is there: its folder, or only the file itself where that folder is one that
/// worlds have of their own, such as `/tmp`.
pub fn bind_for(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !is_own(folder) => folder.to_owned(),
        _ => path.to_owned(),
    }
}

/// Whether a world has this folder of its own.
pub fn is_own(folder: &Path) -> bool {
    OWN.iter().any(|own| Path::new(own) == folder)
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
