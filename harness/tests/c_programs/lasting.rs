//! C programs that outlive the test.

use std::path::{Path, PathBuf};

use crate::c_programs::compile;

/// Compiles a source below `tests` into the folder that cargo has for what
/// outlives a test, and gives the program's path. Whoever executes it meanwhile
/// has one or the other, whole.
pub fn compiled(source: impl AsRef<Path>, name: &str, flags: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = folder.join(name);
    let fresh = folder.join(format!("{name}.{}", std::process::id()));
    compile(source, &fresh, flags);
    std::fs::rename(&fresh, &program).expect("it is the same folder");
    program
}
