//! Which folders a world has of its own, so that nothing can be bound over them.

use std::path::Path;

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

/// Whether a world has this folder of its own.
pub fn is_own(folder: &Path) -> bool {
    OWN.iter().any(|own| Path::new(own) == folder)
}
