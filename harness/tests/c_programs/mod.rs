//! The C programs of the tests, by the compiler that links Rust programs too.

#![allow(dead_code, reason = "each test target uses its part")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles a source below `tests` to `program`.
pub fn compile(source: impl AsRef<Path>, program: &Path, flags: &[&str]) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new("cc")
        .args(["-O1", "-w", "-pthread", "-o"])
        .arg(program)
        .arg(sources.join(source))
        .args(flags)
        .output()
        .expect("there is a C compiler");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// The same to a place that outlives the test, in the folder that cargo has
/// for such files, and gives the program's path. Whoever executes it meanwhile
/// has one or the other, whole.
pub fn compiled(source: impl AsRef<Path>, name: &str, flags: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = folder.join(name);
    let fresh = folder.join(format!("{name}.{}", std::process::id()));
    compile(source, &fresh, flags);
    std::fs::rename(&fresh, &program).expect("it is the same folder");
    program
}
