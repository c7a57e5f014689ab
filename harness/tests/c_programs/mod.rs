//! The C programs of the tests, by the compiler that links Rust programs too.

use std::path::Path;
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
